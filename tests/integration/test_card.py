"""The model card: written at training, its numbers true, its page whole by itself."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from estimators import houses, penguins
from sklearn.cluster import KMeans
from sklearn.datasets import load_linnerud, load_wine
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from web import KEY, served

from serving import artifact
from skylayer.card.numbers import number
from skylayer.train.intervals import intervals
from skylayer.train.pipeline import Training
from skylayer.train.run import train

if TYPE_CHECKING:
    from pathlib import Path

WORDS = "## Intended use\n\nOnly for <birds> & tests.\n"


def trained(made: tuple[Any, Any], name: str, folder: Path) -> Path:
    estimator, data = made
    return train(
        Training("model", data, pd.Series(estimator.predict(data), name=name), estimator, WORDS), folder
    )


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(penguins(), "species", tmp_path_factory.mktemp("models"))


def test_the_page_needs_nothing_else_and_says_each_plot_in_words(birds: Path) -> None:
    page = (birds / artifact.MODEL_CARD_PAGE).read_text(encoding="utf-8")
    pictures = re.findall(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)">', page)
    assert len(pictures) == len(re.findall("<img", page)) == 6
    for alternative, data in pictures:
        assert len(alternative) > 30
        assert ET.fromstring(base64.b64decode(data)).tag.endswith("svg")  # noqa: S314 - our own
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "Only for &lt;birds&gt; &amp; tests." in page


def test_the_card_names_what_the_manifest_holds(birds: Path) -> None:
    path = birds
    card = (path / artifact.MODEL_CARD).read_text(encoding="utf-8")
    manifest = artifact.verify(path)
    assert f"| accuracy | {number(manifest['metrics']['cross_validation']['accuracy']['mean'])} ±" in card
    for column in manifest["input"]["columns"]:
        assert f"| {column['name']} |" in card
    for picture in re.findall(r"\]\((plots/[^)]+)\)", card):
        assert (path / picture).is_file()
    assert not any(name.startswith("plots/") for name in artifact.layer_files(manifest))


def test_training_twice_draws_the_same(birds: Path, tmp_path: Path) -> None:
    again = trained(penguins(), "species", tmp_path)
    assert (again / artifact.MODEL_CARD_PAGE).read_bytes() == (birds / artifact.MODEL_CARD_PAGE).read_bytes()


def test_a_regressor_has_residuals(tmp_path: Path) -> None:
    path = trained(houses(), "price", tmp_path)
    names = {picture.stem for picture in (path / "plots").iterdir()}
    assert names == {"predicted", "residuals", "permutation_importance", "learning_curve"}


def test_intervals_hold_the_metric_and_narrow_with_the_rows() -> None:
    class Coin:
        classes_ = np.array([0, 1])

        def predict(self, data: Any) -> Any:
            return data

    random = np.random.default_rng(0)
    widths = []
    for rows in (50, 5000):
        truth = random.integers(2, size=rows)
        answers = np.where(random.random(rows) < 0.8, truth, 1 - truth)
        low, high = intervals(Coin(), answers, truth, "classification")["accuracy"]
        assert low < accuracy_score(truth, answers) < high
        widths.append(high - low)
    # Against the normal approximation to the binomial.
    assert widths[1] == pytest.approx(2 * 1.96 * (0.16 / 5000) ** 0.5, rel=0.25)
    assert widths[0] > 5 * widths[1]


def test_a_browser_gets_the_page_and_a_program_the_json(birds: Path) -> None:
    from urllib.request import Request, urlopen  # noqa: PLC0415

    with served(birds) as url:
        kinds = {}
        for accept in ("text/html,*/*;q=0.8", "application/json", "*/*"):
            request = Request(f"{url}model", headers={"accept": accept, "x-api-key": KEY})  # noqa: S310
            with urlopen(request) as response:  # noqa: S310
                assert "unsafe" not in response.headers.get("content-security-policy", "")
                kinds[accept] = response.headers.get_content_type()
    assert [*kinds.values()] == ["text/html", "application/json", "application/json"]


WINE = load_wine(as_frame=True)


def card_of(estimator: Any, data: Any, target: Any, folder: Path) -> tuple[set[str], str]:
    """The plots of a trained model by name, and its card."""
    path = train(Training("model", data, target, estimator), folder)
    return {picture.stem for picture in (path / "plots").iterdir()}, (path / artifact.MODEL_CARD).read_text()


def test_two_outputs_have_plots_of_their_own(tmp_path: Path) -> None:
    numbers = load_linnerud(as_frame=True)
    plots, card = card_of(
        LinearRegression(), numbers.data, numbers.target[["Weight", "Waist"]], tmp_path / "a"
    )
    shown = {
        "predicted_1",
        "residuals_1",
        "predicted_2",
        "residuals_2",
        "permutation_importance",
        "learning_curve",
    }
    assert plots == shown
    assert "Residuals, Weight" in card
    assert "| mean absolute error of Waist |" in card
    labels = pd.DataFrame({"red": (WINE.data.hue > 1).astype(str), "cultivar": WINE.target.astype(str)})
    plots, _ = card_of(DecisionTreeClassifier(random_state=0), WINE.data, labels, tmp_path / "b")
    assert {"confusion_matrix_1", "confusion_matrix_2", "roc_1", "calibration_2", "learning_curve"} <= plots


def test_clusters_and_outliers_are_drawn_and_explained(tmp_path: Path) -> None:
    clusters = make_pipeline(StandardScaler(), KMeans(3, n_init=2, random_state=0))
    plots, card = card_of(clusters, WINE.data, None, tmp_path / "a")
    assert plots == {"cluster_sizes", "cluster_profiles"}
    assert "of 36 rows of the holdout" in card
    assert "- `distances`: how far the row is from the centre of each cluster" in card
    plots, card = card_of(IsolationForest(n_estimators=10, random_state=0), WINE.data, None, tmp_path / "b")
    assert plots == {"scores"}
    assert "-1 for an outlier" in card
    assert "learning curve" not in card


def test_a_plot_that_is_not_drawn_is_explained_and_no_caption_tells_of_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(2600, 79))
    data = pd.DataFrame(rows, columns=[f"column {index}" for index in range(79)])
    plots, card = card_of(DecisionTreeClassifier(max_depth=3), data, data["column 7"] > 0, tmp_path)
    assert "permutation_importance" in plots
    assert "learning_curve" not in plots
    assert "is cross-validated" not in card
    assert "No learning curve: it would take 15 more fits" in card
    (path,) = tmp_path.glob("model/*")
    described = json.loads((path / artifact.STATISTICS).read_text())["columns"]
    assert max(described, key=lambda name: described[name]["importance"]) == "column 7"
