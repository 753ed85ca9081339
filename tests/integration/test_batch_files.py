"""`make batch FILE=…`: files of rows as they come, answered as the estimator does, and given back byte by byte."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import skylayer
from skylayer import project
from skylayer.__main__ import main
from skylayer.batch import job, plan

if TYPE_CHECKING:
    from pathlib import Path

ADDED = ["prediction", "probability_no", "probability_yes", "error"]


def data(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 12, rows).round(1),
            "visits": random.integers(0, 30, rows),
            "town": random.choice(["Ulm", "Zürich", 'St. "A", B'], rows),
        }
    )
    frame.loc[::7, "age"] = np.nan
    return frame


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    frame = data(400)
    target = pd.Series(
        np.where(frame["visits"] + frame["age"].fillna(0) / 10 > 18, "yes", "no"), name="bought"
    )
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), (SimpleImputer(), ["age", "visits"])
    )
    estimator = make_pipeline(encoded, RandomForestClassifier(10, random_state=0)).fit(frame, target)
    directory = tmp_path_factory.mktemp("artifacts")
    return estimator, skylayer.package(
        estimator, frame, target, name="shop", directory=directory, proof_rows=1000
    )


@pytest.fixture
def home(tmp_path: Path, trained: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = trained[1]
    monkeypatch.setattr(project, "ARTIFACTS", folder.parent.parent)
    monkeypatch.setattr(project, "CHAMPION", folder.parent.parent / "champion")
    project.set_champion(folder)
    return tmp_path


def score(home: Path, text: str | bytes, name: str = "rows.csv", **given: object) -> int:
    content = text if isinstance(text, bytes) else text.encode()
    (home / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    more = [f"{key}={value}" for key, value in given.items()]
    return main(["batch", f"FILE={home / name}", f"OUT={home / 'out'}", *more])


def table(home: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO((home / "out").read_text(encoding="utf-8"), newline="")))


def expected(estimator: Any, frame: pd.DataFrame) -> list[list[str]]:
    return [
        [label, *map(repr, row), ""]
        for label, row in zip(estimator.predict(frame), estimator.predict_proba(frame).tolist(), strict=True)
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("workers", [1, 2])
def test_each_row_is_given_back_with_the_estimators_answer(
    home: Path, trained: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch, ending: str, workers: int
) -> None:
    monkeypatch.setattr(plan, "RANGE", 20_000)
    frame = data(3000)
    sent = frame.assign(id=range(3000))[["id", "town", "visits", "age"]].to_csv(
        index=False, lineterminator=ending
    )
    assert score(home, sent, WORKERS=workers) == 0
    found = table(home)
    assert found[0] == ["id", "town", "visits", "age", *ADDED]
    assert [row[4:] for row in found[1:]] == expected(trained[0], frame)
    lines, written = sent.encode().split(ending.encode()), (home / "out").read_bytes().split(ending.encode())
    assert len(lines) == len(written)
    assert all(
        after.startswith(before + b",") for before, after in zip(lines[:-1], written[:-1], strict=True)
    )
    manifest = json.loads((home / "out.manifest.json").read_text())
    assert manifest["rows"] == 3000
    assert manifest["parts"]["all"] > 3
    assert manifest["refused"] == 0
    assert manifest["model"]["version"] == trained[1].name
    assert not (home / "out.parts").exists()


def test_json_lines_and_gzip_say_the_same(home: Path, trained: tuple[Any, Path]) -> None:
    frame = data(500)
    lines = frame.assign(more="x").to_json(orient="records", lines=True, force_ascii=False)
    assert score(home, lines, "rows.jsonl.gz") == 0
    with gzip.open(home / "out", "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    assert [[row["prediction"], row["probability_no"], row["probability_yes"]] for row in found] == [
        [label, *row]
        for label, row in zip(
            trained[0].predict(frame), trained[0].predict_proba(frame).tolist(), strict=True
        )
    ]
    assert all(list(row)[:4] == ["age", "visits", "town", "more"] for row in found)
    (home / "out").unlink()
    assert score(home, frame.to_csv(index=False), "rows.csv.gz") == 0
    with gzip.open(home / "out", "rt", encoding="utf-8", newline="") as file:
        assert [row[3:] for row in csv.reader(file)][1:] == expected(trained[0], frame)


def test_a_row_that_is_refused_says_why_and_the_others_are_answered(
    home: Path, trained: tuple[Any, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = data(1000)
    lines = frame.to_csv(index=False).splitlines()
    for row in range(1, 1001, 100):
        lines[row] = "old,3,Ulm"
    lines[500] = "31.5"
    assert score(home, "\n".join(lines)) == 0
    found = table(home)
    assert [len(row) for row in found] == [7] * 1001
    assert found[1] == ["old", "3", "Ulm", "", "", "", 'age: expected a number or null, got the string "old"']
    assert found[500] == ["31.5", "", "", "", "", "", "the row ends before the column visits"]
    answered = [row for row in range(1, 1001) if not found[row][-1]]
    assert len(answered) == 989
    kept = frame.iloc[[row - 1 for row in answered]]
    assert [found[row][3:] for row in answered] == expected(trained[0], kept)
    said = capsys.readouterr()
    assert "1,000 rows, 11 of them refused" in said.out
    assert 'line 2: age: expected a number or null, got the string "old"' in said.err
    assert "… and 6 more; the column error says why" in said.err


def test_json_lines_that_are_no_rows_come_back_as_text(home: Path) -> None:
    row = {"age": 40.5, "visits": 3, "town": "Ulm"}
    lines = [row, {**row, "age": "old"}, [1], {"age": 1.5}, {**row, "prediction": "no"}]
    text = "\n".join([*map(json.dumps, lines), "{", "", "{} "])
    assert score(home, text, "rows.jsonl") == 0
    found = (home / "out").read_text(encoding="utf-8").split("\n")
    assert found[6] == ""
    answers = [json.loads(line) for line in found if line]
    assert answers[0] == {**row, **{name: answers[0][name] for name in ADDED[:-1]}}
    reasons = [
        'age: expected a number or null, got the string "old"',
        "expected an object of all columns",
        "visits: expected a number or null, got no such column; a missing value is sent as null",
        "it has a member prediction, which is added",
        "the line is not JSON: Expecting property name enclosed in double quotes (column 2)",
        "age: expected a number or null, got no such column; a missing value is sent as null",
    ]
    for answer, reason in zip(answers[1:], reasons, strict=True):
        assert answer["prediction"] is None
        assert answer["error"] == reason
    assert answers[2]["line"] == "[1]"
    assert answers[5]["line"] == "{"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is empty"),
        (b"age,visits,town\n", "has a header and no rows"),
        (b"age,town\n1,Ulm\n", "visits: expected"),
        (
            b"age,visits,town,prediction\n1,2,Ulm,no\n",
            "The header has a column prediction, which is added. Rename",
        ),
        (b"age,visits,town\n1,2,Ulm\n3,4,Ulm,5\n", "line 3: a row has 4 cells where the header has 3"),
        (b'age,visits,town\n1,2,"Ulm\n3,4,Ulm\n', "line 2: quotes are never closed"),
        ("age,visits,town\n1,2,Ulm\n3,4,Zürich\n".encode("latin-1"), "line 3: a row isn't UTF-8"),
        ("age,visits,town\n1,2,Ulm\n".encode("utf-16"), "is UTF-16. Write it as UTF-8"),
    ],
    ids=["empty", "header", "column", "added", "cells", "quotes", "latin-1", "utf-16"],
)
def test_a_file_that_is_no_table_of_the_model_is_refused_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], text: bytes, told: str
) -> None:
    assert score(home, text) == 2
    assert told in capsys.readouterr().err
    assert not (home / "out").exists()


def test_odd_files_are_files(home: Path) -> None:
    assert score(home, b"\xef\xbb\xbfage,visits,town\r\n1,2,Ulm\r\n\r\n,3," + b"U" * 6_000_000) == 0
    text = (home / "out").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfage,visits,town,prediction")
    assert text.endswith(b"\r\n")
    rows = table(home)
    assert [len(row) for row in rows] == [7, 7, 0, 7]
    assert len(rows[3][2]) == 6_000_000
    assert rows[3][3]


def test_another_file_is_never_written_over(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "out").write_text("mine")
    assert score(home, "age,visits,town\n1,2,Ulm\n") == 2
    assert "is there. Remove it, or name another file as OUT=" in capsys.readouterr().err
    assert (home / "out").read_text() == "mine"


def test_a_run_that_was_killed_goes_on_where_it_was(
    home: Path, trained: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plan, "RANGE", 4_000)
    text = data(3000).to_csv(index=False)
    path = home / "rows.csv"
    path.write_text(text, encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from skylayer.batch import job, plan\n"
        "plan.RANGE = 4_000\n"
        "def progress(done, total):\n"
        "    print(done, flush=True)\n"
        "    sys.stdin.readline()\n"
        "job.score(*map(Path, sys.argv[1:4]), 1, progress)\n"
    )
    command = [sys.executable, "-c", script, str(trained[1]), str(path), str(home / "out")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=project.ROOT, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(4):
            process.stdout.readline()
            process.stdin.write("go on\n")
            process.stdin.flush()
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    made = len(list((home / "out.parts").glob("*/*.json")))
    assert made == 4
    assert not (home / "out").exists()
    assert score(home, text) == 0
    said = capsys.readouterr().err
    parts = json.loads((home / "out.manifest.json").read_text())["parts"]
    assert f"{parts['all'] - parts['made_in_this_run']} of {parts['all']} parts were there already" in said
    assert parts["all"] - parts["made_in_this_run"] == made
    assert [row[3:] for row in table(home)[1:]] == expected(trained[0], data(3000))


def test_a_file_that_changes_meanwhile_is_refused(home: Path, trained: tuple[Any, Path]) -> None:
    path = home / "rows.csv"
    path.write_text(data(50).to_csv(index=False), encoding="utf-8")

    def change(_done: int, _total: int | None) -> None:
        path.touch()
        os.utime(path, ns=(time.time_ns(), time.time_ns()))

    with pytest.raises(skylayer.errors.UserError, match="changed while it was read"):
        job.score(trained[1], path, home / "out", 1, change)
    assert not (home / "out").exists()
