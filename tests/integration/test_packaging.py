"""The trees that sam build makes: the same bytes and modes at every build, and within Lambda's limit."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from skylayer import project
from skylayer.aws import sam
from skylayer.errors import UserError
from skylayer.packaging import layers, libraries, requirements, unzipped_size

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="wheels of other systems hold no ELF files")
PARTS = {"layer": ["serving", "model"], "function": ["predict"]}


def entries(folder: Path) -> list[tuple[str, int, int, str]]:
    """Path, mode, time and digest of everything in a folder."""
    return [
        (
            path.relative_to(folder).as_posix(),
            stat.S_IMODE(path.stat().st_mode),
            int(path.stat().st_mtime),
            "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
    ]


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb, names in PARTS.items() for name in names])
def test_two_builds_are_identical_whatever_the_umask(verb: str, name: str, tmp_path: Path) -> None:
    built = []
    for mask in (0o022, 0o077):
        folder = tmp_path / f"{mask}" / "Part"
        subprocess.run(
            [sys.executable, "-m", "skylayer", verb, f"NAME={name}", f"FOLDER={folder}"],
            cwd=project.ROOT,
            check=True,
            preexec_fn=lambda mask=mask: os.umask(mask),  # type: ignore[misc]
        )
        built.append(entries(folder))
    assert built[0]
    assert built[0] == built[1]
    assert {mode for _, mode, _, _ in built[0]} == {0o644, 0o755}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("samconfig.toml", "LogRetentionDays=7", "LogRetentionDays=7 MemorySize=2048"),
        ("template.yaml", "Default: 1024", "Default: 2048"),
    ],
)
def test_another_value_of_a_parameter_makes_another_version_of_the_function(
    file: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = layers.settings_digest()
    for name in ("samconfig.toml", "template.yaml"):
        shutil.copyfile(project.ROOT / name, tmp_path / name)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(sam, "CONFIG", tmp_path / "samconfig.toml")
    assert layers.settings_digest() == before
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), encoding="utf-8")
    assert layers.settings_digest() != before


def test_the_packages_of_the_runtime_layer_are_identical_stripped_and_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    for run in ("one", "two"):
        monkeypatch.setattr(project, "STATE", tmp_path / f"state {run}")
        target = tmp_path / run
        requirements.install({"joblib": "1.5.2", "threadpoolctl": "3.6.0"}, "x86_64", target)
        built.append(entries(target))
    assert built[0] == built[1]
    names = [name for name, *_ in built[0]]
    assert "python/joblib/parallel.py" in names
    assert any(name.startswith("python/joblib/__pycache__/parallel.cpython-313") for name in names)
    assert not [
        name
        for name in names
        if "/tests/" in name or "/test/" in name or name.endswith((".lock", "RECORD", ".pyi"))
    ]


def test_a_package_that_has_no_wheel_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "STATE", tmp_path / "state")
    with pytest.raises(UserError, match=r"x86_64.*joblib"):
        requirements.install({"joblib": "999.0.0"}, "x86_64", tmp_path / "target")


def installed(package: str) -> Path:
    """The folder of a package in the environment that the tests run in."""
    return Path(sysconfig.get_path("platlib")) / package


def unpack(layer: Path, *packages: str) -> Path:
    for package in packages:
        shutil.copytree(installed(package), layer / "python" / package)
    return layer


@on_linux
def test_openmp_that_lightgbm_expects_of_the_system_is_laid_where_lambda_looks(tmp_path: Path) -> None:
    layer = unpack(tmp_path, "lightgbm", "scikit_learn.libs")
    libraries.complete(layer)
    load = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(*{x.split()[-1] for x in open('/proc/self/maps')})"
    # Lambda's own search path ends in /opt/lib; with the layer's here, the system's OpenMP is not reached.
    shown = subprocess.run(
        [sys.executable, "-c", load, str(layer / "python" / "lightgbm" / "lib" / "lib_lightgbm.so")],
        env={"LD_LIBRARY_PATH": str(layer / "lib")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [path for path in shown if "libgomp" in path] == [str(layer / "lib" / "libgomp.so.1")]


@on_linux
def test_a_library_that_nobody_brings_along_is_refused_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lightgbm needs the system's libgomp\.so\.1"):
        libraries.complete(unpack(tmp_path, "lightgbm"))


@on_linux
def test_scikit_learn_itself_needs_nothing_brought_along(tmp_path: Path) -> None:
    layer = unpack(tmp_path, "sklearn/ensemble", "scikit_learn.libs", "numpy/linalg", "numpy.libs")
    libraries.complete(layer)
    assert not (layer / "lib").exists()


def test_what_lambda_does_not_take_is_refused_with_the_largest_packages(tmp_path: Path) -> None:
    heavy = tmp_path / "RuntimeLayer" / "python" / "heavy"
    heavy.mkdir(parents=True)
    (heavy / "data.bin").touch()
    os.truncate(heavy / "data.bin", unzipped_size.UNZIPPED_LIMIT)
    assert unzipped_size.check_size(tmp_path) == unzipped_size.UNZIPPED_LIMIT
    light = tmp_path / "ServingLayer" / "python" / "light"
    light.mkdir(parents=True)
    (light / "one.py").write_bytes(b"\n")
    with pytest.raises(UserError, match=r"250\.0 MB.*Largest: heavy 250\.0 MB, light 0\.0 MB"):
        unzipped_size.check_size(tmp_path)
