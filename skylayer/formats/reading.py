"""An estimator out of a file: read as data, or run only if the user has said so."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError
from skylayer.formats.budget import DEFAULT, Budget
from skylayer.formats.other_version import OtherVersion
from skylayer.formats.pickles import records, skops_schema
from skylayer.formats.pickles.names import told
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused
from skylayer.formats.recognition import decompressed
from skylayer.train.missing_modules import advice
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from skylayer.formats.pickles.records import Records


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    Attributes:
        kind: `pickle` or `skops`.
        sha256: Of the file.
        versions: Of scikit-learn, as the file names them; empty if it names none.
        estimator: What was in it.
    """

    kind: str
    sha256: str
    versions: tuple[str, ...]
    estimator: Any


def open_estimator(
    path: Path, content: bytes, kind: str, trust: str | None, budget: Budget = DEFAULT
) -> Reading:
    """Open a file that holds an estimator of scikit-learn's.

    Args:
        path: The file, for messages.
        content: What is in it.
        kind: `pickle` or `skops`.
        trust: The SHA-256 that the user trusts: a pickle of another digest is read as data or not at all.
        budget: What it may take.

    Raises:
        UserError: It is no model, is cut off, holds code and isn't trusted, or needs a package that isn't installed.
        OtherVersion: It was written by another scikit-learn; nothing was loaded.
    """
    from skylayer.formats.pickles.estimators import estimator_of  # noqa: PLC0415 - imports all of scikit-learn

    digest = sha256(content).hexdigest()
    written = "a skops file" if kind == "skops" else "a pickle"
    try:
        found = _interpret(path, content, kind, budget)
        try:
            estimator = estimator_of(found)
        except Refused as refused:
            if (trust or "").lower() != digest:
                raise UserError(
                    _refusal(path, written, refused, found.names, digest=digest, trust=trust)
                ) from None
            check_version(found.versions)
            estimator = _run(path, content, kind)
    except (Damaged, Refused) as error:
        raise UserError(f"{path} is cut off or damaged: {first_line(error)}.") from error
    return Reading(kind, digest, tuple(sorted(found.versions)), estimator)


def _interpret(path: Path, content: bytes, kind: str, budget: Budget) -> Records:
    if kind == "skops":
        return skops_schema.interpret(content, budget)
    return records.interpret(decompressed(path, content, budget), budget)


def _refusal(
    path: Path, written: str, refused: Refused, names: set[str], *, digest: str, trust: str | None
) -> str:
    """What the user has to know to decide: what is not data, and all that the file would import."""
    wrong = f"TRUST={trust} is not its digest. " if trust else ""
    return (
        f"{path} is {written} that can't be read as data, because of {refused}; to open it would run its code, so it "
        f"was not opened. {wrong}{told(names)} Use a step of docs/compiled-steps.md instead, or, if you "
        f"trust where it comes from: TRUST={digest}"
    )


def _run(path: Path, content: bytes, kind: str) -> Any:
    """Let the library that wrote a file open it, which may run any code of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _OPENERS[kind](content)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{path} needs the module {error.name}, which isn't installed. {advice(error.name or '')}."
        ) from error
    except Exception as error:  # a foreign file raises what it likes
        raise UserError(f"{path} can't be opened: {type(error).__name__}: {first_line(error)}.") from error


def _load_pickle(content: bytes) -> Any:
    import joblib  # noqa: PLC0415 - a refusal needs none of it

    return joblib.load(io.BytesIO(content))


def _load_skops(content: bytes) -> Any:
    import skops.io as skops  # noqa: PLC0415 - an optional package

    return skops.loads(content, trusted=skops.get_untrusted_types(data=content))


_OPENERS: dict[str, Callable[[bytes], Any]] = {"pickle": _load_pickle, "skops": _load_skops}


def check_version(versions: set[str]) -> None:
    """Let only what the installed scikit-learn wrote be opened.

    Raises:
        OtherVersion: Another one wrote it.
    """
    import sklearn  # noqa: PLC0415 - a refusal needs none of it

    installed = sklearn.__version__
    others = sorted(versions - {installed})
    if others:
        raise OtherVersion(others[-1], installed)
