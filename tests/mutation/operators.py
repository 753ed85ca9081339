"""The mutants of a module: its source with one expression changed."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
# Nothing runs an annotation, and a decorator's flags (frozen, slots) say what the type checker holds.
_NOT_RUN = {"annotation", "returns", "decorator_list", "type_params"}
# zip(strict=True) raises where two lengths that are equal by construction were not.
_KEYWORDS_LEFT = {"strict"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one expression: `before` on line `line` of `path`, whose text is `text`, became `after`."""

    path: str
    line: int
    text: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """The change as it is shown."""
        return f"{self.before} → {self.after}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What `equivalent.toml` knows it by: not the number of the line, which other edits move."""
        return self.path, self.text, self.name


def mutants(path: str, source: str) -> list[Mutant]:
    """Every mutant of a module that compiles, in the order of its lines."""
    lines = source.splitlines()
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[Mutant] = []
    for node in _that_run(ast.parse(source)):
        for changed in _changed(node):
            mutated = _replaced(source.encode(), starts, node, changed)
            if _compiles(mutated):
                text = lines[node.lineno - 1].strip()
                found.append(
                    Mutant(path, node.lineno, text, ast.unparse(node), ast.unparse(changed), mutated)
                )
    return sorted(found, key=lambda mutant: (mutant.line, mutant.before, mutant.after))


def _that_run(node: ast.AST) -> Iterator[ast.expr | ast.Return]:
    """The expressions and returns below a node, without annotations and what only type checkers read."""
    if _for_type_checkers(node) or (isinstance(node, ast.keyword) and node.arg in _KEYWORDS_LEFT):
        return
    if isinstance(node, ast.expr | ast.Return):
        yield node
    for name, value in ast.iter_fields(node):
        if name not in _NOT_RUN:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _that_run(child)


def _for_type_checkers(node: ast.AST) -> bool:
    parts = node.targets if isinstance(node, ast.Assign) else [node.test] if isinstance(node, ast.If) else []
    return any(isinstance(part, ast.Name) and part.id == "TYPE_CHECKING" for part in parts)


def _changed(node: ast.expr | ast.Return) -> Iterator[ast.expr | ast.Return]:
    """What an expression may become, by its kind."""
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                other = copy.deepcopy(node)
                other.ops[index] = _COMPARISONS[type(operator)]()
                yield other
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.BinOp(op=operator):
            yield ast.BinOp(node.left, _ARITHMETIC[type(operator)](), node.right)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            # A float of more than 2**53 is the same with 1 more.
            yield from (ast.Constant(other) for other in (value + 1, value - 1) if other != value)
        case ast.Call(func=function):
            yield from (ast.Call(other, node.args, node.keywords) for other in _opposite(function))
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield ast.Return(ast.Constant(None))


def _opposite(function: ast.expr) -> Iterator[ast.expr]:
    """`max` for `min`, `numpy.all` for `numpy.any`, and so on; nothing for other functions."""
    match function:
        case ast.Name(id=name) if name in _CALLS:
            yield ast.Name(_CALLS[name])
        case ast.Attribute(value=owner, attr=name) if name in _CALLS:
            yield ast.Attribute(owner, _CALLS[name])


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _replaced(source: bytes, starts: list[int], node: ast.expr | ast.Return, changed: ast.AST) -> str:
    """The source with the text of one node replaced; the lines after it keep their numbers where they can."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    first = starts[node.lineno - 1] + node.col_offset
    last = starts[node.end_lineno - 1] + node.end_col_offset
    text = ast.unparse(changed) if isinstance(changed, ast.Return) else f"({ast.unparse(changed)})"
    return (source[:first] + text.encode() + source[last:]).decode()


def _compiles(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
