"""The words: links that lead somewhere, verbs and files that exist, messages that the code still says."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from skylayer import commands
from skylayer.__main__ import load, main
from skylayer.commands import diagram

ROOT = Path(__file__).parents[2]
NOT_OURS = {".venv", ".skylayer", ".aws-sam", "clients", "node_modules", ".git"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not NOT_OURS & set(path.relative_to(ROOT).parts)
)  # fmt: skip
IDS = [str(path.relative_to(ROOT)) for path in PAGES]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CALLED_BY_SAM = {"layer", "function"}
# What make does before there is a Python.
OF_MAKE = {"help", "sync", "develop"}
# What the Makefile takes itself.
OF_EVERY_VERB = {"UV"}
VERBS = set(commands.verbs()) - CALLED_BY_SAM | OF_MAKE
# Where the words speak of files, they speak of these folders and of what lies at the top.
FOLDERS = (
    "training|skylayer|functions|layers|model_artifacts|deployment|tests|docs|events|benchmarks|bin|.github"
)
NAMED_FILE = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
# What "make" means where it is no verb of the Makefile.
ENGLISH = {"a", "it", "sure"}


def tokens(path: Path) -> list[Any]:
    """Every token of a page, those within lines included."""
    whole = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    return [part for token in whole for part in (token, *(token.children or ()))]


def links(path: Path) -> list[str]:
    """What the links and pictures of a page point to."""
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens(path)]
    return [str(target) for target in found if target]


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found = tokens(path)
    titles = [found[place + 1].content for place, token in enumerate(found) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code(path: Path) -> list[str]:
    """What stands in code on a page, in lines and in blocks."""
    return [token.content for token in tokens(path) if token.type in {"code_inline", "fence", "code_block"}]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"https?://|mailto:", target):
            continue
        place, _, anchor = unquote(target).partition("#")
        linked = page.parent / place if place else page
        assert linked.exists(), target
        assert linked.resolve().is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_verb_that_is_named_exists(page: Path) -> None:
    for text in code(page):
        for verb in re.findall(r"\bmake ([a-z][a-z-]*)", text):
            assert verb in VERBS, text


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_file_that_is_named_exists(page: Path) -> None:
    for name in NAMED_FILE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists() or "<" in name, name


def test_every_claim_of_what_is_proven_has_a_test_that_exists() -> None:
    whole, _, alone = (ROOT / "docs" / "proven.md").read_text(encoding="utf-8").partition("## What only")
    lines = [line for line in whole.splitlines() if line.startswith("| ") and line != "| claim | shown by |"]
    assert len(lines) > 20
    shown = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")
    for line in lines:
        assert shown.search(line) or "`make lint`" in line, line
    for name, test in shown.findall(whole + alone):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert f"\ndef {test}(" in text if test else "\ndef test_" in text, (name, test)


def test_every_page_is_in_the_index() -> None:
    listed = {target.partition("#")[0] for target in links(ROOT / "docs" / "README.md")}
    docs = ROOT / "docs"
    there = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - {"README.md"}
    assert there <= listed


def test_the_code_names_only_verbs_that_exist() -> None:
    for path in (
        *(ROOT / "skylayer").rglob("*.py"),
        ROOT / "samconfig.toml",
        ROOT / "template.yaml",
        *(ROOT / "layers").rglob("*.py"),
    ):
        for literal in re.findall(r"[`\"(:;,] ?make ([a-z][a-z-]*)", path.read_text(encoding="utf-8")):
            assert literal in VERBS | ENGLISH, (path, literal)


@cache
def messages() -> list[str]:
    """Every text of the code, with … for what is filled in."""
    found = []
    for folder in ("skylayer", "layers/serving/serving"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                text = _text(node)
                if text:
                    found.append(text)
    scripts = [MAKEFILE, *(path.read_text(encoding="utf-8") for path in (ROOT / "bin").iterdir())]
    said = [
        re.findall(r'(?:echo "|\$\(error )(.*?)(?:"|\)$)', script, flags=re.MULTILINE) for script in scripts
    ]
    return found + [
        re.sub(r"\$\([^()]*(?:\([^()]*\))?[^()]*\)|\$\w+", "…", line) for lines in said for line in lines
    ]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


TROUBLES = (ROOT / "docs" / "troubleshoot.md").read_text(encoding="utf-8").split("## What AWS says")[0]
SAID = re.findall(r"^\| `([^`]+)` \|", TROUBLES, flags=re.MULTILINE)


def test_the_page_of_troubles_has_messages() -> None:
    assert len(SAID) > 40


@pytest.mark.parametrize("message", SAID)
def test_the_code_still_says_what_the_page_of_troubles_explains(message: str) -> None:
    pattern = ".*".join(map(re.escape, message.split("…")))
    assert any(re.match(pattern, text) for text in messages())


def test_the_picture_of_the_template_is_current() -> None:
    page = diagram.PAGE.read_text(encoding="utf-8")
    assert page == diagram.redrawn(page), "run make diagram"
    for name in ("PredictFunction --> ModelLayer", "ApiKey --- UsagePlan", "Api --> PredictFunction"):
        assert name in page


@pytest.mark.parametrize("verb", sorted(VERBS - OF_MAKE))
def test_a_verb_is_explained_with_its_variables_and_at_work(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help", f"VERB={verb}"]) == 0
    explained, _, shown = capsys.readouterr().out.partition("examples:\n")
    takes = {variable.name for variable in load(verb).VARIABLES}
    assert set(re.findall(r"^  ([A-Z_]+)=…", explained, flags=re.MULTILINE)) == takes
    assert shown
    for call, given in re.findall(r"\bmake ([a-z-]+)((?: [A-Z_]+=\S*)*)", shown):
        assert set(re.findall(r" ([A-Z_]+)=", given)) <= variables_of(call)


def variables_of(verb: str) -> set[str]:
    if verb == "help":
        return {"VERB"}
    return {variable.name for variable in load(verb).VARIABLES} if verb in VERBS - OF_MAKE else set()


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_gives_a_verb_only_what_it_takes(page: Path) -> None:
    for call, given in re.findall(r"\bmake ([a-z-]+)((?: [A-Z_]+=\S*)+)", page.read_text(encoding="utf-8")):
        assert set(re.findall(r" ([A-Z_]+)=", given)) <= variables_of(call) | OF_EVERY_VERB, (call, given)


def test_make_lists_every_verb_with_its_words() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = done.stdout.split("\nexamples:")[0].splitlines()
    assert {line.split()[1] for line in listed} == VERBS
    assert all(len(line.split()) > len(["make", "verb"]) for line in listed)


@pytest.mark.parametrize("verb", ["promote", "start-api", "bootstrap-aws"])
def test_make_explains_a_verb(verb: str) -> None:
    done = subprocess.run(
        ["make", "help", f"VERB={verb}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"make {verb}" in done.stdout.split("examples:")[1]
