"""What `make mutate` changes, which tests it picks, and how it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import suite
from mutation import report
from mutation.operators import Mutant, mutants
from mutation.selection import BUDGET_SECONDS, Coverage, statement_lines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("expression", "changes"),
    [
        ("a < b", {"a <= b"}),
        ("a < b == c", {"a <= b == c", "a < b != c"}),
        ("a in b", {"a not in b"}),
        ("a is None", {"a is not None"}),
        ("a and b", {"a or b"}),
        ("a or b", {"a and b"}),
        ("not a", {"a"}),
        ("-a", {"a"}),
        ("a + b", {"a - b"}),
        ("a // b", {"a * b"}),
        ("2", {"3", "1"}),
        ("0.5", {"1.5", "-0.5"}),
        ("True", {"False"}),
        ("min(a, key=b)", {"max(a, key=b)"}),
        ("np.maximum(a, b)", {"np.minimum(a, b)"}),
        ("all(a)", {"any(a)"}),
        ("other(a)", set()),
        ("'text'", set()),
        ("None", set()),
        ("zip(a, b, strict=True)", set()),
    ],
)
def test_an_expression_becomes(expression: str, changes: set[str]) -> None:
    found = mutants("m.py", f"x = {expression}\n")
    assert {mutant.after for mutant in found} == changes
    assert {mutant.source for mutant in found} == {f"x = ({change})\n" for change in changes}


def test_a_return_becomes_none_unless_it_is() -> None:
    (found,) = mutants("m.py", "def f():\n    return a\n")
    assert (found.line, found.name, found.source) == (
        2,
        "return a → return None",
        "def f():\n    return None\n",
    )
    assert mutants("m.py", "def f():\n    return None\n") == []
    assert mutants("m.py", "def f():\n    return\n") == []


def test_what_does_not_run_stays() -> None:
    source = (
        "TYPE_CHECKING = False\n"
        "if TYPE_CHECKING:\n    x = 1\n"
        "@dataclass(frozen=True)\nclass A:\n    a: int | None\n"
        "def f(a: int | None) -> int | None: ...\n"
    )
    assert mutants("m.py", source) == []


def test_the_text_around_a_change_stays_and_letters_of_several_bytes_move_nothing() -> None:
    (found,) = mutants("m.py", "é = 'ü'; x = a == b  # é\ny = c\n")
    assert found.source == "é = 'ü'; x = (a != b)  # é\ny = c\n"
    (found,) = mutants("m.py", 'x = f"é{a + b}"\n')
    assert found.source == 'x = f"é{(a - b)}"\n'


MODULE = "LIMIT = 1\n" + "".join(f"def {name}():\n    return 1\n" for name in "fghi")


@pytest.fixture
def coverage(tmp_path: Path) -> Coverage:
    """Of two test files over a module `m`, one of which names the module `constants` as well."""
    for name, text in {
        "m.py": MODULE,
        "constants.py": MODULE,
        "test_m.py": "m, constants",
        "test_n.py": "",
        "other.py": "",
    }.items():
        (tmp_path / name).write_text(text)
    found = Coverage(tmp_path)
    found.add(
        "test_m.py",
        {
            "seconds": {"test_m.py::a": 2.0, "test_m.py::b": 1.0},
            "failed": [],
            "lines": {
                "m.py": {"1": [""], "3": ["test_m.py::a"], "5": ["test_m.py"], "7": [""]},
                "constants.py": {"1": [""]},
            },
        },
    )
    found.add(
        "test_n.py",
        {
            "seconds": {"test_n.py::c": 0.5, "test_n.py::long": BUDGET_SECONDS},
            "failed": ["test_n.py::red"],
            "lines": {
                "m.py": {"1": [""], "3": ["test_n.py::c", "test_n.py::long", "test_n.py::red"]},
                "constants.py": {"1": ["test_n.py::c"]},
                "other.py": {"1": [""]},
            },
        },
    )
    return found


def test_a_line_is_tested_by_what_runs_it_its_own_tests_first_within_the_budget(coverage: Coverage) -> None:
    assert coverage.tests("m.py", range(3, 4)) == ["test_m.py::a", "test_n.py::c"]


@pytest.mark.parametrize("line", [5, 7], ids=["a fixture", "a parameter"])
def test_what_runs_before_a_test_serves_the_whole_file(coverage: Coverage, line: int) -> None:
    assert coverage.tests("m.py", range(line, line + 1)) == ["test_m.py::b", "test_m.py::a"]


def test_a_line_of_a_function_that_nothing_calls_has_no_tests(coverage: Coverage) -> None:
    assert coverage.tests("m.py", range(9, 10)) == []


def test_a_constant_is_tested_by_what_runs_its_module_or_names_it(coverage: Coverage) -> None:
    assert coverage.tests("m.py", range(1, 2)) == ["test_m.py::b", "test_m.py::a", "test_n.py::c"]
    assert coverage.tests("constants.py", range(1, 2)) == ["test_m.py::b", "test_m.py::a"]
    assert coverage.tests("other.py", range(1, 2)) == ["test_n.py::c"]
    assert coverage.tests("unknown.py", range(1, 2)) == []


def test_a_statement_of_several_lines_has_the_tests_of_each(coverage: Coverage) -> None:
    assert coverage.tests("m.py", range(3, 6)) == ["test_m.py::b", "test_m.py::a", "test_n.py::c"]


@pytest.mark.parametrize(
    ("line", "lines"),
    [(1, [1]), (2, [2, 3, 4]), (3, [2, 3, 4]), (5, [5, 6, 7]), (6, [5, 6, 7]), (8, [8]), (9, [9])],
)
def test_the_lines_of_a_statement_end_before_its_body(line: int, lines: list[int]) -> None:
    source = "def f():\n    x = (\n        1,\n    )\n    if (\n        x\n    ):\n        y = 2\n"
    assert list(statement_lines(source, line)) == lines


def test_shares_are_counted_by_area_and_a_time_out_is_a_kill() -> None:
    def mutant(path: str) -> Mutant:
        return Mutant(path, 1, "a", "a", "b", "")

    proof, native = mutant("skylayer/proof/rules.py"), mutant("layers/serving/serving/http.py")
    artifact = mutant("layers/serving/serving/artifact.py")
    results = [
        (proof, "killed"),
        (proof, "timeout"),
        (proof, "survived"),
        (native, "killed"),
        (artifact, "survived"),
    ]
    counts = report.count(results)
    assert {area.name: (of.killed, of.timeout, of.survived) for area, of in counts.items()} == {
        "proof": (1, 1, 1),
        "serving": (1, 0, 0),
        "artifact": (0, 0, 1),
    }
    assert {area.name: round(of.share, 3) for area, of in counts.items()} == {
        "proof": 0.667,
        "serving": 1.0,
        "artifact": 0.0,
    }


def test_each_equivalent_mutant_still_exists() -> None:
    for key in report.equivalent():
        source = (suite.ROOT / key[0]).read_text(encoding="utf-8")
        assert key in {mutant.key for mutant in mutants(key[0], source)}


def test_a_constant_that_one_more_does_not_change_is_no_mutant() -> None:
    assert mutants("m.py", "x = 1e300\n") == []
    assert [mutant.name for mutant in mutants("m.py", "x = 2.0\n")] == ["2.0 → 1.0", "2.0 → 3.0"]


def test_an_equivalent_mutant_is_known_by_its_line_s_text() -> None:
    first, second = mutants("m.py", "if a:\n    x = not b\ny = not b\n")
    assert (first.name, second.name) == ("not b → b", "not b → b")
    assert (first.key, second.key) == (("m.py", "x = not b", first.name), ("m.py", "y = not b", first.name))
