"""Third-party packages: what is asked of uv, what is stripped, and when a tree is made anew. Nothing is fetched."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from skylayer import project
from skylayer.errors import UserError
from skylayer.packaging import requirements, tree

EXPORTED = """# exported
numpy==2.4.0
scikit-learn==1.9.1
scikit_image==0.26.0
    # via something
--index-url something
threadpoolctl==3.6.0 ; python_version < '4'
"""
WHEEL = (
    *(
        "numpy/__init__.py",
        "numpy/core.so",
        "numpy/core.pyi",
        "numpy/tests/test_core.py",
        "numpy/include/a.h",
    ),
    *("numpy/_pyinstaller/hook.py", "sklearn/datasets/data/iris.csv", "sklearn/datasets/base.py", ".lock"),
    *("numpy-2.4.0.dist-info/METADATA", "numpy-2.4.0.dist-info/WHEEL", "numpy-2.4.0.dist-info/RECORD"),
    *("numpy-2.4.0.dist-info/licenses/LICENSE.txt", "bin/f2py", "numpy/test/__init__.py"),
)
KEPT = [
    "numpy-2.4.0.dist-info/METADATA",
    "numpy-2.4.0.dist-info/WHEEL",
    "numpy/__init__.py",
    "numpy/core.so",
    "sklearn/datasets/base.py",
]


class Uv:
    """Stands for the program: notes what it is asked, and unpacks a wheel of empty files."""

    def __init__(self, stderr: str = "") -> None:
        self.stderr = stderr
        self.installs: list[list[str]] = []
        self.constraints = ""
        self.compiled: list[tuple[Path, str]] = []

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if "export" in command:
            return subprocess.CompletedProcess(command, 0, EXPORTED, "")
        self.installs.append(command)
        self.constraints = Path(command[command.index("--constraint") + 1]).read_text(encoding="utf-8")
        target = Path(command[command.index("--target") + 1])
        for name in () if self.stderr else WHEEL:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(b"")
        return subprocess.CompletedProcess(command, 1 if self.stderr else 0, "", self.stderr)


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    program = Uv()
    monkeypatch.setattr(project, "STATE", tmp_path / "state")
    monkeypatch.setattr(project, "uv", lambda: "uv")
    monkeypatch.setattr("skylayer.packaging.requirements.subprocess.run", program.run)
    monkeypatch.setattr(tree, "byte_compile", lambda *arguments: program.compiled.append(arguments))
    return program


def content(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_no_prediction_needs_is_stripped(uv: Uv, tmp_path: Path) -> None:
    requirements.install({"numpy": "2.4.0"}, "x86_64", tmp_path / "layer")
    assert content(tmp_path / "layer" / "python") == KEPT
    assert len(uv.installs) == 1


def test_modules_are_compiled_for_where_lambda_mounts_them(uv: Uv, tmp_path: Path) -> None:
    requirements.install({"numpy": "2.4.0"}, "x86_64", tmp_path / "layer")
    assert [(packages.name, mounted) for packages, mounted in uv.compiled] == [("python", "/opt/python")]


def test_a_tree_is_made_once_for_each_architecture_and_version(uv: Uv, tmp_path: Path) -> None:
    asked = [({"numpy": "2.4.0"}, "x86_64"), ({"numpy": "2.4.0"}, "arm64"), ({"numpy": "2.4.1"}, "arm64")]
    for index, (needed, architecture) in enumerate(asked * 2):
        requirements.install(needed, architecture, tmp_path / f"layer {index}")
    assert len(uv.installs) == 3


def test_another_lock_file_makes_another_tree(
    uv: Uv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    (tmp_path / ".python-version").write_text("3.13")
    for number, lock in enumerate(("one", "two", "two")):
        (tmp_path / "uv.lock").write_text(lock)
        requirements.install({"numpy": "2.4.0"}, "x86_64", tmp_path / f"layer {number}")
    assert len(uv.installs) == 2


@pytest.mark.parametrize(
    ("architecture", "platform"), [("x86_64", "x86_64-manylinux_2_34"), ("arm64", "aarch64-manylinux_2_34")]
)
def test_wheels_are_those_of_lambda(architecture: str, platform: str, uv: Uv, tmp_path: Path) -> None:
    requirements.install({"numpy": "2.4.0"}, architecture, tmp_path / "layer")
    (command,) = uv.installs
    assert command[command.index("--python-platform") + 1] == platform
    assert command[command.index("--python-version") + 1] == project.python_version()
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert command[-1] == "numpy==2.4.0"


def test_on_another_machine_wheels_are_the_interpreter_s_own(uv: Uv, tmp_path: Path) -> None:
    requirements.install({"numpy": "2.4.0"}, requirements.HOST, tmp_path / "layer")
    (command,) = uv.installs
    assert "--python" in command
    assert "--python-platform" not in command


def test_the_lock_file_holds_for_all_that_the_manifest_does_not_name(uv: Uv, tmp_path: Path) -> None:
    requirements.install({"Scikit.Image": "0.25.0", "scikit-learn": "1.8.0"}, "x86_64", tmp_path / "layer")
    assert uv.constraints.splitlines() == ["numpy==2.4.0", "threadpoolctl==3.6.0 ; python_version < '4'"]


def test_a_package_without_a_wheel_is_refused_and_nothing_is_kept(uv: Uv, tmp_path: Path) -> None:
    uv.stderr = "no wheels\n  for numpy"
    for _ in range(2):
        with pytest.raises(UserError, match="can't be had for arm64: no wheels for numpy"):
            requirements.install({"numpy": "2.4.0"}, "arm64", tmp_path / "layer")
    assert len(uv.installs) == 2
    assert not (tmp_path / "layer").exists()
    assert list((tmp_path / "state" / "cache" / "runtime").iterdir()) == []


def test_just_the_files_that_are_asked_for_are_extracted(uv: Uv) -> None:
    folder = requirements.extract("numpy", "2.4.0", ("numpy/*.so", "*.dist-info/METADATA"), "x86_64")
    assert content(folder / "python") == ["numpy-2.4.0.dist-info/METADATA", "numpy/core.so"]
    assert "--no-deps" in uv.installs[0]
    assert requirements.extract("numpy", "2.4.0", ("numpy/*.so", "*.dist-info/METADATA"), "x86_64") == folder
    assert len(uv.installs) == 1


def test_a_wheel_that_lacks_what_is_asked_for_is_refused(uv: Uv) -> None:
    with pytest.raises(UserError, match=r"numpy 2\.4\.0 has no lib\*\.so for arm64"):
        requirements.extract("numpy", "2.4.0", ("lib*.so",), "arm64")
    assert uv.installs


@pytest.mark.parametrize(
    ("system", "machine", "architecture"),
    [
        ("linux", "x86_64", "x86_64"),
        ("linux", "aarch64", "arm64"),
        ("linux", "riscv64", "host"),
        ("darwin", "arm64", "host"),
    ],
)
def test_the_target_of_this_machine(
    system: str, machine: str, architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skylayer.packaging.requirements.sys.platform", system)
    monkeypatch.setattr("skylayer.packaging.requirements.platform.machine", lambda: machine)
    assert requirements.host_architecture() == architecture
