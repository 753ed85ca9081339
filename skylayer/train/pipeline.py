"""The fork's own code: `training/pipeline.py`, loaded and asked for its data and its estimator."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError
from skylayer.train.card_text import text_of
from skylayer.train.missing_modules import advice
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "training"
MODULE = "training.pipeline"
DEFAULT_NAME = "model"


@dataclass(frozen=True)
class Training:
    """What the fork brings.

    Attributes:
        name: Of the model.
        data: Rows, in the container that the estimator takes.
        target: One for each row; None where there is none.
        estimator: Not fitted.
        card_text: What training/card.md says of this model's intended use and licence, for the model card.
        notes: Sentences for who trains it.
        strict: STRICT of the module, as `package` takes it.
    """

    name: str
    data: Any
    target: Any
    estimator: Any
    card_text: str = ""
    notes: tuple[str, ...] = ()
    strict: bool | tuple[str, ...] = False


def load(root: Path) -> Training:
    """Import `training/pipeline.py` below a project's root and call its two functions.

    Raises:
        UserError: It isn't there, lacks a function, or raises; names the line.
    """
    path = root / "training" / "pipeline.py"
    if not path.is_file():
        raise UserError(f"There is no {path}. It holds load_data() and build_estimator(); see the README.")
    # Another project's folder of this name, imported earlier by this process, is not the one that is meant.
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.path.insert(0, str(root))
    invalidate_caches()
    module = _call("import", lambda: import_module(MODULE), path.parent)
    load_data, build_estimator = (_function(module, name) for name in ("load_data", "build_estimator"))
    loaded = _call("load_data()", load_data, path.parent)
    data, target = _data_and_target(loaded)
    card = path.with_name("card.md")
    name = getattr(module, "NAME", DEFAULT_NAME)
    card_text, note = text_of(card.read_text(encoding="utf-8") if card.is_file() else None, name)
    return Training(
        name=name,
        data=data,
        target=target,
        estimator=_call("build_estimator()", build_estimator, path.parent),
        card_text=card_text,
        notes=(note,) if note else (),
        strict=_strict(getattr(module, "STRICT", False)),
    )


def _strict(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise UserError(
        f"STRICT in training/pipeline.py is {value!r}. Let it be True or a list of the names of columns."
    )


def _function(module: Any, name: str) -> Callable[[], Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise UserError(
            f"training/pipeline.py has no function {name}(). Define it; its docstring says what it gives."
        )
    return function  # type: ignore[no-any-return]


def _data_and_target(loaded: Any) -> tuple[Any, Any]:
    if not isinstance(loaded, tuple):
        return loaded, None
    if len(loaded) != 2:  # noqa: PLR2004 - data and target
        raise UserError(f"load_data() gives {len(loaded)} things. Let it return two, X, y, or X alone.")
    return loaded


def _call(what: str, function: Callable[[], Any], folder: Path) -> Any:
    try:
        return function()
    except UserError:
        raise
    except Exception as error:  # whatever the fork's code raises is the fork's to fix
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if "training" in Path(frame.filename).parts
        ]
        place = f", line {frames[-1].lineno} of {Path(frames[-1].filename).name}" if frames else ""
        raise UserError(
            f"training/pipeline.py failed in {what}{place}: {type(error).__name__}: {first_line(error)}"
            f"{_fix(error, folder)}"
        ) from error


def _fix(error: Exception, folder: Path) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name or error.name.startswith(PACKAGE):
        return ""
    return f". {advice(error.name, folder)}"
