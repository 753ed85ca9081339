"""uv is found, or fetched at the version and by the hashes of bin/uv.txt, into the project and nowhere else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ("sh", "dirname", "cmp", "cp", "mv", "mkdir", "rm", "sleep")
# A python3 whose pip writes down how it was called and installs a file in place of uv.
PIP = """
    #!/bin/sh
    if [ "$1" != -m ]; then exec '{python}' "$@"; fi
    echo "$@" >> '{log}'
    {before}
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2/bin"
    echo "#!/bin/sh" > "$2/bin/uv"
    exec '{python}' -c "import os, sys; os.chmod(sys.argv[1], 0o755)" "$2/bin/uv"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with nothing but the script and its pin, in a path with a space."""
    folder = tmp_path / "a project"
    (folder / "bin").mkdir(parents=True)
    for name in ("find-uv", "uv.txt"):
        shutil.copy(ROOT / "bin" / name, folder / "bin" / name)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH without any uv and without any python3."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def executable(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    path.chmod(0o755)
    return path


def python_of(path: Path, before: str = ":") -> Path:
    """Put a python3 on the path; what its pip was asked for is in the file that is returned."""
    log = path / "pip.log"
    executable(path / "python3", PIP.format(python=sys.executable, log=log, before=before))
    return log


def found(
    project: Path, path: Path, cwd: Path | None = None, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name != "UV"}
    return subprocess.run(
        ["sh", str(project / "bin" / "find-uv")],
        cwd=cwd or project,
        env={**environment, "PATH": str(path), **(more or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_one_in_UV_comes_before_the_one_on_the_path(project: Path, path: Path, tmp_path: Path) -> None:  # noqa: N802
    on_path = executable(path / "uv", "#!/bin/sh")
    chosen = executable(tmp_path / "chosen", "#!/bin/sh")
    assert found(project, path).stdout == f"{on_path}\n"
    assert found(project, path, more={"UV": str(chosen)}).stdout == f"{chosen}\n"
    assert not (project / ".skylayer").exists()


def test_it_is_fetched_into_the_project_from_wherever_it_is_called(
    project: Path, path: Path, tmp_path: Path
) -> None:
    log = python_of(path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = found(project, path, elsewhere)
    assert done.stdout == f"{project}/.skylayer/uv/bin/uv\n", done.stderr
    assert [*elsewhere.iterdir()] == []
    (asked,) = log.read_text(encoding="utf-8").splitlines()
    assert "--require-hashes" in asked
    assert "--only-binary :all:" in asked
    assert f"--requirement {project}/bin/uv.txt" in asked
    assert found(project, path, elsewhere).stdout == done.stdout
    assert len(log.read_text(encoding="utf-8").splitlines()) == 1


def test_another_pin_is_fetched_anew(project: Path, path: Path) -> None:
    log = python_of(path)
    found(project, path)
    with (project / "bin" / "uv.txt").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert found(project, path).returncode == 0
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2


def test_several_at_once_fetch_it_once(project: Path, path: Path) -> None:
    log = python_of(path, before="sleep 0.5")
    environment = {name: text for name, text in os.environ.items() if name != "UV"}
    command = ["sh", str(project / "bin" / "find-uv")]
    running = [
        subprocess.Popen(command, env={**environment, "PATH": str(path)}, stdout=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert said == {f"{project}/.skylayer/uv/bin/uv\n"}
    assert len(log.read_text(encoding="utf-8").splitlines()) == 1


def test_what_can_not_be_fetched_leaves_nothing_behind_and_says_where_to_look(
    project: Path, path: Path
) -> None:
    python_of(path, before="echo no network >&2; exit 1")
    done = found(project, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{project}/.skylayer/uv.log" in done.stderr
    assert "no network" in (project / ".skylayer" / "uv.log").read_text(encoding="utf-8")
    assert not (project / ".skylayer" / "uv").exists()


def test_without_a_python_it_says_so(project: Path, path: Path) -> None:
    done = found(project, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "python3 of 3.9" in done.stderr


def test_pip_refuses_another_file_than_the_pinned_one(project: Path, path: Path, tmp_path: Path) -> None:
    # The real pip, and an index that holds a wheel of the right name and version.
    executable(path / "python3", f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    version = pinned()[0]
    index = tmp_path / "index"
    index.mkdir()
    with zipfile.ZipFile(index / f"uv-{version}-py3-none-any.whl", "w") as wheel:
        metadata = f"uv-{version}.dist-info"
        wheel.writestr(f"uv-{version}.data/scripts/uv", "#!/bin/sh\n")
        wheel.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: uv\nVersion: {version}\n")
        wheel.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{metadata}/RECORD", "")
    local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    done = found(project, path, more=local)
    assert (done.returncode, done.stdout) == (2, "")
    assert "DO NOT MATCH THE HASHES" in (project / ".skylayer" / "uv.log").read_text(encoding="utf-8")


def pinned() -> tuple[str, list[str]]:
    """The version of bin/uv.txt and its hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / "bin" / "uv.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    matched = re.fullmatch(r"uv==([\d.]+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)\n", text)
    assert matched is not None, text
    return matched[1], re.findall(r"sha256:([0-9a-f]+)", matched[2])


def test_the_pin_has_a_hash_for_each_platform() -> None:
    _, hashes = pinned()
    assert len(set(hashes)) == len(hashes) >= 10


@pytest.mark.parametrize("makefile", sorted(ROOT.glob("*/*/Makefile")), ids=lambda path: path.parent.name)
def test_what_sam_builds_looks_for_uv_as_make_does(makefile: Path, tmp_path: Path) -> None:
    uv = executable(tmp_path / "uv", f'#!/bin/sh\necho "$UV $*" > {tmp_path}/called\n')
    (target,) = re.findall(r"^(build-\w+):", makefile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "--makefile", str(makefile), target],
        cwd=ROOT,
        env={**environment, "UV": str(uv), "ARTIFACTS_DIR": "a folder"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kind = makefile.parent.parent.name.removesuffix("s")
    assert (tmp_path / "called").read_text(encoding="utf-8") == (
        f"{uv} run --frozen --quiet python -m skylayer {kind} NAME={makefile.parent.name} FOLDER=a folder\n"
    )
