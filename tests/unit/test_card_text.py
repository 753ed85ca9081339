"""Names in a model card are text: none becomes a picture, a link or markup, and the page fetches nothing."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from serving import playground
from skylayer import card
from skylayer.card.plots import Plot
from skylayer.card.text import plain

EVIL = [
    "![p](http://x.example/a.png)",
    "[link](javascript:alert(1))",
    "<http://x.example>",
    "<img src=http://x.example>",
    "a | b \\| c",
    "`code`",
    "**bold** _it_ &copy; ~~no~~",
    "\\![p](http://x.example/b.png)",
    "two\nlines ![p](http://x.example)",
]


def manifest(name: str) -> dict[str, Any]:
    return {
        "name": "birds",
        "task": "classification",
        "training": {"rows": 3},
        "output": {"fields": [], "targets": [name], "classes": [name, "b"]},
        "metrics": {},
        "input": {
            "columns": [{"name": name, "kind": "category", "nullable": False, "categories": [name, "x_y"]}]
        },
        "engine": "sklearn",
        "engine_reason": f"The step {name} doesn't compile.",
        "engines": {"sklearn": {"file": "estimator.joblib"}},
        "libraries": {},
    }


def made(name: str, text: str = "") -> tuple[str, str]:
    plot = Plot("roc", name, f"A curve of {name}", "<svg></svg>")
    files = card.files(manifest(name), text, [plot], {"estimator.joblib": 1})
    return files["model_card.md"].decode(), files["model_card.html"].decode()


@pytest.mark.parametrize("name", EVIL)
def test_a_name_stays_text_in_the_card(name: str) -> None:
    _, page = made(name)
    body, figures = re.subn("<figure>.*?</figure>", "", page.partition("<body>")[2], flags=re.DOTALL)
    assert figures == 1
    assert not re.search("<(img|a|code|strong|em|s)[ >]", body)
    cells = re.findall("<td>(.*?)</td>", body, flags=re.DOTALL)
    assert len(cells) == 4
    assert html.unescape(cells[0]) == " ".join(name.split("\n"))
    assert html.unescape(cells[3]) == f"{' '.join(name.split(chr(10)))}, x_y"


def test_usual_names_are_written_as_they_are() -> None:
    assert plain("bill_length_mm (in mm), 3.5 to -2!") == "bill_length_mm (in mm), 3.5 to -2!"
    assert plain("_private_ x_") == r"\_private\_ x\_"
    assert plain(None) == "None"


def test_the_page_s_own_policy_lets_nothing_be_fetched_or_run() -> None:
    _, page = made("a", "An image ![of somebody else's](http://x.example/c.png).")
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert policy == playground.card_policy(style)
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src '{playground.digest(style)}'" in policy
    assert "img-src data:" in policy
    assert "frame-ancestors" not in policy  # which means nothing in a page
    assert page.index("Content-Security-Policy") < page.index("<style>")
