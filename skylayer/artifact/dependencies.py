"""What an estimator needs where it is served: installed packages, and source code of the project itself."""

from __future__ import annotations

import ast
import io
import pickle
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from skylayer.errors import UserError
from skylayer.train.missing_modules import advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# The platform that is served on decides which conditional requirements count, not the one that trains.
SERVING = "serving"  # our run-time package, which is wherever a model answers
_TARGET = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}


@dataclass
class Dependencies:
    """What has to be importable before an estimator can be loaded.

    Attributes:
        requirements: Version of each installed distribution, with all that these require in turn.
        sources: Content of each Python file of the project's own, by its path below an import root.
    """

    requirements: dict[str, str] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)


def dependencies_of(estimator: Any, container: str) -> Dependencies:
    """Find what an estimator's classes and functions come from, by the names in its pickle.

    Args:
        estimator: Fitted, and known to be picklable.
        container: Its input's; a DataFrame needs pandas.

    Raises:
        UserError: Something comes from a notebook or script, a compiled module outside of any package, or a
            package that isn't installed from a distribution.
    """
    sources, distributions = code_of(_modules_in_pickle(estimator))
    distributions |= {"scikit-learn", "joblib", *(["pandas"] if container == "frame" else [])}
    return Dependencies(_closure(distributions), sources)


def code_of(modules: Iterable[str]) -> tuple[dict[str, bytes], set[str]]:
    """What modules come from: source code of the project, by its path below an import root, and distributions.

    Raises:
        UserError: A module belongs to neither.
    """
    sources: dict[str, bytes] = {}
    distributions: set[str] = set()
    homes = _distributions_by_package()
    waiting = sorted(modules)
    done: set[str] = set()
    while waiting:
        module = waiting.pop()
        top = module.partition(".")[0]
        if module in done or top in sys.stdlib_module_names or top == SERVING:
            continue
        done.add(module)
        source = _own_source(module, homes.get(top, ()))
        if source is not None:
            sources[_place(module, source)] = source.read_bytes()
            waiting += _packages_above(module, source)
            waiting += [name for name in _imports(module, source) if find_spec_quietly(name)]
        elif top in homes:
            distributions.add(homes[top][0])
        else:
            raise UserError(
                f"The estimator needs the module {module}, which belongs to no installed package. "
                f"{advice(top)}, or move your own code to training/."
            )
    return sources, distributions


def library_versions(requirements: dict[str, str]) -> dict[str, str]:
    """The versions for the manifest: Python's, without its patch level, and those of the requirements."""
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor}"} | requirements


def find_spec_quietly(module: str) -> bool:
    """Whether a module can be imported here; `from a import b` may name a module or something in one."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


class _NamingUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.modules.add(module)
        return super().find_class(module, name)


def _modules_in_pickle(estimator: Any) -> set[str]:
    # Our own pickle of a live object, written a moment ago: reading it runs nothing that hasn't run.
    reader = _NamingUnpickler(io.BytesIO(pickle.dumps(estimator)))
    reader.load()
    if "__main__" in reader.modules:
        raise UserError(
            "The estimator uses a function or class of a notebook or script, which isn't there "
            "where the model is served. Move it to a module in training/ and import it from there."
        )
    return reader.modules


def _own_source(module: str, distributions: Iterable[str]) -> Path | None:
    """The file of a module that belongs to the project, None for what is installed.

    Installed is what lies in this environment's site-packages, or where a distribution that has a package of this
    name lies: a notebook may see those of another environment, too.
    """
    spec = getattr(sys.modules.get(module), "__spec__", None) or find_spec(module)
    if spec is None or spec.origin is None or spec.origin in {"built-in", "frozen"}:
        return None
    path = Path(spec.origin).resolve()
    installed = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    installed += [str(metadata.distribution(name).locate_file("")) for name in distributions]
    if any(path.is_relative_to(Path(folder).resolve()) for folder in installed) or path.suffix != ".py":
        return None
    return path


def _place(module: str, source: Path) -> str:
    """The path of a module's file below the import root."""
    return module.replace(".", "/") + ("/__init__.py" if source.name == "__init__.py" else ".py")


def _packages_above(module: str, source: Path) -> list[str]:
    """The packages that a module is in and that have code of their own, which runs before the module's."""
    parts = module.split(".")
    root = source.parents[len(parts) - (0 if source.name == "__init__.py" else 1)]
    above = [parts[:depth] for depth in range(1, len(parts))]
    return [".".join(names) for names in above if root.joinpath(*names, "__init__.py").is_file()]


def _imports(module: str, source: Path) -> Iterator[str]:
    """What a module imports when it is loaded, which is all that its own top level and classes say."""
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    for node in _top_level(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            )
            if base and base != "__future__":
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _top_level(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            continue
        yield node
        yield from _top_level(node)


@cache
def _distributions_by_package() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _closure(distributions: set[str]) -> dict[str, str]:
    """Versions of distributions and of all that they require on the platform that is served on."""
    versions: dict[str, str] = {}
    waiting = sorted(distributions)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in versions:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        versions[name] = distribution.version
        for text in distribution.requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(_TARGET):
                waiting.append(requirement.name)
    return dict(sorted(versions.items()))
