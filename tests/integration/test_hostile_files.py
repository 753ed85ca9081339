"""Files that never end, expand without limit or name a program: each import ends with one line, and nothing is left."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression

from skylayer.artifact.drafts import DRAFT
from skylayer.errors import UserError, one_line
from skylayer.formats import confined, confined_import
from skylayer.formats.budget import DEFAULT, MEGABYTE, Budget
from skylayer.formats.confined import Task, import_confined
from skylayer.formats.keras.files import read_zip
from skylayer.formats.other_version import OtherVersion
from skylayer.formats.pickles import names
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.recognition import check, decompressed, kind_of

ROOT = Path(__file__).parents[2]


def task(path: Path, **changes: Any) -> Task:
    home = path.parent / "artifacts"
    log = path.parent / "logs" / "import.log"
    return Task(**{"trust": None, "sample": None, "name": "model", "classes": None} | changes, path=path,
                directory=home, log=log)  # fmt: skip


def refused(path: Path, budget: Budget = DEFAULT, **changes: Any) -> str:
    """What an import says; it must leave nothing where artifacts are kept."""
    with pytest.raises(UserError) as refusal:
        import_confined(task(path, **changes), budget, lambda _: None)
    assert "\n" not in str(refusal.value)
    assert not list((path.parent / "artifacts").glob("**/*"))
    return str(refusal.value)


def trusted(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> Any:
        return self.called


def endless_loop(path: Path) -> Path:
    """A graph whose Loop has no count and whose condition stays true."""
    rows: list[str | int | None] = ["N", 2]
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["goes"]), helper.make_node("Identity", ["x"], ["x_"])],
        "body",
        [
            helper.make_tensor_value_info("count", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, rows),
        ],
        [
            helper.make_tensor_value_info("goes", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x_", TensorProto.FLOAT, rows),
        ],
    )
    true = helper.make_tensor("value", TensorProto.BOOL, [], [True])
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["true"], value=true),
            helper.make_node("Loop", ["", "true", "X"], ["Y"], body=body),
        ],
        "endless",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, rows)],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, rows)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def bomb(path: Path, megabytes: int) -> Path:
    """So many megabytes in a thousandth of them, as joblib compresses."""
    compressor = zlib.compressobj(9)
    parts = [compressor.compress(bytes(MEGABYTE)) for _ in range(megabytes)]
    path.write_bytes(b"".join([*parts, compressor.flush()]))
    return path


def test_an_endless_graph_is_ended(tmp_path: Path) -> None:
    said = refused(endless_loop(tmp_path / "loop.onnx"), Budget(seconds=8))
    assert "takes more than 8 seconds to be read, so its import was ended" in said
    assert "SECONDS=" in said


def test_a_file_that_expands_is_refused(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.joblib", 40)
    with pytest.raises(UserError, match=r"more than 0\.0 GB when it is decompressed \(EXPANSION=\)"):
        decompressed(path, path.read_bytes(), Budget(expansion=30 * MEGABYTE))
    assert len(decompressed(path, path.read_bytes(), Budget(expansion=40 * MEGABYTE))) == 40 * MEGABYTE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the memory of a process so")
def test_a_file_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.joblib", 1500)
    said = refused(path, Budget(memory=1200 * MEGABYTE, expansion=4096 * MEGABYTE))
    assert said == (
        f"{path} takes more than 1200 MB of memory. Give it more with MEMORY= if you know the file."
    )


@pytest.mark.parametrize("place", ["fifo", "/dev/zero", "/dev/urandom", "folder"])
def test_what_is_no_file_is_refused_unopened(place: str, tmp_path: Path) -> None:
    path = Path(place) if place.startswith("/") else tmp_path / place
    if place == "fifo":
        os.mkfifo(path)
    if place == "folder":
        path.mkdir()
    with pytest.raises(UserError, match=r"is a (device or a pipe|folder)\. Give the file"):
        check(path)
    with pytest.raises(UserError, match=r"is a (device or a pipe|folder)\. Give the file"):
        import_confined(task(path), DEFAULT, lambda _: None)


def test_a_schema_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (40 * MEGABYTE))
    said = refused(path, Budget(expansion=30 * MEGABYTE))
    assert "holds more than 0.0 GB (EXPANSION=)" in said


def test_a_program_is_named_however_many_names_stand_before_it() -> None:
    harmless = [f"builtins.a{letter}" for letter in "bcdefghijklmnop"]
    said = names.told([*harmless, "posix.system", "sklearn.svm._classes.SVC"])
    assert said.startswith(
        "It names what can run programs or open files: posix.system. It also names builtins.ab,"
    )
    assert said.endswith(" and 4 more.")
    many = names.told([f"os.a{number:02}" for number in range(30)])
    assert many.endswith("os.a11 and 18 more.")
    assert names.told([]) == "It names nothing."
    assert "\x1b" not in names.told(["os.a\x1b[2K\nb"])


@pytest.mark.parametrize(
    "name",
    ["posix.system", "nt.system", "builtins.eval", "__builtin__.execfile", "subprocess.Popen", "numpy.load",
     "pandas.read_pickle", "joblib.load", "importlib.import_module", "operator.attrgetter", "pathlib.Path.write_text"],
)  # fmt: skip
def test_what_runs_or_opens_is_dangerous(name: str) -> None:
    assert names.is_dangerous(name)


@pytest.mark.parametrize("name", ["builtins.abs", "numpy.ndarray", "sklearn.svm._classes.SVC", "mine.Model"])
def test_what_only_computes_is_not(name: str) -> None:
    assert not names.is_dangerous(name)


def test_an_array_of_a_negative_shape_is_damaged() -> None:
    from skylayer.formats.pickles.estimators import read  # noqa: PLC0415

    content = pickle.dumps(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), protocol=2)
    # The shape (1,) of coef_, as protocol 2 writes it.
    assert b"K\x01\x85" in content
    with pytest.raises(Damaged, match="no such shape"):
        read(content.replace(b"K\x01\x85", b"J\xff\xff\xff\xff\x85", 1))


def test_a_length_that_the_file_has_not_is_damaged() -> None:
    from skylayer.formats.pickles.records import interpret  # noqa: PLC0415

    with pytest.raises(Damaged, match="ends early"):
        interpret(b"\x80\x05\x96" + (1 << 45).to_bytes(8, "little") + b"abc.")
    assert interpret(pickle.dumps(bytearray(b"abc"), protocol=5)).value == bytearray(b"abc")


def test_a_process_that_crashes_says_so_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Calls(os.abort)))
    said = refused(path, trust=trusted(path))
    assert "reading it ended with SIGABRT. It is damaged, or takes more than 8192 MB of memory" in said


def test_what_nobody_expected_is_one_line_and_a_log(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])))
    (tmp_path / "artifacts").touch()
    said = refused(path)
    assert f"can't be imported: NotADirectoryError: {tmp_path / 'logs' / 'import.log'}" not in said
    assert said.endswith(f"{tmp_path / 'logs' / 'import.log'} says where.")
    assert "Traceback" in (tmp_path / "logs" / "import.log").read_text(encoding="utf-8")


def test_a_model_comes_through(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])))
    shares: list[float] = []
    folder = import_confined(task(path), DEFAULT, shares.append)
    assert (folder / "manifest.json").is_file()
    assert shares[-1] == 1.0
    assert not list(folder.parent.glob(f"{DRAFT}*"))
    assert "Traceback" not in capfd.readouterr().err


def test_another_version_is_told_through_the_pipe(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([Calls(os.getcwd), LinearRegression()]).replace(b"1.", b"0.", 1))
    import sklearn  # noqa: PLC0415

    installed = sklearn.__version__.encode()
    content = pickle.dumps([Calls(os.getcwd), LinearRegression()])
    path.write_bytes(content.replace(installed, b"0" * (len(installed) - 2) + b".1"))
    with pytest.raises(OtherVersion, match="written by scikit-learn 0"):
        import_confined(task(path, trust=trusted(path)), DEFAULT, lambda _: None)


def test_an_ended_import_leaves_no_draft(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    for name in ("model", "other"):
        (tmp_path / name / f"{DRAFT}{process.pid}-x").mkdir(parents=True)
    (tmp_path / "other" / f"{DRAFT}{process.pid}0-y").mkdir()
    confined._end(process, tmp_path)  # noqa: SLF001
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.rglob("*")] == ["other", f"{DRAFT}{process.pid}0-y"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has each limit")
def test_the_limits_are_set() -> None:
    program = (
        "import resource; from skylayer.formats import budget, confined_import as c\n"
        "c.limit(budget.Budget(seconds=3, memory=10**9))\n"
        "print([resource.getrlimit(k)[0] for k in (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_CORE)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([10**9, 30 * (os.cpu_count() or 1), 0])
    assert confined_import.limit.__doc__


def test_a_message_is_one_line_of_a_bounded_length() -> None:
    assert one_line("a\nb\t\x1b[31mc") == "a b [31mc"
    assert one_line("x" * 50, 10) == "xxxxx … xxxxx"


@pytest.mark.parametrize("cut", [1, 3, 20])
def test_a_zip_whose_places_are_wrong_is_damaged(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            archive.writestr(name, b"{}" * 20)
    content = path.read_bytes()
    # A piece is missing before the directory, whose places then lie before the file.
    broken = content[:4] + content[4 + cut :]
    with pytest.raises(UserError, match=r"cut off or damaged|is a zip file without a model|not an object"):
        read_zip(path, broken) if kind_of(path, broken) == "keras" else None
    moved = bytearray(content)
    moved[-6:-2] = (len(content) * 2).to_bytes(4, "little")
    with pytest.raises(UserError, match="cut off or damaged"):
        read_zip(path, bytes(moved))
