"""An estimator out of a file: read as data, or run only if the user has said so."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError
from skylayer.formats.pickles.records import Damaged, interpret
from skylayer.formats.pickles.values import Refused
from skylayer.formats.recognition import decompressed
from skylayer.train.missing_modules import advice
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 12
_COMMON = ("sklearn.", "numpy.", "scipy.", "pandas.", "joblib.", "collections.", "lightgbm.", "xgboost.")


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


class OtherVersion(Exception):
    """The file was written by another scikit-learn than the one that is installed."""

    def __init__(self, written: str, installed: str) -> None:
        super().__init__(f"written by scikit-learn {written}, and {installed} is installed")
        self.written = written
        self.installed = installed


def open_estimator(path: Path, content: bytes, kind: str, trust: str | None) -> Reading:
    """Open a file that holds an estimator of scikit-learn's.

    Args:
        path: The file, for messages.
        content: What is in it.
        kind: `pickle` or `skops`.
        trust: The SHA-256 that the user trusts: a pickle of another digest is read as data or not at all.

    Raises:
        UserError: It is no model, is cut off, holds code and isn't trusted, or needs a package that isn't installed.
        OtherVersion: It was written by another scikit-learn; nothing was loaded.
    """
    digest = sha256(content).hexdigest()
    if kind == "skops":
        return Reading(kind, digest, (), _from_skops(path, content, digest, trust))
    return _from_pickle(path, content, digest, trust)


def _from_pickle(path: Path, content: bytes, digest: str, trust: str | None) -> Reading:
    from skylayer.formats.pickles.estimators import estimator_of  # noqa: PLC0415 - imports all of scikit-learn

    plain = decompressed(path, content)
    try:
        records = interpret(plain)
        estimator = estimator_of(records)
    except Damaged as error:
        raise UserError(f"{path} is cut off or damaged: {error}.") from error
    except Refused as refused:
        if (trust or "").lower() != digest:
            raise UserError(_refusal(path, refused, records.names, digest, trust)) from None
        estimator = _run(path, content, records.versions)
    return Reading("pickle", digest, tuple(sorted(records.versions)), estimator)


def _refusal(path: Path, refused: Refused, names: set[str], digest: str, trust: str | None) -> str:
    """What the user has to know to decide: what is not data, and all that the file would import."""
    # Whatever belongs to no known library comes first: a long list must not hide it.
    ordered = sorted(names, key=lambda name: (name.startswith(_COMMON), name))
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    wrong = f"TRUST={trust} is not its digest. " if trust else ""
    return (
        f"{path} is a pickle that can't be read as data, because of {refused}; to open it would run its code, so it "
        f"was not opened. {wrong}It names {', '.join(ordered[:_SHOWN]) or 'nothing'}{more}. If you trust where it "
        f"comes from: TRUST={digest}"
    )


def _run(path: Path, content: bytes, versions: set[str]) -> Any:
    """Unpickle, with the scikit-learn that wrote it."""
    check_version(versions)
    import joblib  # noqa: PLC0415 - a refusal needs none of it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = joblib.load(io.BytesIO(content))
    except ModuleNotFoundError as error:
        raise UserError(
            f"{path} needs the module {error.name}, which isn't installed. {advice(error.name or '')}."
        ) from error
    except Exception as error:  # a foreign pickle raises what it likes
        raise UserError(f"{path} can't be opened: {type(error).__name__}: {first_line(error)}.") from error
    return estimator


def _from_skops(path: Path, content: bytes, digest: str, trust: str | None) -> Any:
    try:
        import skops.io as skops  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("skops is not installed: make develop installs it.") from None
    try:
        unknown = skops.get_untrusted_types(data=content)
        trusted = (trust or "").lower() == digest
        estimator = skops.loads(content, trusted=unknown) if trusted or not unknown else None
    except ModuleNotFoundError as error:
        raise UserError(
            f"{path} needs the module {error.name}, which isn't installed. {advice(error.name or '')}."
        ) from error
    except Exception as error:  # a damaged file raises what its bytes lead to
        raise UserError(f"{path} can't be opened: {type(error).__name__}: {first_line(error)}.") from error
    if unknown and not trusted:
        raise UserError(
            f"{path} holds types that skops doesn't hold for safe, so it was not opened: "
            f"{', '.join(unknown[:_SHOWN])}. If you trust where it comes from: TRUST={digest}"
        )
    return estimator


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
