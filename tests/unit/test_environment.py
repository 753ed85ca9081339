"""The page of environment variables names all that the functions read, and the template's own."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from samcli.yamlhelper import yaml_parse

from serving import hot_swap, limits

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "layers" / "serving" / "fast_start"
READERS = (ROOT / "layers" / "serving" / "serving", ROOT / "functions")
PAGE = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")


def described() -> dict[str, list[str]]:
    """The page's table: variable -> its default, what of the template sets it, and what it does."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert len({name for name, _ in rows}) == len(rows)
    return {name: cells.split(" | ") for name, cells in rows}


def _is_environment(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def read_by(source: str) -> set[str]:
    """The environment variables that a module reads."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {
        str(constants[key.id] if isinstance(key, ast.Name) else ast.literal_eval(key)) for key in _keys(tree)
    }


def read_in_c(source: str) -> set[str]:
    """The environment variables that a C file names, but for those that it sets and Lambda's own without a meaning."""
    return set(re.findall(r'"((?:SKYLAYER|AWS_LAMBDA|LAMBDA)_[A-Z_]+|_HANDLER)"', source))


def _keys(tree: ast.Module) -> Iterator[ast.expr]:
    seen = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            seen += 1
            if isinstance(node.ctx, ast.Load):
                yield node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if _is_environment(node.func.value) and node.func.attr == "get":
                seen += 1
                yield node.args[0]
            assert node.func.attr != "getenv", "read it from os.environ, so that this test sees it"
    # Whoever passes the whole environment on reads what nobody can see here.
    assert seen == sum(_is_environment(node) for node in ast.walk(tree) if isinstance(node, ast.expr))


def test_the_page_names_every_variable_that_is_read_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for folder in READERS for path in folder.rglob("*.py")]
    programs = [path.read_text(encoding="utf-8") for path in PROGRAMS.glob("*.c")]
    by_lambda = {"AWS_LAMBDA_EXEC_WRAPPER"}
    assert by_lambda.union(*map(read_by, sources), *map(read_in_c, programs)) == set(described())


def test_the_template_sets_those_that_the_page_says() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    variables: dict[str, Any] = {}
    for resource in template["Resources"].values():
        variables |= resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    set_there = {name for name, (_, setter, _) in described().items() if not setter.startswith("no")}
    assert set_there == set(variables)
    for name in set_there:
        for parameter in re.findall(r"`(\w+)`", described()[name][1]):
            assert parameter in template["Parameters"], name


def test_the_page_tells_the_defaults() -> None:
    defaults = {name: cells[0] for name, cells in described().items()}
    assert defaults["SKYLAYER_MAX_ROWS"] == f"{limits.MAX_ROWS:,}"
    assert defaults["SKYLAYER_MAX_BODY_BYTES"] == f"{limits.MAX_BODY_BYTES:,}"
    assert defaults["SKYLAYER_MAX_SECONDS"] == f"{limits.MAX_SECONDS:g}"
    assert defaults["SKYLAYER_STORE_SECONDS"] == f"{hot_swap.DEFAULT_SECONDS:g}"


def test_a_variable_that_c_reads_is_seen() -> None:
    assert read_in_c('variable("_HANDLER"); {"SKYLAYER_A", NULL}; "SKYLAYER_B="; "OTHER"') == {
        "_HANDLER",
        "SKYLAYER_A",
    }


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("os.environ['A']", {"A"}),
        ("os.environ.get('A', '') or os.environ.get('B')", {"A", "B"}),
        ("NAME = 'A'\ndef f():\n    return os.environ.get(NAME)", {"A"}),
        ("os.environ['A'] = '1'", set()),
    ],
)
def test_every_way_to_read_is_seen(source: str, names: set[str]) -> None:
    assert read_by(source) == names


@pytest.mark.parametrize(
    "source", ["dict(os.environ)", "os.getenv('A')", "from os import environ\nf(os.environ)"]
)
def test_a_way_that_nobody_could_follow_is_refused(source: str) -> None:
    with pytest.raises(AssertionError):
        read_by(source)
