"""What kind of file a model came in, by its first bytes and not by its name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from skylayer.errors import UserError
from skylayer.formats.boosters.catboost_binary import MAGIC
from skylayer.formats.boosters.lightgbm_models import starts_as_lightgbm
from skylayer.formats.boosters.treelite_models import starts_as_treelite
from skylayer.formats.boosters.xgboost_models import is_legacy
from skylayer.formats.budget import DEFAULT, Budget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_PICKLE = b"\x80"
# What zipfile raises where an archive is damaged, its places and lengths included.
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, LookupError, ValueError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
# Protocols 0 and 1 have no mark: a pickle of an object begins with the function that makes it.
_PICKLE_OF_TEXT = re.compile(rb"c[\w.]+\n[\w.]+\n")
_ORT = b"ORTM"
# An ONNX file is a protocol buffer without a mark of its own: its first field is number 1, the IR version, and one of
# these follows (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, ModelProto): producer name and version,
# domain, model version, documentation, graph, operator sets, metadata.
_ONNX = b"\x08"
_ONNX_NEXT = frozenset({0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72})
_MOST_IR_VERSION = 127
# The first key of XGBoost's documents; another one may stand before it where something else has written them again.
_XGBOOST, _LOOKED_AT = b"learner", 4096
_PMML = re.compile(rb"<(\w+:)?PMML[\s>]")
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a mark of UTF-8 may come first
_CATBOOST = re.compile(rb'\s*\{\s*"(ctr_data|features_info)"')  # its keys are in alphabetical order


def _gzip(content: bytes, most: int) -> bytes:
    with gzip.open(io.BytesIO(content)) as file:
        return file.read(most)


def _bz2(content: bytes, most: int) -> bytes:
    with bz2.open(io.BytesIO(content)) as file:
        return file.read(most)


def _lzma(content: bytes, most: int) -> bytes:
    with lzma.open(io.BytesIO(content)) as file:
        return file.read(most)


def _zlib(content: bytes, most: int) -> bytes:
    undo = zlib.decompressobj()
    expanded = undo.decompress(content, most)
    if not undo.eof and len(expanded) < most:
        raise EOFError("it ends early")
    return expanded


# First bytes of what joblib compresses with, and how as many bytes of it are undone as are asked for. zlib's second
# byte tells its level.
_COMPRESSIONS: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (b"\x1f\x8b", _gzip),
    (b"BZ", _bz2),
    (b"\xfd7zXZ\x00", _lzma),
    (b"\x5d\x00", _lzma),
    (b"\x78\x01", _zlib),
    (b"\x78\x5e", _zlib),
    (b"\x78\x9c", _zlib),
    (b"\x78\xda", _zlib),
)


def check(path: Path, budget: Budget = DEFAULT) -> None:
    """Let only a file pass that is one and is not too large; it is not opened.

    Raises:
        UserError: There is no such file, it is no file at all, or larger than its budget.
    """
    try:
        status = path.stat()
        size = status.st_size
        if path.is_dir():
            raise UserError(f"{path} is a folder. Give the file that holds the model.")
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path} is a device or a pipe. Give the file that holds the model.")
        if size > budget.expansion:
            raise UserError(
                f"{path} is {size / 1e9:.1f} GB; {budget.expansion / 1e9:.1f} GB are read at most "
                "(EXPANSION=), which is what fits a function. Make it smaller: fewer trees, or a smaller depth."
            )
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Give one as MODEL=model.joblib.") from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error


def read(path: Path, budget: Budget = DEFAULT) -> bytes:
    """A file's content, once, so that what is checked is what is opened.

    Raises:
        UserError: It is none that `check` lets pass, can't be read, or is empty.
    """
    check(path, budget)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
    if not content:
        raise UserError(f"{path} is empty.")
    return content


def kind_of(path: Path, content: bytes) -> str:
    """The format that a file is in, as the manifest names it; what the file is called doesn't matter.

    Raises:
        UserError: It is none that can be imported.
    """
    if content.startswith(_HDF5):
        return "hdf5"
    if is_zip(content):
        return _kind_of_zip(path, content)
    if content.startswith((_PICKLE, *(magic for magic, _ in _COMPRESSIONS))) or _PICKLE_OF_TEXT.match(
        content
    ):
        return "pickle"
    if looks_like_onnx(content):
        return "onnx"
    if (boosted := _booster(path, content)) is not None:
        return boosted
    if content[4:8] == _ORT:
        raise UserError(f"{path} is in ONNX Runtime's own format. Give the ONNX file that it was made from.")
    if path.suffix == ".onnx":
        raise UserError(f"{path} is not ONNX, whatever its name says. Was it cut off, or written as text?")
    if path.suffix in {".pkl", ".pickle", ".joblib"}:
        raise UserError(
            f"{path} is not a pickle, whatever its name says. Was it cut off, or written as text?"
        )
    raise UserError(
        f"{path} is not a model: a pickle, joblib, skops, XGBoost, LightGBM, CatBoost, treelite, PMML, Keras, HDF5 or "
        "ONNX file can be imported."
    )


def _booster(path: Path, content: bytes) -> str | None:
    """The library of trees that wrote a file, if one did, or `pmml`."""
    head = content[:_LOOKED_AT]
    if starts_as_lightgbm(content):
        return "lightgbm"
    if head.lstrip()[:1] == b"{" and _XGBOOST in head:
        return "xgboost"
    if head.startswith(MAGIC) or _CATBOOST.match(head):
        return "catboost"
    if head.lstrip(_BLANK)[:1] == b"<" and _PMML.search(head):
        return "pmml"
    if starts_as_treelite(content):
        return "treelite"
    if is_legacy(content):
        convert = f"xgboost.Booster(model_file='{path.name}').save_model('{path.stem}.json')"
        raise UserError(
            f"{path} is in XGBoost's old binary format, which XGBoost 3.1 and newer don't read. Convert it where an "
            f'older XGBoost is installed: python -c "import xgboost; {convert}"'
        )
    return None


def is_zip(content: bytes) -> bool:
    """Whether a file begins as a zip does."""
    return content.startswith(b"PK\x03\x04")


def looks_like_onnx(content: bytes) -> bool:
    """Whether a file begins as an ONNX model does."""
    return (
        content.startswith(_ONNX)
        and len(content) > len(_ONNX) + 1
        and 0 < content[1] <= _MOST_IR_VERSION
        and content[2] in _ONNX_NEXT
    )


def decompressed(path: Path, content: bytes, budget: Budget = DEFAULT) -> bytes:
    """What is in a file that joblib may have compressed.

    Raises:
        UserError: It is cut off or damaged, or holds more than its budget.
    """
    for magic, undo in _COMPRESSIONS:
        if content.startswith(magic):
            try:
                expanded = undo(content, budget.expansion + 1)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise UserError(f"{path} is cut off or damaged: {error}.") from error
            if len(expanded) > budget.expansion:
                raise UserError(
                    f"{path} is more than {budget.expansion / 1e9:.1f} GB when it is decompressed (EXPANSION=)."
                )
            return expanded
    return content


def _kind_of_zip(path: Path, content: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except ZIP_ERRORS as error:
        raise UserError(f"{path} is cut off or damaged: {error}.") from error
    if "schema.json" in names:
        return "skops"
    if "config.json" in names and "model.weights.h5" in names:
        return "keras"
    raise UserError(
        f"{path} is a zip file without a model: a skops file holds a schema.json, a Keras model a config.json "
        "and model.weights.h5."
    )
