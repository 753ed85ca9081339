"""The playground for every eye, hand and screen: `.skylayer/screenshots` keeps a picture of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import browser
import pytest
from browser import SCREENSHOTS
from playgrounds import MAKERS, Live, live
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from web import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = list(browser.MARKS)

SCREENS = {"desktop": (1280, 900), "telephone": (390, 844)}
CONTROLS = "a[href], input, select, textarea, button, [tabindex]"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with browser.chromium(tmp_path_factory.mktemp("downloads")) as opened:
        yield opened


@pytest.fixture(scope="module", params=MAKERS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(request.param, tmp_path_factory.mktemp("models")) as found:
        yield found


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live("classification", tmp_path_factory.mktemp("models")) as found:
        yield found


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_screen_passes_axe(page: browser.Page, model: Live, screen: str, colours: str) -> None:
    page.resize(*SCREENS[screen])
    page.colours(colours)
    page.driver.get(model.url)
    page.driver.execute_script("sessionStorage.clear()")
    page.driver.refresh()
    page.wait(lambda: page.text("#status"))
    assert page.violations() == []
    page.connect(model.url, KEY)
    assert page.violations() == []
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    page.picture(SCREENSHOTS / f"{page.text('#name')}-{screen}-{colours}.png")
    assert page.complaints() == []


def test_a_refused_form_passes_axe_too(page: browser.Page, birds: Live) -> None:
    page.resize(1280, 900)
    for colours in ("light", "dark"):
        page.colours(colours)
        page.connect(birds.url, KEY)
        page.type("flipper_length_mm", "long")
        assert page.violations() == []
        page.picture(SCREENSHOTS / f"field-error-{colours}.png")


def test_axe_finds_what_is_wrong(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    page.driver.execute_script("document.getElementById('copy').textContent = ''")
    assert [line.split(":")[0] for line in page.violations()] == ["button-name"]


@pytest.mark.slow
def test_the_card_passes_axe_as_a_page_and_keeps_its_style(page: browser.Page, tmp_path: Path) -> None:
    with live("classification", tmp_path, key=None) as found:
        page.resize(*SCREENS["telephone"])
        for colours in ("light", "dark"):
            page.colours(colours)
            page.driver.get(f"{found.url}model")
            assert page.violations() == []
            assert page.find("#card").value_of_css_property("border-radius") != "0px"
            assert page.complaints() == []


def test_every_control_has_a_name(page: browser.Page, model: Live) -> None:
    page.connect(model.url, KEY)
    controls = [each for each in page.all(f"{CONTROLS}, progress, svg[role=img]") if each.is_displayed()]
    assert len(controls) > 5
    assert [each.get_attribute("outerHTML") for each in controls if not each.accessible_name] == []


def test_tab_reaches_every_control_from_top_to_bottom(page: browser.Page, model: Live) -> None:
    page.resize(1280, 900)
    page.connect(model.url, KEY)
    page.driver.refresh()  # so that nothing has the focus
    page.wait(lambda: page.find("#main").is_displayed() and page.is_quiet() and page.all("#card table"))
    focusable = page.driver.execute_script(
        f"return [...document.querySelectorAll('{CONTROLS}')].filter((each) => each.tabIndex >= 0 && !each.disabled "
        "&& each.checkVisibility() && (each.type !== 'radio' || each.checked))"
    )
    reached = []
    for _ in focusable:
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        reached.append(page.driver.switch_to.active_element)
    assert reached == focusable


def test_the_keyboard_alone_is_enough(page: browser.Page, birds: Live) -> None:
    page.connect(birds.url, KEY)
    before = page.find("#code").text
    page.field("year").find_element("css selector", "input").send_keys(
        Keys.TAB, Keys.ARROW_LEFT, Keys.ARROW_LEFT
    )
    page.wait_until_quiet()
    assert page.find("#code").text != before
    page.find("#languages [aria-selected=true]").send_keys(Keys.ARROW_RIGHT)
    assert page.driver.switch_to.active_element.text == "Python"
    assert page.find("#code").text.startswith("import json")
