"""`train` and `predict` as a user runs them: on the template's own data, on a fork's, and on what is broken."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import default_model
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skylayer
from serving import artifact
from serving.golden import difference
from skylayer import project
from skylayer.__main__ import main
from skylayer.artifact import verify
from skylayer.data.instances import rows_of

ROOT = Path(__file__).parents[2]


PROGRESS = re.compile(r" *\d+\.\d s  \S")


def run(*arguments: str | Path, seed: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-m", "skylayer", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def fork(folder: Path, code: str) -> Path:
    (folder / "training").mkdir(parents=True)
    (folder / "training" / "__init__.py").write_text("")
    (folder / "training" / "pipeline.py").write_text(dedent(code))
    return folder


def train(folder: Path, seed: int = 0) -> subprocess.CompletedProcess[str]:
    return run("train", f"PROJECT={folder}", seed=seed)


def champion(folder: Path) -> Path:
    directory = folder / "model_artifacts"
    return directory / (directory / "champion").read_text().strip()


@default_model.needed
def test_the_committed_champion_is_whole_and_answers_its_golden_rows() -> None:
    folder = project.champion()
    assert artifact.verify(folder)["name"] == "penguins"
    expected = json.loads((folder / artifact.GOLDEN).read_text())
    got = skylayer.open(folder).predict(expected["instances"])
    assert difference(expected["answers"], got) is None


@pytest.mark.slow
@default_model.needed
def test_training_again_gives_the_committed_version(tmp_path: Path) -> None:
    home = tmp_path / "a fork"
    shutil.copytree(ROOT / "training", home / "training")
    for seed in (1, 2):
        done = train(home, seed)
        assert done.returncode == 0, done.stderr
        assert "accuracy" in done.stdout
        assert "baseline" in done.stdout
    assert len(list((home / "model_artifacts" / "penguins").iterdir())) == 1
    committed, again = (artifact.verify(folder) for folder in (project.champion(), champion(home)))
    assert again["metrics"]["holdout"]["accuracy"] > again["metrics"]["baseline"]["accuracy"]
    if committed["libraries"] == again["libraries"] and platform.machine() == "x86_64":
        assert again["version"] == committed["version"], "run `make train` and commit the artifact"


def test_a_library_that_numbers_its_classes_is_told_what_takes_texts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("xgboost")
    text = BASE.replace(
        "from sklearn.linear_model import LogisticRegression", "from xgboost import XGBClassifier"
    )
    text = text.replace("[0, 1] * 10", "['no', 'yes'] * 10").replace(
        "LogisticRegression()", "XGBClassifier(n_jobs=1)"
    )
    advised = "VotingClassifier([('xgboost', XGBClassifier())], voting='soft')"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        assert main(["train", f"PROJECT={fork(tmp_path / 'fork', text)}"]) == 2
        assert advised in capfd.readouterr().err
        text = text.replace("XGBClassifier(n_jobs=1)", advised)
        text = text.replace("from xgboost", "from sklearn.ensemble import VotingClassifier\n    from xgboost")
        home = fork(tmp_path / "other", text)
        assert main(["train", f"PROJECT={home}"]) == 0
    manifest = artifact.verify(champion(home))
    assert (manifest["engine"], manifest["output"]["classes"]) == ("native", ["no", "yes"])


FORK_WITH_MORE_COLUMNS = """
    import numpy as np
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def load_data():
        numbers = np.random.default_rng(0).normal(size=(60, 3))
        data = pd.DataFrame(numbers, columns=["age", "fare", "rownames"]).assign(name="Mr. X", one=1.0)
        return data, data["age"] > 0

    def build_estimator():
        chosen = make_column_transformer((StandardScaler(), ["age", "fare", "one"]))
        return make_pipeline(chosen, LogisticRegression())
"""


def test_columns_that_no_step_reads_are_no_fields_of_a_request(tmp_path: Path) -> None:
    home = fork(tmp_path / "fork", FORK_WITH_MORE_COLUMNS)
    done = train(home)
    assert done.returncode == 0, done.stderr
    assert "No step reads rownames, name: left out, so that no request has to send them." in done.stdout
    assert re.search(r"Matters most: age, ", done.stdout)
    assert re.search(r"Shuffled, (fare, )?one changed no score", done.stdout)
    manifest = artifact.verify(champion(home))
    assert [column["name"] for column in manifest["input"]["columns"]] == ["age", "fare", "one"]


FORK_WITH_A_FUNCTION = """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from training.features import squares

    NAME = "squares"

    def load_data():
        data = np.random.default_rng(0).normal(size=(60, 2))
        return data, (data ** 2).sum(axis=1) > 1

    def build_estimator():
        return make_pipeline(FunctionTransformer(squares), LogisticRegression())
