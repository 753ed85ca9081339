"""The playground in a real browser, over real estimators; `.skylayer/screenshots` keeps its pictures."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import browser
import numpy as np
import pandas as pd
import pytest
from browser import SCREENSHOTS
from estimators import houses, penguins, reviews
from selenium.webdriver.common.keys import Keys
from web import KEY, served

import skylayer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# The largest page that still opens at once on a telephone.
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with browser.chromium(tmp_path_factory.mktemp("downloads")) as opened:
        yield opened


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any, pd.DataFrame]]:
    estimator, frame = penguins()
    target = pd.Series(estimator.predict(frame), name="species")
    folder = skylayer.package(
        estimator, frame, target, name="penguins", directory=tmp_path_factory.mktemp("models")
    )
    with served(folder) as url:
        yield url, estimator, frame


def test_the_page_is_small_and_tells_nothing_of_the_data(birds: tuple[str, Any, pd.DataFrame]) -> None:
    url, _, frame = birds
    with urlopen(url) as response:  # noqa: S310 - our own server
        page = response.read()
        policy = response.headers["content-security-policy"]
    assert len(page) < MOST_BYTES
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for word in (*frame.columns, "penguins", "Adelie", "Biscoe"):
        assert word.encode() not in page
    assert not re.search(rb'(src|href)="(https?:)?//?', page)


@browser.needed
def test_a_form_gets_the_answer_of_the_estimator(
    page: browser.Page, birds: tuple[str, Any, pd.DataFrame]
) -> None:
    url, estimator, frame = birds
    page.resize(1280, 900)
    page.colours("light")
    page.connect(url, KEY)
    row = {"island": "Dream", "bill_length_mm": 47.3, "flipper_length_mm": 201, "body_mass_g": None}
    row |= {"ringed": True, "year": 2008}
    page.type("bill_length_mm", "47.3")
    page.type("flipper_length_mm", "201")
    page.type("year", "2008")
    missing = page.field("body_mass_g").find_element("css selector", "[type=checkbox]")
    if not missing.is_selected():
        missing.click()
    for column, choice in (("island", '"Dream"'), ("ringed", "true")):
        page.field(column).find_element("css selector", f"input[value='{choice}']").click()
    page.settle()
    data = pd.DataFrame([row]).astype(frame.dtypes.to_dict())
    assert page.text("#answer").splitlines() == ["species", estimator.predict(data)[0]]
    shown = [float(item.text.rstrip("%")) for item in page.all("#answer-detail .number")]
    assert shown == pytest.approx(100 * estimator.predict_proba(data)[0], abs=0.051)
    assert (
        page.find('[data-column="bill_length_mm"] .histogram line').get_attribute("visibility") == "visible"
    )
    assert page.find('[data-column="body_mass_g"] .histogram line').get_attribute("visibility") == "hidden"
    page.picture(SCREENSHOTS / "classification.png")
    assert page.complaints() == []


@browser.needed
def test_an_error_is_shown_at_its_field(page: browser.Page, birds: tuple[str, Any, pd.DataFrame]) -> None:
    page.connect(birds[0], KEY)
    page.type("flipper_length_mm", "long")
    error = page.field("flipper_length_mm").find_element("css selector", ".error")
    assert error.text == 'expected an integer, got the string "long"'
    described_by = (
        page.field("flipper_length_mm")
        .find_element("css selector", "input")
        .get_attribute("aria-describedby")
    )
    assert error.get_attribute("id") in str(described_by).split()
    assert page.field("flipper_length_mm").find_element("css selector", "[aria-invalid=true]")
    page.picture(SCREENSHOTS / "field-error.png")
    page.type("flipper_length_mm", "200")
    assert page.all("[aria-invalid]") == []
    assert page.text("#answer").startswith("species")


@browser.needed
def test_the_keyboard_alone_is_enough(page: browser.Page, birds: tuple[str, Any, pd.DataFrame]) -> None:
    page.connect(birds[0], KEY)
    before = page.find("#code").text
    page.field("year").find_element("css selector", "input").send_keys(
        Keys.TAB, Keys.ARROW_LEFT, Keys.ARROW_LEFT
    )
    page.settle()
    assert page.find("#code").text != before
    page.find("#languages [aria-selected=true]").send_keys(Keys.ARROW_RIGHT)
    assert page.driver.switch_to.active_element.text == "Python"
    assert page.find("#code").text.startswith("import json")


@browser.needed
def test_the_python_code_gives_the_same_answer(
    page: browser.Page,
    birds: tuple[str, Any, pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page.connect(birds[0], KEY)
    page.all("#languages button")[1].click()
    monkeypatch.setenv("SKYLAYER_API_KEY", KEY)
    exec(compile(page.find("#code").text, "snippet", "exec"), {})  # noqa: S102 - it is what is tested
    assert f"'predictions': ['{page.text('#answer .headline').splitlines()[-1]}']" in capsys.readouterr().out
    assert KEY not in page.find("#code").text


@browser.needed
def test_the_key_is_kept_for_the_tab_only_and_a_wrong_one_is_told(
    page: browser.Page, birds: tuple[str, Any, pd.DataFrame]
) -> None:
    page.connect(birds[0], KEY)
    assert page.driver.execute_script("return [localStorage.length, document.cookie]") == [0, ""]
    page.driver.refresh()
    page.wait(lambda: page.find("#main").is_displayed())
    page.find("#forget").click()
    page.wait(lambda: "Enter the API key" in page.text("#status"))
    assert not page.find("#main").is_displayed()
    page.find("#key").send_keys("wrong", Keys.ENTER)
    page.wait(lambda: "refused" in page.text("#status"))


@browser.needed
def test_a_file_of_5000_rows_comes_back_scored(
    page: browser.Page, birds: tuple[str, Any, pd.DataFrame], tmp_path: Path
) -> None:
    url, estimator, frame = birds
    rows = pd.concat([frame] * 17, ignore_index=True)[:5000]
    rows.insert(0, "year", rows.pop("year"))
    path = tmp_path / "rows.csv"
    rows.to_csv(path, index=False)
    page.connect(url, KEY)
    page.find("#file").send_keys(str(path))
    page.wait(lambda: page.find("#download").is_displayed())
    assert page.text("#scored") == "5,000 rows scored."
    scored = pd.read_csv(download(page))
    assert scored[[*rows.columns]].equals(rows)
    assert scored["prediction"].tolist() == estimator.predict(rows[[*frame.columns]]).tolist()
    probabilities = scored[[f"probability_{name}" for name in estimator.classes_]].to_numpy()
    assert np.abs(probabilities - estimator.predict_proba(rows[[*frame.columns]])).max() < 1e-15


@browser.needed
def test_a_refused_row_is_told_and_the_others_are_scored(
    page: browser.Page, birds: tuple[str, Any, pd.DataFrame], tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    lines = birds[2].head(4).to_csv(index=False).splitlines()
    lines[2] = lines[2].replace(lines[2].split(",")[1], "long", 1)
    lines[3] += ",too many"
    path.write_text("\r\n".join(lines))
    page.connect(birds[0], KEY)
    page.find("#file").send_keys(str(path))
    page.wait(lambda: page.find("#download").is_displayed())
    assert [item.text for item in page.all("#refused li")] == [
        'Row 2: bill_length_mm: expected a number, got the string "long"',
        "Row 3: 7 cells where the header has 6",
    ]
    with download(page).open(newline="") as file:
        scored = list(csv.DictReader(file, restkey="more"))
    assert [bool(row["prediction"]) for row in (scored[0], scored[1], scored[3])] == [True, False, True]
    assert "expected a number" in scored[1]["error"]


def download(page: browser.Page) -> Path:
    """The file that the page offers, once the browser has kept it."""
    path = page.downloads / str(page.find("#download").get_attribute("download"))
    path.unlink(missing_ok=True)
    page.find("#download").click()
    page.wait(path.exists)
    return path


@browser.needed
def test_a_telephone_at_night(page: browser.Page, birds: tuple[str, Any, pd.DataFrame]) -> None:
    page.resize(390, 844)
    page.colours("dark")
    page.connect(birds[0], KEY)
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    page.picture(SCREENSHOTS / "telephone.png")
    page.resize(1280, 900)
    page.colours("light")


@browser.needed
def test_every_control_has_a_name(page: browser.Page, birds: tuple[str, Any, pd.DataFrame]) -> None:
    page.connect(birds[0], KEY)
    controls = [
        each
        for each in page.all("input, select, textarea, button, a, progress, svg[role=img]")
        if each.is_displayed()
    ]
    assert len(controls) > 15
    assert [each.get_attribute("outerHTML") for each in controls if not each.accessible_name] == []


@browser.needed
@pytest.mark.parametrize("kind", ["regression", "text"])
def test_other_models(page: browser.Page, kind: str, tmp_path: Path) -> None:
    estimator, data = houses() if kind == "regression" else reviews()
    target = pd.Series(estimator.predict(data), name="price_thousands" if kind == "regression" else "opinion")
    folder = skylayer.package(estimator, data, target, name=kind, directory=tmp_path, proof_rows=1000)
    with served(folder) as url:
        page.resize(1280, 900)
        page.connect(url, KEY)
        instance = json.loads(
            page.driver.execute_async_script(
                "fetch('model', {headers: {'x-api-key': sessionStorage.getItem('skylayer-api-key')}})"
                ".then((answer) => answer.text()).then(arguments[0])"
            )
        )["examples"]["instances"][0]
        row = pd.DataFrame([instance]) if kind == "regression" else [*instance.values()]
        answer = estimator.predict(row)[0]
        shown = page.text("#answer .headline").splitlines()[-1]
        assert (float(shown) == pytest.approx(answer, rel=1e-5)) if kind == "regression" else shown == answer
        page.picture(SCREENSHOTS / f"{kind}.png")
        assert page.complaints() == []
