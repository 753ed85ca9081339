"""Chromium without a window, driven through WebDriver."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

MARKS = (
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None,
        reason="needs Chromium and its driver: apt-get install chromium chromium-driver (Debian)",
    ),
)


def needed(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that opens a browser, which skips where there is none."""
    for mark in MARKS:
        test = mark(test)
    return test


SECONDS = 15
SCREENSHOTS = Path(__file__).parents[1] / ".skylayer" / "screenshots"


class Page:
    """The playground, open in a browser."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, SECONDS).until(lambda _: condition())

    def connect(self, url: str, key: str) -> None:
        """Open the page anew, as a visitor who has not been here."""
        self.driver.get(url)
        self.driver.execute_script("sessionStorage.clear()")
        self.driver.refresh()
        self.wait(lambda: self.text("#status"))
        self.find("#key").send_keys(key)
        self.find("#connect-button").click()
        self.wait(lambda: self.find("#main").is_displayed() and self.is_quiet())

    def field(self, column: str) -> WebElement:
        return self.find(f'[data-column="{column}"]')

    def type(self, column: str, value: str) -> None:
        field = self.field(column).find_element(By.CSS_SELECTOR, "input:not([type=checkbox]), textarea")
        field.clear()
        field.send_keys(value)
        self.wait_until_quiet()

    def wait_until_quiet(self) -> None:
        time.sleep(0.2)  # the page itself waits that long for the next key
        self.wait(self.is_quiet)

    def is_quiet(self) -> bool:
        return "stale" not in (self.find("#answer").get_attribute("class") or "") and bool(
            self.text("#answer")
        )

    def colours(self, scheme: str) -> None:
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def picture(self, path: Path) -> None:
        """Keep the whole page as a picture."""
        width = self.driver.execute_script("return innerWidth")
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.resize(width, height)
        self.driver.execute_script("scrollTo(0, 0)")
        self.driver.save_screenshot(str(path))

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 (A and AA) and its own good practice, each with its element."""
        self.driver.execute_script(_axe())
        found = self.driver.execute_async_script(
            "axe.run().then(({violations}) => arguments[0](violations),"
            " (error) => arguments[0]([{id: String(error), nodes: []}]))"
        )
        return [
            f"{violation['id']}: {node['html']} {node['failureSummary']}"
            for violation in found
            for node in violation["nodes"] or [{"html": "", "failureSummary": ""}]
        ]

    def complaints(self) -> list[str]:
        """What the browser complained of since the last time, but for answers such as 403 and 422."""
        messages = [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]
        return [message for message in messages if "Failed to load resource" not in message]


def _axe() -> str:
    """The script of axe, which a package brings beside code that isn't needed here."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")


@contextmanager
def chromium(downloads: Path) -> Iterator[Page]:
    """A browser that keeps what it downloads in a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    arguments = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    )
    for argument in arguments:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Page(driver, downloads)
    finally:
        driver.quit()
