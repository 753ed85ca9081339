"""No module imports itself by way of others: not above, not in a function, not for types, not by a name in a string."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "serving": ROOT / "layers" / "serving" / "serving",
    "skylayer": ROOT / "skylayer",
    "benchmarks": ROOT / "benchmarks",
    "functions": ROOT / "functions",
}
Graph = dict[str, set[str]]


def modules(packages: dict[str, Path]) -> dict[str, Path]:
    """Every module by its dotted name."""
    return {
        ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__"): path
        for package, folder in packages.items()
        for path in sorted(folder.rglob("*.py"))
    }


def graph(packages: dict[str, Path]) -> Graph:
    """Which modules each module imports, in whatever way.

    A string that is a module's dotted name counts as an import of it: it is there to be given to `import_module` or
    to a route. An f-string that begins with a package's dotted name counts as one of all that the package holds.
    """
    paths = modules(packages)
    return {
        name: {found for found in _imports(name, path, paths) if found in paths and found != name}
        for name, path in paths.items()
    }


def _imports(name: str, path: Path, paths: dict[str, Path]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                names[alias.asname or alias.name] = inner
                yield inner if inner in paths else base
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            prefix = _prefix(node, names)
            if prefix.count(".") and prefix.rpartition(".")[0] in paths:
                yield from (other for other in paths if other.startswith(prefix))


def _prefix(node: ast.JoinedStr, names: dict[str, str]) -> str:
    """What an f-string begins with, `{package.__name__}` included."""
    prefix = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            return prefix + str(part.value)
        value = part.value if isinstance(part, ast.FormattedValue) else None
        if not (
            isinstance(value, ast.Attribute)
            and value.attr == "__name__"
            and isinstance(value.value, ast.Name)
        ):
            return ""
        prefix += names.get(value.value.id, "")
    return prefix


def circles(imported: Graph) -> set[frozenset[str]]:
    """The sets of modules that reach each other."""
    reached = {name: _reached(name, imported) for name in imported}
    return {
        frozenset({name} | {other for other in reached[name] if name in reached[other]})
        for name in imported
        if name in reached[name]
    }


def _reached(name: str, imported: Graph) -> set[str]:
    reached: set[str] = set()
    left = [name]
    while left:
        for other in imported[left.pop()] - reached:
            reached.add(other)
            left.append(other)
    return reached


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(graph(PACKAGES)) == set()


@pytest.mark.parametrize(
    "back",
    [
        "import package.one",
        "from package import one",
        "from package.one import anything",
        "from . import one",
        "from .one import anything",
        "def late():\n    from package import one",
        "if TYPE_CHECKING:\n    from package.one import anything",
        "route = later('package.one', 'anything')",
        "from importlib import import_module\nimport_module(f'package.{name}')",
        "import package as whole\nimport_module(f'{whole.__name__}.{name}')",
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, back: str) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "one.py").write_text("from package import two\n")
    (tmp_path / "two.py").write_text("")
    assert circles(graph({"package": tmp_path})) == set()
    (tmp_path / "two.py").write_text(back)
    assert circles(graph({"package": tmp_path})) == {frozenset({"package.one", "package.two"})}


def test_what_is_lazy_in_this_repository_is_seen() -> None:
    imported = graph(PACKAGES)
    assert "serving.protocols.scoring" in imported["serving.api"]
    assert {"serving.engines.native", "serving.engines.onnx"} <= imported["serving.engines"]
    assert "skylayer.compiler.lowerings.text" in imported["skylayer.compiler.registry"]
    assert "skylayer.commands.up" in imported["skylayer.__main__"]
    assert "skylayer.artifact.open" in imported["skylayer"]