"""


def test_a_forks_own_function_ships_with_the_model(tmp_path: Path) -> None:
    home = fork(tmp_path / "fork", FORK_WITH_A_FUNCTION)
    (home / "training" / "features.py").write_text(
        "import numpy as np\n\ndef squares(x):\n    return np.square(x)\n"
    )
    done = train(home)
    assert done.returncode == 0, done.stderr
    manifest = artifact.verify(champion(home))
    shipped = [name for name in artifact.layer_files(manifest) if name.startswith("source/")]
    assert shipped == ["source/training/__init__.py", "source/training/features.py"]
    # In a process that has never seen the fork, as in the Lambda.
    code = f"""
        import sys
        sys.path.insert(0, {str(ROOT / "layers" / "serving")!r})
        from serving import model
        print(model.load({str(champion(home))!r}).predict_instances([[2.0, 2.0], [0.0, 0.1]])["predictions"])
    """
    alone = subprocess.run(
        [sys.executable, "-c", dedent(code)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert alone.stdout == "[True, False]\n", alone.stderr
    artifact.verify(champion(home))


BASE = """
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    def load_data():
        return pd.DataFrame({"a": range(20), "b": range(20)}), [0, 1] * 10

    def build_estimator():
        return LogisticRegression()
"""


def test_where_there_is_no_terminal_each_phase_is_a_line_from_the_first_second(tmp_path: Path) -> None:
    home = fork(tmp_path / "fork", BASE)
    (home / "training" / "card.md").write_text("# penguins\n\n## Intended use\n\nBirds.\n")
    done = train(home)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all(PROGRESS.match(line) for line in lines), done.stderr
    assert re.match(r" *0\.\d s  Import scikit-learn", lines[0])
    told = [line.partition(" s  ")[2] for line in lines]
    phases = [
        "Load the data",
        "Check 20 rows of 2 columns",
        "Cross-validation, fold 1 of 5",
        "Fit on 16 rows",
    ]
    phases += [
        "Confidence intervals",
        "Plots",
        "Importance of 2 columns",
        "Learning curve",
        "Ask the estimator what requests may carry",
        "Compile and prove",
    ]
    assert [each for each in told if each in phases] == phases
    assert told[-2:] == ["Replayed 100% of the rows", "Write the artifact and ask it"]
    assert "training/card.md is about penguins" in done.stdout
    assert "penguin" not in (champion(home) / artifact.MODEL_CARD).read_text().lower()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("def load_data", "def read_data", "has no function load_data()"),
        (
            "return LogisticRegression()",
            "return LogisticRegression",
            "Give an instance: LogisticRegression()",
        ),
        ("return LogisticRegression()", "return 1 / 0", "failed in build_estimator(), line 9 of pipeline.py"),
        ("range(20)", "[]", "no rows"),
        ("[0, 1] * 10", "[1] * 20", "one class only"),
        ("[0, 1] * 10", "[None, 1] * 10", "missing in 10 rows"),
        ("[0, 1] * 10", "[0] * 19 + [1]", "class 1 has 1 row"),
        ('"b": range(20)', '"b": [[1]] * 20', "column 'b' holds values of type list"),
        ('"b": range(20)', '"b": ["x"] * 20', "can't be fitted: ValueError"),
        ("import pandas as pd", "import pandas as pd; import no_such_module", "no_such_module"),
        ("import pandas as pd", "import pandas as", "SyntaxError"),
        ("import pandas as pd", "import pandas as pd; import imblearn_ as imblearn", "may be a stranger"),
        ("[0, 1] * 10", "[0, 1] * 10, None", "load_data() gives 3 things"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    home = fork(tmp_path / "fork", BASE.replace(old, new))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        assert main(["train", f"PROJECT={home}"]) == 2
    error = capfd.readouterr().err
    lines = [line for line in error.splitlines() if line.strip() and not PROGRESS.match(line)]
    assert len(lines) == 1, error
    assert message in lines[0]
    assert not (home / "model_artifacts" / "champion").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return NeverFitted()", "return NeverFitted(solver=lambda: 0)", "A lambda"),
        (
            "import pandas as pd",
            "import pandas as pd; NAME = 'my model!'",
            "The name 'my model!' is not allowed",
        ),
    ],
)
def test_what_cannot_be_packaged_is_refused_before_the_fit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    never = """
    class NeverFitted(LogisticRegression):
        def fit(self, X, y):
            raise AssertionError("fitted")
    """
    text = BASE.replace("    def load_data", f"{never}\n    def load_data")
    text = text.replace("return LogisticRegression()", "return NeverFitted()")
    home = fork(tmp_path / "fork", text.replace(old, new))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        assert main(["train", f"PROJECT={home}"]) == 2
    assert message in capfd.readouterr().err


@default_model.needed
def test_predict_answers_a_file_and_names_the_row_that_it_cannot(tmp_path: Path) -> None:
    rows = json.loads((project.champion() / artifact.GOLDEN).read_text())
    columns = list(rows["instances"][0])
    lines = [
        ",".join("" if row[name] is None else str(row[name]) for name in columns) for row in rows["instances"]
    ]
    path = tmp_path / "rows of penguins.csv"
    path.write_text("\n".join([",".join(columns), *lines * 60]))
    done = run("predict", f"FILE={path}")
    assert done.returncode == 0, done.stderr
    table = done.stdout.splitlines()
    assert table[0].split(",")[0] == "prediction"
    assert [line.split(",")[0] for line in table[1:]] == rows["answers"]["predictions"] * 60
    path.write_text(path.read_text() + "\nDream,male,wide,18,190,4000\n")
    refused = run("predict", f"FILE={path}")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "row 1201" in refused.stderr
    assert "bill_length_mm" in refused.stderr


def test_packaging_refuses_what_cannot_travel(tmp_path: Path) -> None:
    data, target = [[0.0], [1.0], [2.0]], [0, 1, 1]

    def package(estimator: Any, name: str = "model") -> Path:
        return skylayer.package(estimator.fit(data, target), data, target, name=name, directory=tmp_path)

    with pytest.raises(skylayer.UserError, match=r"lambda.*by name"):
        package(make_pipeline(FunctionTransformer(lambda x: x), LogisticRegression()))
    with pytest.raises(skylayer.UserError, match=r"name '\.\./evil' is not allowed"):
        package(LogisticRegression(), "../evil")
    with pytest.raises(skylayer.UserError, match="fitted on 1 columns and the data has 2"):
        skylayer.package(LogisticRegression().fit(data, target), [[0, 1]], [1], name="a", directory=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(), LinearRegression()], ids=lambda e: type(e).__name__
)
def test_a_target_may_be_left_out(estimator: Any, tmp_path: Path) -> None:
    data, target = [[0.0, 1.0], [1.0, 0.0]] * 10, [0, 1] * 10
    path = skylayer.package(estimator.fit(data, target), data, name="model", directory=tmp_path)
    manifest = artifact.verify(path)
    assert manifest["metrics"] == {}
    assert manifest["training"] == {"rows": 20}
    assert skylayer.open(path).predict(data[:2])["predictions"] == pytest.approx([0, 1], abs=1e-9)


def test_the_last_check_makes_instances_of_the_rows_that_it_asks_for_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def remember(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
        made.append(rows_of(columns))
        return made[-1]

    monkeypatch.setattr(verify, "rows_of", remember)
    data, target = [[float(row)] for row in range(3 * verify.ROWS)], [0, 1, 1] * verify.ROWS
    skylayer.package(LogisticRegression().fit(data, target), data, target, name="model", directory=tmp_path)
    (instances,) = made
    assert len(instances) == verify.ROWS
    assert instances[0] == {"x0": 0.0}
    assert instances[-1] == {"x0": data[-1][0]}


def test_drafts_of_killed_runs_are_swept_and_others_stay(tmp_path: Path) -> None:
    data, target = [[0.0], [1.0], [2.0]], [0, 1, 1]
    old, new, other = (tmp_path / "model" / name for name in (".draft-old", ".draft-new", ".cache"))
    for folder in (old, new, other):
        folder.mkdir(parents=True)
        (folder / "tables.bin").write_bytes(b"half")
    for folder in (old, other):
        os.utime(folder, (time.time() - 3700,) * 2)
    estimator = LogisticRegression().fit(data, target)
    path = skylayer.package(estimator, data, target, name="model", directory=tmp_path)
    assert {*(tmp_path / "model").iterdir()} == {path, new, other}


def test_an_artifact_is_written_once_and_an_altered_one_is_not_trusted(tmp_path: Path) -> None:
    data, target = [[0.0], [1.0], [2.0]], [0, 1, 1]
    estimator = LogisticRegression().fit(data, target)
    path = skylayer.package(estimator, data, target, name="model", directory=tmp_path)
    before = (path / artifact.MANIFEST).stat().st_mtime_ns
    assert skylayer.package(estimator, data, target, name="model", directory=tmp_path) == path
    assert (path / artifact.MANIFEST).stat().st_mtime_ns == before
    (path / artifact.GOLDEN).chmod(0o644)
    (path / artifact.GOLDEN).write_text("{}")
    with pytest.raises(skylayer.UserError, match=r"golden.json was altered.*Delete the folder"):
        skylayer.package(estimator, data, target, name="model", directory=tmp_path)
    with pytest.raises(skylayer.UserError, match=r"golden\.json was altered"):
        skylayer.open(path)


@default_model.needed
def test_golden_rows_are_no_rows_of_the_data() -> None:
    instances = json.loads((project.champion() / artifact.GOLDEN).read_text())["instances"]
    lines = (ROOT / "training" / "data" / "penguins.csv").read_text().splitlines()
    columns = lines[0].split(",")
    birds = [dict(zip(columns, line.split(","), strict=True)) for line in lines[1:]]
    numbers = [name for name in instances[0] if name.endswith(("_mm", "_g"))]
    known = {tuple(bird[name] for name in numbers) for bird in birds}
    assert len(instances) == 20
    for row in instances:
        made_up = tuple("NA" if row[name] is None else f"{row[name]:g}" for name in numbers)
        assert made_up not in known
