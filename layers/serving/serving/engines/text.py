"""Texts to counts of terms, as scikit-learn's vectorizers take them apart; standard library only."""

from __future__ import annotations

import re
import struct
from itertools import repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

BadPattern = re.error  # PatternError is its name from Python 3.13
_WHITE_SPACE = re.compile(r"\s\s+")
_WORD = 0xFFFFFFFF
_SLOT, _NUMBER = struct.Struct("=I"), struct.Struct("=d")
_ONE = _NUMBER.pack(1.0)
_WORDS = r"(?u)\b\w\w+\b"  # what every vectorizer has unless told otherwise
_SPACED = bytes(ord(c) if c.isalnum() or c == "_" else ord(" ") for c in map(chr, range(128))).ljust(256)


def cost_of(description: dict[str, Any]) -> tuple[int, float, int]:
    """What a character of a text takes at most: nanoseconds, terms, and bytes while its text is worked on.

    Measured, on texts that make the most terms: of words, the shortest ones that the pattern takes.
    """
    lowest, highest = description["ngram_range"]
    terms = float(highest - lowest + 1)
    if description["analyzer"] == "char_wb":
        terms *= 1.5  # a letter between blanks: two characters of the text, three of its word
    elif description["analyzer"] == "word" and description["token_pattern"] == _WORDS:
        terms /= 3
    nanoseconds = 100 + 400 * (description["strip_accents"] is not None) + 1_000 * terms
    if "features" in description:
        nanoseconds += 500 + (3_000 + 1_000 * (lowest + highest)) * terms
    return int(nanoseconds), terms, int(16 + 90 * terms)


def packer_of(description: dict[str, Any], first: int) -> Callable[[str], tuple[bytes, bytes]]:
    """A function from a text to its terms as the kernel takes them: slots, u32 each, and what to add there, f64 each.

    Args:
        description: The table's; `compiler/lowerings/text.py` writes it.
        first: The slot of the first term.
    """
    if "features" in description or description["binary"]:
        return _packed_counts(counter_of(description), first)
    analyze, vocabulary = _analyzer(description), description["vocabulary"]
    slot_of = dict(zip(vocabulary, map(_SLOT.pack, range(first, first + len(vocabulary))), strict=True)).get
    nothing = repeat(b"")

    def pack(text: str) -> tuple[bytes, bytes]:
        slots = b"".join(map(slot_of, analyze(text), nothing))
        return slots, _ONE * (len(slots) // _SLOT.size)

    return pack


def _packed_counts(
    count: Callable[[str], dict[int, float]], first: int
) -> Callable[[str], tuple[bytes, bytes]]:
    def pack(text: str) -> tuple[bytes, bytes]:
        counts = count(text)
        slots = b"".join([_SLOT.pack(first + slot) for slot in counts])
        return slots, b"".join(map(_NUMBER.pack, counts.values()))

    return pack


def counter_of(description: dict[str, Any]) -> Callable[[str], dict[int, float]]:
    """A function from a text to its terms' slots and counts.

    Args:
        description: The table's; `compiler/lowerings/text.py` writes it.
    """
    analyze = _analyzer(description)
    binary = description["binary"]
    slot_of = _hashed(description) if "features" in description else _known(description["vocabulary"])

    def count(text: str) -> dict[int, float]:
        counts: dict[int, float] = {}
        for term in analyze(text):
            found = slot_of(term)
            if found is not None:
                slot, sign = found
                counts[slot] = counts.get(slot, 0.0) + sign
        return dict.fromkeys(counts, 1.0) if binary else counts

    return count


def _known(vocabulary: list[str]) -> Callable[[str], tuple[int, float] | None]:
    return {term: (slot, 1.0) for slot, term in enumerate(vocabulary)}.get


def _hashed(description: dict[str, Any]) -> Callable[[str], tuple[int, float] | None]:
    features, alternate = description["features"], description["alternate_sign"]

    def slot_of(term: str) -> tuple[int, float] | None:
        code = murmur3(term.encode())
        signed = code - (1 << 32) if code >> 31 else code
        return abs(signed) % features, -1.0 if alternate and signed < 0 else 1.0

    return slot_of


def _analyzer(description: dict[str, Any]) -> Callable[[str], list[str]]:
    lowest, highest = description["ngram_range"]
    lowercase, accents = description["lowercase"], description["strip_accents"]
    strip = None if accents is None else {"unicode": _strip_unicode, "ascii": _strip_ascii}[accents]
    split = {"word": _words, "char": _characters, "char_wb": _characters_of_words}[description["analyzer"]](
        description, lowest, highest
    )

    def analyze(text: str) -> list[str]:
        if lowercase:
            text = text.lower()
        return split(text if strip is None else strip(text))

    return analyze


def _strip_unicode(text: str) -> str:
    if text.isascii():
        return text
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _strip_ascii(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKD", text).encode("ASCII", "ignore").decode("ASCII")


def _words(description: dict[str, Any], lowest: int, highest: int) -> Callable[[str], list[str]]:
    tokenize = _tokenizer(description["token_pattern"])
    stop_words = frozenset(description["stop_words"])

    def words(text: str) -> list[str]:
        tokens = tokenize(text)
        if stop_words:
            tokens = [token for token in tokens if token not in stop_words]
        if highest == 1:
            return tokens
        return [
            " ".join(tokens[i : i + n])
            for n in range(lowest, min(highest, len(tokens)) + 1)
            for i in range(len(tokens) - n + 1)
        ]

    return words


def _tokenizer(pattern: str) -> Callable[[str], list[str]]:
    find = re.compile(pattern).findall
    if pattern != _WORDS:
        return find

    def tokenize(text: str) -> list[str]:
        if not text.isascii():
            return find(text)
        # Less than half of the time that the expression takes.
        return [word for word in text.encode().translate(_SPACED).decode().split() if len(word) > 1]

    return tokenize


def _characters(_: dict[str, Any], lowest: int, highest: int) -> Callable[[str], list[str]]:
    def characters(text: str) -> list[str]:
        text = _WHITE_SPACE.sub(" ", text)
        return [
            text[i : i + n]
            for n in range(lowest, min(highest, len(text)) + 1)
            for i in range(len(text) - n + 1)
        ]

    return characters


def _characters_of_words(_: dict[str, Any], lowest: int, highest: int) -> Callable[[str], list[str]]:
    def characters(text: str) -> list[str]:
        terms = []
        for word in _WHITE_SPACE.sub(" ", text).split():
            padded = f" {word} "
            for n in range(lowest, highest + 1):
                terms += [padded[i : i + n] for i in range(max(1, len(padded) - n + 1))]
                if n >= len(padded):  # a word shorter than n counts once
                    break
        return terms

    return characters


def murmur3(data: bytes) -> int:
    """MurmurHash3_x86_32 with seed 0, by Austin Appleby (public domain): an unsigned 32-bit number."""
    state, whole = 0, len(data) & ~3
    for at in range(0, whole, 4):
        state ^= _scramble(int.from_bytes(data[at : at + 4], "little"))
        state = (state << 13 | state >> 19) & _WORD
        state = (state * 5 + 0xE6546B64) & _WORD
    state ^= _scramble(int.from_bytes(data[whole:], "little")) ^ len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & _WORD
    state = (state ^ state >> 13) * 0xC2B2AE35 & _WORD
    return state ^ state >> 16


def _scramble(block: int) -> int:
    block = block * 0xCC9E2D51 & _WORD
    return (block << 15 | block >> 17) * 0x1B873593 & _WORD
