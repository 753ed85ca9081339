"""Damaged files: pickles by their opcodes, zips by their members, schemas by their structure, all by their bytes."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import struct
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from pathlib import Path

_NUMBERS = (b"K\xff", b"J\xff\xff\xff\xff", b"J\x00\x00\x00\x80", b"\x8a\x08" + b"\xff" * 7 + b"\x7f", b"K\x00", b"N",
            b"G\x7f\xf8\x00\x00\x00\x00\x00\x00", b"]", b"}", b")", b"\x88", b"X\x01\x00\x00\x00x")  # fmt: skip
_MEMBERS: tuple[Any, ...] = (
    None,
    0,
    -1,
    10**20,
    "",
    "x",
    [],
    {},
    [1],
    True,
    "ObjectNode",
    "TypeNode",
    "posix",
    "system",
)
_MOST = 4


def canaries(canary: Path) -> list[bytes]:
    """Opcodes that make a file of that name, if anybody runs them; each leaves one object on the stack."""
    name = str(canary)
    text = b"X" + struct.pack("<I", len(name)) + name.encode()
    command = f"touch {name}"
    said = b"X" + struct.pack("<I", len(command)) + command.encode()
    program = f"open({name!r}, 'w')"
    code = b"X" + struct.pack("<I", len(program)) + program.encode()
    return [
        b"cposix\nsystem\n" + said + b"\x85R",
        b"cbuiltins\neval\n" + code + b"\x85R",
        b"cbuiltins\nexec\n" + code + b"\x85R",
        b"cio\nopen\n" + text + b"X\x01\x00\x00\x00w\x86R",
        b"cpathlib\nPath\n" + text + b"\x85R",
        b"csubprocess\nPopen\n(X\x05\x00\x00\x00touch" + text + b"l\x85R",
        b"(" + said + b"iposix\nsystem\n",
        b"(cposix\nsystem\n" + said + b"o",
        b"cnumpy.testing._private.utils\nrunstring\n" + code + b"}\x86R",
        b"cfunctools\npartial\ncposix\nsystem\n" + said + b"\x86R",
    ]


def opcodes(content: bytes) -> list[bytes]:
    """A pickle cut into its opcodes with their arguments; joblib's arrays between them stay with the one before."""
    starts: list[int] = []
    try:
        for _, _, place in pickletools.genops(content):
            starts.append(place or 0)
    except ValueError:  # the bytes of an array of joblib's: what came before them counts
        pass
    ends = [*starts[1:], len(content)]
    return [content[start:end] for start, end in zip(starts, ends, strict=True)]


def pickled(content: bytes, source: random.Random, canary: Path) -> bytes:
    """A pickle with opcodes dropped, doubled, exchanged, put in, or given other arguments."""
    parts = [
        part for part in opcodes(content) if part[:1] != pickle.FRAME
    ]  # a frame's length would no longer fit
    for _ in range(source.randint(1, _MOST)):
        at = source.randrange(1, max(2, len(parts)))
        other = source.randrange(1, max(2, len(parts)))
        what = source.randrange(7)
        if what == 0:
            del parts[at : at + source.randint(1, 3)]
        elif what == 1:
            parts.insert(at, parts[min(other, len(parts) - 1)])
        elif what == 2 and at < len(parts) and other < len(parts):
            parts[at], parts[other] = parts[other], parts[at]
        elif what == 3:
            parts[at : at + 1] = [source.choice(_NUMBERS)]
        elif what == 4:
            parts.insert(at, source.choice(canaries(canary)))
        elif what == 5:
            parts[at : at + 1] = [source.choice(canaries(canary))]
        elif at < len(parts):
            parts[at] = damaged(parts[at], source)
    return b"".join(parts)


def schema(content: bytes, source: random.Random, member: str) -> bytes:
    """A zip whose JSON member has members taken out or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            held = archive.read(name)
            if name == member:
                held = json.dumps(_changed(json.loads(held), source)).encode()
            elif source.random() < 0.1:
                held = damaged(held, source)
            made.writestr(zipfile.ZipInfo(name), held)
    return out.getvalue()


def document(content: bytes, source: random.Random) -> bytes:
    """A JSON document with members taken out or replaced."""
    return json.dumps(_changed(json.loads(content), source)).encode()


def _changed(value: Any, source: random.Random) -> Any:
    places = list(_places(value))
    for node, key in source.sample(places, min(len(places), source.randint(1, _MOST))):
        if key not in (node if isinstance(node, dict) else range(len(node))):
            continue
        if source.random() < 0.3:
            del node[key]
        elif source.random() < 0.5:
            node[key] = source.choice(_MEMBERS)
        else:
            other, name = source.choice(places)
            if name in (other if isinstance(other, dict) else range(len(other))):
                node[key] = json.loads(json.dumps(other[name]))  # a copy: a node in itself has no JSON
    return value


def _places(value: Any) -> Any:
    """Every object or list of a JSON value, with each of its keys."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in items:
            yield node, key
            waiting.append(inner)


def damaged(content: bytes, source: random.Random) -> bytes:
    """Bytes flipped, overwritten, moved, taken out or cut off."""
    data = bytearray(content)
    for _ in range(source.randint(1, _MOST)):
        if not data:
            break
        at, length = source.randrange(len(data)), source.randint(1, 8)
        what = source.randrange(5)
        if what == 0:
            data[at] ^= 1 << source.randrange(8)
        elif what == 1:
            data[at : at + length] = source.choice((b"\xff", b"\0", b"\x7f")) * length
        elif what == 2:
            del data[at : at + length]
        elif what == 3:
            start = source.randrange(len(data))
            data[at:at] = data[start : start + length]
        elif source.random() < 0.2:
            del data[at:]
    return bytes(data)
