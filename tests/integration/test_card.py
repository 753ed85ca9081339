"""The model card: written at training, its numbers true, its page whole by itself."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from estimators import houses, penguins
from sklearn.metrics import accuracy_score
from web import KEY, served

from serving import artifact
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
    assert f"| accuracy | {manifest['metrics']['cross_validation']['accuracy']['mean']:.4g} ±" in card
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
