"""Builds a program: its inputs, and the recursion into nested estimators; `operations` has what they emit."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from skylayer.compiler.errors import CannotCompile
from skylayer.compiler.frame import EXTENSION_DTYPES, UNSET, Frame, RawColumn
from skylayer.compiler.operations import FIRST_OPERATION_SLOT, Operations
from skylayer.compiler.prediction import outputs_of
from skylayer.compiler.program import (
    CheckFlag,
    Code,
    DenseInput,
    Encoding,
    Operation,
    Output,
    Program,
    SparseInput,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Protocol

    from skylayer.compiler.prediction import Prediction, Slots

    class Lowerings(Protocol):
        """The lowering of each class of estimator, None for a class that has none; `registry` is one."""

        def transformer(self, estimator: Any) -> Callable[[Builder, Any, Frame], Frame] | None:
            """The lowering of a transformer."""

        def predictor(self, estimator: Any) -> Callable[[Builder, Any, Frame], Prediction] | None:
            """The lowering of a predictor."""


DATES = "skylayer.DateParts makes numbers of dates, natively"


class Builder(Operations):
    """Collects the inputs and operations of one program while lowerings walk the estimator."""

    def __init__(self, lowerings: Lowerings, path: tuple[str, ...] = (), *, survey: bool = False) -> None:
        """An empty program.

        Args:
            lowerings: Of each class of estimator.
            path: Steps that lead to what is lowered.
            survey: Whether to go on behind a transformer that doesn't compile, where its width is known, and to
                note it in `declined`: such a program says what else doesn't compile, and answers nothing.
        """
        super().__init__(path)
        self._lowerings = lowerings
        self._survey = survey
        self.declined: list[CannotCompile] = []
        self._dense: dict[DenseInput, int] = {}
        self._sparse: list[SparseInput] = []
        self._encodings: dict[Encoding, int] = {}
        self._checked: dict[int, set[int]] = {}
        self.sparse = False  # whether the frame is a sparse matrix where the estimators run

    # --- recursion -------------------------------------------------------------------------------------

    def transform(self, estimator: Any, frame: Frame, *step: str, width: int | None = None) -> Frame:
        """Lower a fitted transformer; `step` names lead from here to it, `width` is how many features it makes."""
        try:
            with self._inside(*step, type(estimator).__name__):
                lowering = self._lowerings.transformer(estimator) or self._no_lowering(estimator)
                return lowering(self, estimator, frame)
        except CannotCompile as error:
            if not self._survey or not width:
                raise
            self.declined.append(error)
            return self.constant([0.0]) * width

    def predict(self, estimator: Any, frame: Frame, *step: str) -> Prediction:
        """Lower a fitted predictor."""
        with self._inside(*step, type(estimator).__name__):
            lowering = self._lowerings.predictor(estimator) or self._no_lowering(estimator)
            return lowering(self, estimator, frame)

    def _no_lowering(self, estimator: Any) -> NoReturn:
        if is_own(estimator):
            self.cannot("is Python of your own, which the native engine can't run")
        package = type(estimator).__module__.partition(".")[0]
        self.cannot(
            "has no native equivalent" if package == "sklearn" else f"of {package} has no native equivalent"
        )

    @contextmanager
    def as_sparse(self, sparse: bool) -> Iterator[None]:
        """What is lowered inside gets its frame as a sparse matrix if `sparse`, else as a dense one."""
        outer, self.sparse = self.sparse, sparse
        try:
            yield
        finally:
            self.sparse = outer

    @contextmanager
    def _inside(self, *names: str) -> Iterator[None]:
        outer, self.path = self.path, (*self.path, *names)
        try:
            yield
        finally:
            self.path = outer

    # --- inputs ----------------------------------------------------------------------------------------

    def numbers(self, frame: Frame, *, single: bool = False) -> Slots:
        """Every feature as a double, as scikit-learn's check_array would convert it.

        Args:
            frame: What flows in.
            single: Whether the estimator computes alike on float32 and on the doubles of the same values.
        """
        return tuple(f if isinstance(f, int) else self._number(f, single=single) for f in frame)

    def _number(self, raw: RawColumn, *, single: bool) -> int:
        if raw.kind not in ("number", "integer", "boolean"):
            instead = f": {DATES}" if raw.kind == "date" else ""
            self.cannot(f"column {raw.name!r} holds {raw.kind} values where numbers are needed{instead}")
        round_to = {"float32": self.round32, "Float32": self.round32, "float16": self.round16}.get(raw.dtype)
        if round_to and not single:
            self.cannot(f"column {raw.name!r} is {raw.dtype}: the native engine computes in float64")
        slot = self._input(DenseInput(raw.index))
        if round_to:
            (slot,) = round_to((slot,))
        if raw.fill is UNSET:
            return slot
        return self.replace((slot,), [float(raw.fill)])[0]

    def codes(
        self,
        feature: RawColumn | int,
        categories: Sequence[Any],
        codes: Sequence[float],
        *,
        unknown: float | None,
        detail: str,
    ) -> int:
        """The slot of each value's code. None and NaN among the categories are two categories.

        `unknown` is the code of any other value; None refuses the row with `detail`.
        """
        plain = [(self._plain(c), float(code)) for c, code in zip(categories, codes, strict=True)]
        nan_code = next((code for c, code in plain if c != c), unknown)  # noqa: PLR0124 - NaN
        none_code = next((code for c, code in plain if c is None), unknown)
        entries = tuple((c, code) for c, code in plain if c is not None and c == c)  # noqa: PLR0124
        if isinstance(feature, int):
            return self.lookup(feature, entries, nan_code, unknown, detail)
        if feature.dtype in EXTENSION_DTYPES:
            self.cannot(f"column {feature.name!r} has the pandas extension dtype {feature.dtype}")
        if feature.kind == "date" and feature.dtype.startswith("datetime64"):
            self.cannot(f"column {feature.name!r} holds dates where categories are needed: {DATES}")
        if feature.fill is not UNSET:
            missing = dict(entries).get(feature.fill, unknown)
        else:
            missing = none_code if feature.null is None else nan_code
        rounded = feature.kind in ("number", "integer") and feature.dtype.startswith("float")
        encoding = Encoding(entries, missing, unknown, rounded, detail)
        index = self._encodings.setdefault(encoding, len(self._encodings))
        return self._input(DenseInput(feature.index, index))

    def date_part(self, feature: RawColumn | int, part: str) -> int:
        """The slot of a part of each date, one of `serving.dates.PARTS`."""
        if not isinstance(feature, RawColumn) or feature.kind != "date" or feature.fill is not UNSET:
            what = "another step's output" if isinstance(feature, int) else f"column {feature.name!r}"
            self.cannot(f"reads {what}, and natively only dates as the request has them")
        return self._input(DenseInput(feature.index, part=part))

    def sparse_input(self, raw: RawColumn, width: int, description: Mapping[str, Any]) -> Slots:
        """Slots that the engine fills from a text; `description` tells it how."""
        first = sum(s.width for s in self._sparse)
        self._sparse.append(SparseInput(raw.index, width, description))
        slots = tuple(range((1 << 31) + first, (1 << 31) + first + width))
        # Counts are finite and fit into float32.
        nan, float32 = CheckFlag.NAN_ALLOWED, CheckFlag.FLOAT32_RANGE
        passed: set[int] = {0, nan, float32, nan | float32}
        self._checked.update({slot: set(passed) for slot in slots})
        self._origins.update(dict.fromkeys(slots, raw.index))
        return slots

    def _input(self, source: DenseInput) -> int:
        slot = self._dense.setdefault(source, len(self._dense))
        self._origins[slot] = source.column
        return slot

    def _plain(self, category: Any) -> Any:
        value = category.item() if isinstance(category, np.generic) else category
        if value is not None and not isinstance(value, str | int | float | bool):
            self.cannot(f"category {value!r} isn't a JSON value")
        return value

    def check(
        self, frame: Frame, *, allow_nan: bool = False, float32: bool = False, not_negative: bool = False
    ) -> Slots:
        """The frame as numbers, refusing rows as scikit-learn's check_array does."""
        slots = self.numbers(frame, single=float32)
        flags = (
            CheckFlag.NAN_ALLOWED * allow_nan
            | CheckFlag.FLOAT32_RANGE * float32
            | CheckFlag.NOT_NEGATIVE * not_negative
        )
        fresh = [s for s in dict.fromkeys(slots) if flags not in self._checked.get(s, ())]
        if fresh:
            refusal = f"{self.path[-1]} doesn't accept {_refused(allow_nan, float32, not_negative)}"
            self.emit(Code.CHECK, fresh, 0, flags=flags, refusal=refusal)
            for slot in fresh:
                self._checked.setdefault(slot, set()).add(flags)
        return slots

    # --- the end ---------------------------------------------------------------------------------------

    def finish(self, prediction: Prediction) -> Program:
        """The program of what the outermost estimator answers, inputs numbered before operations."""
        dense = len(self._dense)
        inputs = dense + sum(s.width for s in self._sparse)

        def final(slot: int) -> int:
            if slot >= FIRST_OPERATION_SLOT:
                return slot - FIRST_OPERATION_SLOT + inputs
            return slot - (1 << 31) + dense if slot >= 1 << 31 else slot

        operations = tuple(
            Operation(
                o.code, tuple(map(final, o.inputs)), final(o.first), o.outputs, o.kind, o.flags, o.width,
                o.arrays, o.refusal, o.path,
            )
            for o in self._operations
        )  # fmt: skip
        outputs = tuple(
            Output(o.field, tuple(map(final, o.slots)), o.shape, o.classes, o.sizes, o.integer)
            for o in outputs_of(prediction)
        )
        origins = {final(slot): column for slot, column in self._origins.items()}
        return Program(
            tuple(self._dense), tuple(self._sparse), tuple(self._encodings), operations, outputs, origins
        )


def is_own(estimator: Any) -> bool:
    """Whether an estimator's class belongs to no installed package."""
    return type(estimator).__module__.partition(".")[0] not in metadata.packages_distributions()


def _refused(allow_nan: bool, float32: bool, not_negative: bool) -> str:
    """What a check refuses, as a list in words."""
    kinds = {
        "a missing value": not allow_nan,
        "infinity": True,
        "a value too large for float32": float32,
        "a negative value": not_negative,
    }
    *others, last = [kind for kind, refused in kinds.items() if refused]
    return f"{', '.join(others)} or {last}" if others else last
