"""What the assembler decides: which operations stay, where slots are kept, and what is written once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skylayer.compiler import registry
from skylayer.compiler.assembler import ENDIAN_MARK, HEADER, MAGIC, RECORD, VERSION, assemble
from skylayer.compiler.builder import Builder
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Code, DenseInput, Operation, Output, Program, Unary

HEADER_FIELDS = (
    *("magic", "version", "endian", "size", "dense", "sparse", "slots", "workspace", "operations", "outputs"),
    *("records_at", "outputs_at", "description_at", "description_size", "reserved_0", "reserved_1"),
)


def header(table: bytes) -> dict[str, Any]:
    return dict(zip(HEADER_FIELDS, HEADER.unpack_from(table), strict=True))


def records(table: bytes) -> list[tuple[int, ...]]:
    found = header(table)
    return [
        RECORD.unpack_from(table, found["records_at"] + i * RECORD.size) for i in range(found["operations"])
    ]


def description(table: bytes) -> dict[str, Any]:
    found = header(table)
    start = found["description_at"]
    document: dict[str, Any] = json.loads(table[start : start + found["description_size"]])
    return document


def columns(count: int) -> tuple[RawColumn, ...]:
    return tuple(RawColumn(i, f"x{i}", "number", "float64", None) for i in range(count))


def chain(length: int) -> Program:
    """One input, negated `length` times."""
    builder = Builder(registry, ("Chain",))
    slots = builder.numbers(columns(1))
    for _ in range(length):
        slots = builder.unary(Unary.NEGATE, slots)
    return builder.finish(Prediction(slots))


def test_the_header_says_what_follows() -> None:
    table = assemble(chain(3))
    found = header(table)
    assert (found["magic"], found["version"], found["endian"]) == (MAGIC, VERSION, ENDIAN_MARK)
    assert found["size"] == len(table)
    assert (found["dense"], found["sparse"], found["operations"], found["outputs"]) == (1, 0, 3, 1)
    assert found["records_at"] == HEADER.size


def test_a_program_has_one_table() -> None:
    assert assemble(chain(4)) == assemble(chain(4))


def test_what_no_output_needs_is_left_out() -> None:
    builder = Builder(registry, ("Two",))
    slots = builder.numbers(columns(2))
    unread = builder.unary(Unary.EXP, builder.unary(Unary.NEGATE, slots[:1]))
    answer = builder.unary(Unary.SQUARE, slots[1:])
    assert unread != answer
    table = assemble(builder.finish(Prediction(answer)))
    assert [(record[0], record[1]) for record in records(table)] == [(Code.UNARY, Unary.SQUARE)]


def test_what_may_refuse_a_row_stays_with_what_it_reads() -> None:
    builder = Builder(registry, ("Check",))
    slots = builder.numbers(columns(2))
    builder.refuse(builder.unary(Unary.IS_NAN, slots[:1]), "a is missing")
    table = assemble(builder.finish(Prediction(builder.unary(Unary.SQUARE, slots[1:]))))
    assert [record[0] for record in records(table)] == [Code.UNARY, Code.GATHER, Code.UNARY]
    assert description(table)["refusals"] == {"1": ["a is missing", [0]]}


def test_a_refusal_is_numbered_among_the_operations_that_stay() -> None:
    builder = Builder(registry, ("Check",))
    slots = builder.numbers(columns(1))
    builder.unary(Unary.EXP, slots)  # nothing reads it
    builder.check(columns(1))
    table = assemble(builder.finish(Prediction(slots)))
    assert [record[0] for record in records(table)] == [Code.CHECK]
    assert list(description(table)["refusals"]) == ["0"]


def test_a_long_chain_needs_one_slot_beside_its_input() -> None:
    assert header(assemble(chain(50)))["slots"] == 2


def test_inputs_and_answers_keep_their_slots_to_the_end() -> None:
    builder = Builder(registry, ("All",))
    slots = builder.numbers(columns(3))
    steps = [builder.unary(Unary.NEGATE, slots) for _ in range(4)]
    answers = tuple(slot for step in steps for slot in step)
    assert header(assemble(builder.finish(Prediction(answers))))["slots"] == 3 + 12


def test_equal_arrays_are_written_once() -> None:
    values = np.arange(1000, dtype=np.float64)

    def size(second: float) -> int:
        builder = Builder(registry, ("Twice",))
        slots = builder.numbers(columns(1)) * 1000
        first = builder.arithmetic(Arithmetic.ADD, slots, values)
        return len(
            assemble(builder.finish(Prediction(builder.arithmetic(Arithmetic.ADD, first, values + second))))
        )

    assert size(1.0) - size(0.0) == values.nbytes


def test_every_array_begins_at_a_multiple_of_eight_bytes() -> None:
    builder = Builder(registry, ("Products",))
    slots = builder.numbers(columns(3))
    answer = builder.products(slots, [[0], [0, 1, 2], []])  # seven whole numbers of four bytes
    table = assemble(builder.finish(Prediction(builder.arithmetic(Arithmetic.ADD, answer, 1.0))))
    for record in records(table):
        inputs_at, arrays = record[7], record[8:]
        assert inputs_at % 8 == 0
        assert all(at % 8 == 0 for at in arrays[::2])


def test_the_scratch_is_that_of_the_operation_that_needs_most() -> None:
    def coupling(first: int, classes: int) -> Operation:
        pairs = classes * (classes - 1) // 2
        return Operation(Code.COUPLING, tuple(range(pairs)), first, classes)

    operations = (coupling(6, 3), coupling(9, 4))
    outputs = (Output("probabilities", tuple(range(6, 13)), "vector"),)
    program = Program(tuple(map(DenseInput, range(6))), (), (), operations, outputs)
    assert header(assemble(program))["workspace"] == max(o.workspace for o in operations) == 4 * 6


def test_the_description_names_columns_and_classes() -> None:
    builder = Builder(registry, ("Classifier",))
    slots = builder.numbers(columns(2)[1:])
    prediction = Prediction(slots, (("no", "yes"),), ((slots[0], slots[0]),))
    assert description(assemble(builder.finish(prediction))) == {
        "dense": [[1, None]],
        "sparse": [],
        "encodings": [],
        "outputs": [
            {
                "field": "predictions",
                "count": 1,
                "shape": "scalar",
                "classes": [["no", "yes"]],
                "sizes": [],
                "integer": False,
            },
            {
                "field": "probabilities",
                "count": 2,
                "shape": "vector",
                "classes": None,
                "sizes": [],
                "integer": False,
            },
        ],
        "refusals": {},
    }


@given(st.data())
def test_no_slot_is_written_while_its_value_is_still_to_be_read(data: st.DataObject) -> None:
    """Run the table's own numbering on values that name their writer: each reader must find what it asked for."""
    builder = Builder(registry, ("Random",))
    slots = list(builder.numbers(columns(data.draw(st.integers(1, 3)))))
    for _ in range(data.draw(st.integers(1, 12))):
        read = data.draw(st.lists(st.sampled_from(slots), min_size=1, max_size=4))
        slots += builder.unary(Unary.NEGATE, read)
    answers = tuple(data.draw(st.lists(st.sampled_from(slots), min_size=1, max_size=4)))
    program = builder.finish(Prediction(answers))
    table = assemble(program)
    scratch: dict[int, int] = {slot: slot for slot in range(program.inputs)}
    staying = iter(records(table))
    needed = {slot for output in program.outputs for slot in output.slots}
    kept: list[Operation] = []
    for operation in reversed(program.operations):
        if needed & set(range(operation.first, operation.first + operation.outputs)):
            needed |= set(operation.inputs)
            kept.insert(0, operation)
    for operation in kept:
        record = next(staying)
        count, first, inputs_at = record[3], record[4], record[7]
        places = np.frombuffer(table, "<u4", count, inputs_at)
        assert [scratch[int(place)] for place in places] == list(operation.inputs)
        scratch.update({first + i: operation.first + i for i in range(operation.outputs)})
    assert next(staying, None) is None
    found = header(table)
    places = np.frombuffer(table, "<u4", found["outputs"], found["outputs_at"])
    assert [scratch[int(place)] for place in places] == [s for o in program.outputs for s in o.slots]
    assert max(scratch) < found["slots"]
