"""Which tests run which lines, measured once for each test file and kept until a file it may depend on changes."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import suite

if TYPE_CHECKING:
    from collections.abc import Callable

    from mutation.pool import Pool

KEPT = suite.ROOT / ".skylayer" / "mutation"
SOURCES = ["skylayer/*", "layers/serving/*"]
TRACE_LIMIT_SECONDS = 1800
# Tests of a mutant, cheapest first, end at this many seconds of what they took without one.
BUDGET_SECONDS = 60.0


@dataclass(slots=True)
class Coverage:
    """Which tests run what.

    Attributes:
        root: The tree that paths are below.
        seconds: Test -> how long it took; tests that fail without a mutant are not among them.
        failed: Those.
        inside: Module -> lines of its functions.
        called: Module -> line of a function -> tests that run it.
        naming: Module -> tests of the files that import it and hold its name.
        importing: Module -> tests of the files that import it, by way of other modules too.
    """

    root: Path = suite.ROOT
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    inside: dict[str, set[int]] = field(default_factory=dict)
    called: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    naming: dict[str, set[str]] = field(default_factory=dict)
    importing: dict[str, set[str]] = field(default_factory=dict)

    def add(self, file: str, traced: dict[str, Any]) -> None:
        """Add what one test file ran."""
        tests = set(traced["seconds"])
        text = (self.root / file).read_text(encoding="utf-8")
        self.seconds.update(traced["seconds"])
        self.failed += traced["failed"]
        for path, lines in traced["lines"].items():
            self.importing.setdefault(path, set()).update(tests)
            if re.search(rf"\b{Path(path).stem}\b", text):
                self.naming.setdefault(path, set()).update(tests)
            inside = self.inside.setdefault(
                path, lines_of_functions((self.root / path).read_text(encoding="utf-8"))
            )
            called = self.called.setdefault(path, {})
            for line, contexts in lines.items():
                names = {name for name in contexts if "::" in name} & tests
                # What a fixture ran, or a function before any test, such as for a parameter, serves every test.
                if any(name not in names and (name or int(line) in inside) for name in contexts):
                    names = tests
                if names and int(line) in inside:
                    called.setdefault(int(line), set()).update(names)

    def tests(self, path: str, lines: range) -> list[str]:
        """The tests of a statement's lines, those of `test_<module>.py` and the cheapest first.

        A line outside of functions, such as a constant, is run by the first test that imports its module. It is tested
        by what runs any function of the module, and by the files that import the module and name it; where there are
        none, by all that import it.
        """
        called = self.called.get(path, {})
        if lines[0] in self.inside.get(path, set()):
            found = set().union(*(called.get(line, set()) for line in lines))
        else:
            found = set().union(self.naming.get(path, set()), *called.values())
            found = found or self.importing.get(path, set())
        own = f"test_{Path(path).stem}.py::"
        chosen: list[str] = []
        total = 0.0
        for test in sorted(found, key=lambda name: (own not in name, self.seconds[name], name)):
            total += self.seconds[test]
            if chosen and total > BUDGET_SECONDS:
                break
            chosen.append(test)
        return chosen


def lines_of_functions(source: str) -> set[int]:
    """The lines of function bodies, which no import runs by itself."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {line for node in functions for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)}


def statement_lines(source: str, line: int) -> range:
    """The lines of the smallest statement around a line, without a body below it.

    A trace names some of them only: of `if (` and a condition below it, those of the condition.
    """
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    if not around:
        return range(line, line + 1)
    smallest = max(around, key=lambda node: node.lineno)
    last = smallest.end_lineno or smallest.lineno
    below = [part.lineno for part in getattr(smallest, "body", []) if part.lineno > line]
    return range(smallest.lineno, min([last + 1, *below]))


def measure(pool: Pool, files: list[Path], advance: Callable[[], None]) -> Coverage:
    """What each test file runs; only files without a kept result are run."""
    KEPT.mkdir(parents=True, exist_ok=True)
    shared = _digest_of_shared()
    kept = {file: KEPT / f"{_digest(shared, file)}.json" for file in files}
    missing = [file for file in files if not kept[file].exists()]
    jobs = [
        {
            "file": str(file.relative_to(suite.ROOT)),
            "sources": SOURCES,
            "result": str(kept[file]),
            "limit": TRACE_LIMIT_SECONDS,
        }
        for file in missing
    ]
    for _ in range(len(files) - len(missing)):
        advance()
    pool.map(jobs, lambda _, __: advance())
    result = Coverage()
    for file in files:
        if kept[file].exists():
            result.add(str(file.relative_to(suite.ROOT)), json.loads(kept[file].read_text(encoding="utf-8")))
        else:
            result.failed.append(str(file.relative_to(suite.ROOT)))
    return result


def _digest_of_shared() -> bytes:
    digest = hashlib.sha256()
    for folder in ("skylayer", "layers/serving", "tests"):
        for path in sorted((suite.ROOT / folder).rglob("*.py")):
            if not path.name.startswith("test_") and "mutation" not in path.parts:
                digest.update(str(path.relative_to(suite.ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _digest(shared: bytes, file: Path) -> str:
    return hashlib.sha256(
        shared + str(file.relative_to(suite.ROOT)).encode() + file.read_bytes()
    ).hexdigest()[:32]
