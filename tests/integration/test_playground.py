"""The playground in a real browser, over real estimators; `.skylayer/screenshots` keeps its pictures."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import browser
import numpy as np
import pandas as pd
import pytest
from browser import SCREENSHOTS
from playgrounds import Live, live
from selenium.webdriver.common.keys import Keys
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from web import KEY, served

import skylayer
from serving import limits

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
def birds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live("classification", tmp_path_factory.mktemp("models")) as found:
        yield found


def test_the_page_is_small_and_tells_nothing_of_the_data(birds: Live) -> None:
    url, _, frame = birds
    with urlopen(url) as response:  # noqa: S310 - our own server
        page = response.read()
        policy = response.headers["content-security-policy"]
    assert len(page) < MOST_BYTES
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for word in (*frame.columns, "classification", "Adelie", "Biscoe"):
        assert word.encode() not in page
    assert b'data-authentication="api-key"' in page
    assert not re.search(rb'(src|href)="(https?:)?//?', page)


@browser.needed
def test_a_form_gets_the_answer_of_the_estimator(page: browser.Page, birds: Live) -> None:
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
    page.wait_until_quiet()
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
def test_a_missing_value_shows_an_empty_field_and_comes_back(page: browser.Page, birds: Live) -> None:
    page.resize(1280, 900)
    page.connect(birds.url, KEY)
    missing = page.field("body_mass_g").find_element("css selector", "[type=checkbox]")
    if missing.is_selected():
        missing.click()
    page.type("body_mass_g", "4321")
    missing.click()
    page.wait_until_quiet()
    typed = page.field("body_mass_g").find_element("css selector", "input:not([type=checkbox])")
    assert (typed.get_attribute("value"), typed.is_enabled()) == ("", False)
    assert '"body_mass_g": null' in page.find("#code").text
    missing.click()
    page.wait_until_quiet()
    assert typed.get_attribute("value") == "4321"
    assert '"body_mass_g": 4321' in page.find("#code").text


@browser.needed
@pytest.mark.parametrize("columns", [79, 300])
def test_many_fields_are_ordered_by_importance_folded_and_found(
    page: browser.Page, columns: int, tmp_path: Path
) -> None:
    names = [f"column {index:03}" for index in range(columns)]
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(40, columns)), columns=names)
    estimator = LinearRegression().fit(data, data["column 070"])
    importance = dict.fromkeys(names, 0.0) | {"column 070": 1.0, "column 005": 0.5}
    folder = skylayer.package(
        estimator,
        data,
        data["column 070"],
        name="wide",
        directory=tmp_path,
        importance=importance,
        proof_rows=1000,
    )
    with served(folder) as url:
        page.resize(1280, 900)
        page.colours("light")
        page.connect(url, KEY)
        shown = [each for each in page.all("[data-column]") if each.is_displayed()]
        first = ["column 070", "column 005", "column 000", "column 001"]
        assert [each.get_attribute("data-column") for each in shown][:4] == first
        assert len(shown) == 12
        assert page.text(".fold summary") == f"{columns - 12} more fields"
        assert page.find("#main").size["height"] < 4000
        assert page.text("#bars") == "Bars: the training data."
        assert all(field.find_elements("css selector", ".histogram") for field in shown)
        assert page.violations() == []
        page.picture(SCREENSHOTS / f"fields-{columns}.png")
        page.find("#search").send_keys("COLUMN 04")
        found = [
            each.get_attribute("data-column") for each in page.all("[data-column]") if each.is_displayed()
        ]
        assert found == [f"column 04{digit}" for digit in range(10)]
        page.type("column 044", "long")
        page.find("#search").send_keys(Keys.BACKSPACE * 9)
        assert (
            page.field("column 044")
            .find_element("css selector", ".error")
            .text.startswith("expected a number")
        )
        instance = re.findall(r"\[(\{.*\})\]", page.find("#code").text, flags=re.DOTALL)[0]
        assert [*json.loads(instance)] == names
        assert page.complaints() == []


@browser.needed
def test_an_unseen_category_is_answered_with_a_word(page: browser.Page, tmp_path: Path) -> None:
    towns = [f"town {index}" for index in range(9)]
    data = pd.DataFrame({"town": towns * 5, "rooms": np.arange(45) % 4})
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough"
    )
    estimator = make_pipeline(encode, LinearRegression()).fit(data, data["rooms"])
    folder = skylayer.package(
        estimator, data, data["rooms"], name="towns", directory=tmp_path, proof_rows=1000
    )
    with served(folder) as url:
        page.resize(1280, 900)
        page.connect(url, KEY)
        assert page.all(".warning") == []
        page.type("town", "elsewhere")
        assert page.text("#answer-detail .warning") == "town: 'elsewhere' is a category unseen in training"
        assert page.violations() == []
        page.type("town", "town 3")
        assert page.all(".warning") == []
        assert page.complaints() == []


@browser.needed
def test_choices_are_of_one_width_and_years_without_commas(page: browser.Page, tmp_path: Path) -> None:
    data = pd.DataFrame({"grade": ["Ex", "Fa", "Gd", "Po", "TA"] * 8, "built": np.arange(1900, 1940)})
    encode = make_column_transformer((OneHotEncoder(), ["grade"]), remainder="passthrough")
    estimator = make_pipeline(encode, LinearRegression()).fit(data, data["built"])
    folder = skylayer.package(
        estimator, data, data["built"], name="homes", directory=tmp_path, proof_rows=1000
    )
    with served(folder) as url:
        page.resize(1280, 900)
        page.connect(url, KEY)
        widths = {round(label.rect["width"]) for label in page.all('[data-column="grade"] .choices label')}
        assert len(widths) == 1
        assert page.text('[data-column="built"] .about').split() == ["1900", "1939"]


@browser.needed
def test_an_error_is_shown_at_its_field(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
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


RUNNERS = {
    "curl": ["sh", "-euc"],
    "Python": [sys.executable, "-c"],
    "JavaScript": ["node", "--input-type=module", "--eval"],
}


@browser.needed
@pytest.mark.parametrize("language", RUNNERS)
def test_the_code_gives_the_same_answer(page: browser.Page, birds: Live, language: str) -> None:
    program = RUNNERS[language][0]
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}: apt-get install nodejs curl (Debian)")
    page.connect(birds.url, KEY)
    missing = page.field("body_mass_g").find_element("css selector", "[type=checkbox]")
    if not missing.is_selected():
        missing.click()
        page.wait_until_quiet()
    next(each for each in page.all("#languages button") if each.text == language).click()
    code = page.find("#code").text
    assert KEY not in code
    done = subprocess.run(
        [*RUNNERS[language], code],
        env={**os.environ, "SKYLAYER_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer = page.text("#answer .headline").splitlines()[-1]
    assert re.search(rf"predictions['\"]?: ?\[ ?['\"]{answer}['\"]", done.stdout), done.stdout


@browser.needed
def test_nothing_comes_from_elsewhere(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    page.wait(lambda: page.all("#card table"))
    fetched = page.driver.execute_script(
        "return performance.getEntriesByType('resource').map(({name}) => name)"
    )
    assert {address.removeprefix(birds.url) for address in fetched} == {"model", "predict"}
    assert page.complaints() == []


@browser.needed
def test_an_example_is_no_row_of_the_data(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    rows = {tuple(row) for row in birds.data.astype(object).itertuples(index=False)}
    for _ in range(5):
        page.wait_until_quiet()
        instance = json.loads(re.findall(r"\[(\{.*\})\]", page.find("#code").text, flags=re.DOTALL)[0])
        assert [*instance] == [*birds.data.columns]
        assert tuple(instance.values()) not in rows
        page.find("#another").click()


@browser.needed
def test_the_key_is_kept_for_the_tab_only_and_a_wrong_one_is_told(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    assert page.driver.execute_script("return [localStorage.length, document.cookie]") == [0, ""]
    page.driver.refresh()
    page.wait(lambda: page.find("#main").is_displayed())
    page.find("#forget").click()
    page.wait(lambda: "Enter the API key" in page.text("#status"))
    assert "make key prints it; for what make up started, make key LOCAL=1." in page.text("#key-note")
    assert not page.find("#main").is_displayed()
    page.find("#key").send_keys("wrong", Keys.ENTER)
    page.wait(lambda: "refused" in page.text("#status"))


@browser.needed
def test_a_file_of_5000_rows_comes_back_scored(page: browser.Page, birds: Live, tmp_path: Path) -> None:
    url, estimator, frame = birds
    rows = pd.concat([frame] * 17, ignore_index=True)[:5000]
    rows.insert(0, "year", rows.pop("year"))
    path = tmp_path / "rows.csv"
    rows.to_csv(path, index=False)
    page.connect(url, KEY)
    page.driver.execute_script(
        "window.shares = []; new MutationObserver(() => shares.push(document.getElementById('progress').value))"
        ".observe(document.getElementById('scored'), {childList: true})"
    )
    page.find("#file").send_keys(str(path))
    page.wait(lambda: page.find("#download").is_displayed())
    assert page.text("#scored") == "5,000 rows scored."
    shares = page.driver.execute_script("return shares")
    assert shares == sorted(shares)
    assert {0.1, 0.5, 1} <= set(shares)
    scored = pd.read_csv(download(page))
    assert scored[[*rows.columns]].equals(rows)
    assert scored["prediction"].tolist() == estimator.predict(rows[[*frame.columns]]).tolist()
    probabilities = scored[[f"probability_{name}" for name in estimator.classes_]].to_numpy()
    assert np.abs(probabilities - estimator.predict_proba(rows[[*frame.columns]])).max() < 1e-15


@browser.needed
def test_a_file_may_be_dropped(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    page.driver.execute_script(
        "const dropped = new DataTransfer();"
        "dropped.items.add(new File([arguments[0]], 'rows.csv', {type: 'text/csv'}));"
        "const dropping = new DragEvent('drop', {dataTransfer: dropped, cancelable: true});"
        "document.getElementById('drop').dispatchEvent(dropping);",
        birds.data.head(3).to_csv(index=False),
    )
    page.wait(lambda: page.find("#download").is_displayed())
    assert page.text("#scored") == "3 rows scored."
    assert page.find("#download").get_attribute("download") == "rows-scored.csv"


@browser.needed
def test_a_refused_row_is_told_and_the_others_are_scored(
    page: browser.Page, birds: Live, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    lines = birds.data.head(4).to_csv(index=False).splitlines()
    lines[2] = lines[2].replace(lines[2].split(",")[1], "long", 1)
    lines[3] += ",too many"
    path.write_text("\r\n".join(lines))
    page.connect(birds.url, KEY)
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


@browser.needed
def test_what_is_too_large_at_once_is_sent_in_parts(
    page: browser.Page, birds: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    rows = birds.data.head(200).reset_index(drop=True)
    rows.loc[70, "island"] = "x" * 3_000
    rows.to_csv(path, index=False)
    page.connect(birds.url, KEY)
    # The page has read the limits before they changed, as after a roll-out.
    monkeypatch.setattr(limits, "MAX_ROWS", 20)
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 2_500)
    page.find("#file").send_keys(str(path))
    page.wait(lambda: page.find("#download").is_displayed())
    assert page.text("#scored").startswith("200 rows scored, 1 of them refused")
    assert [item.text for item in page.all("#refused li")] == [
        "Row 71: The body is longer than 2500 bytes: send fewer rows at a time."
    ]
    scored = pd.read_csv(download(page)).drop(index=70)
    assert (
        scored["prediction"].tolist()
        == birds.estimator.predict(birds.data.head(200).drop(rows.index[70])).tolist()
    )


@browser.needed
def test_training_data_are_scored_without_their_target(
    page: browser.Page, birds: Live, tmp_path: Path
) -> None:
    path = tmp_path / "training.csv"
    rows = birds.data.head(1).assign(species="Adelie", note='a "quoted", one')
    rows.to_csv(path, index=False)
    page.connect(birds.url, KEY)
    page.find("#file").send_keys(str(path))
    page.wait(lambda: page.find("#download").is_displayed())
    told = "1 row scored. Not sent, since the model does not take it: species, note."
    assert page.text("#scored") == told
    scored = pd.read_csv(download(page))
    assert scored["prediction"].tolist() == birds.estimator.predict(birds.data.head(1)).tolist()
    assert scored["note"].tolist() == ['a "quoted", one']


@browser.needed
def test_a_file_that_lacks_a_column_is_told_which(page: browser.Page, birds: Live, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    birds.data.head(2).rename(columns={"island": "Island"}).to_csv(path, index=False)
    page.connect(birds.url, KEY)
    page.find("#file").send_keys(str(path))
    page.wait(lambda: "lacks" in page.text("#scored"))
    told = "Not scored: the file lacks the column island; it has Island, which the model does not take."
    assert page.text("#scored") == told


def download(page: browser.Page) -> Path:
    """The file that the page offers, once the browser has kept it."""
    path = page.downloads / str(page.find("#download").get_attribute("download"))
    path.unlink(missing_ok=True)
    page.find("#download").click()
    page.wait(path.exists)
    return path


@browser.needed
@pytest.mark.parametrize("kind", ["regression", "text"])
def test_other_models(page: browser.Page, kind: str, tmp_path: Path) -> None:
    with live(kind, tmp_path) as found:
        page.resize(1280, 900)
        page.connect(found.url, KEY)
        instance = json.loads(re.findall(r"\[(\{.*\})\]", page.find("#code").text, flags=re.DOTALL)[0])
        row = pd.DataFrame([instance]) if kind == "regression" else [*instance.values()]
        answer = found.estimator.predict(row)[0]
        shown = page.text("#answer .headline").splitlines()[-1]
        assert (
            (float(shown.replace(",", "")) == pytest.approx(answer, rel=1e-5))
            if kind == "regression"
            else shown == answer
        )
        assert page.complaints() == []


@browser.needed
def test_a_token_is_asked_for_where_the_stack_takes_tokens(
    page: browser.Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_AUTHENTICATION", "cognito")
    with live("text", tmp_path, header="authorization", key=f"Bearer {KEY}") as found:
        page.driver.get(found.url)
        page.wait(lambda: page.text("#status"))
        assert page.text("#status") == "Enter the ID token of this stack to begin."
        page.connect(found.url, KEY)
        assert page.text("#answer").startswith("opinion")
        assert '-H "authorization: Bearer $SKYLAYER_ID_TOKEN"' in page.find("#code").text
        page.find("#forget").click()


@browser.needed
def test_nothing_is_asked_for_where_anybody_may_call(
    page: browser.Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_AUTHENTICATION", "none")
    with live("text", tmp_path, key=None) as found:
        page.driver.get(found.url)
        page.wait(lambda: page.find("#main").is_displayed() and page.is_quiet())
        assert not page.find("#connect").text
        assert "SKYLAYER" not in page.find("#code").text


@browser.needed
def test_a_page_that_cannot_sign_says_so(
    page: browser.Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_AUTHENTICATION", "iam")
    with live("text", tmp_path) as found:
        page.driver.get(found.url)
        page.wait(lambda: "a page can't sign" in page.text("#status"))
        assert not page.find("#key").is_displayed()
