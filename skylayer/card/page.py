"""The model card as one page, in the style of the playground, which shows it too."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from serving import artifact, playground
from skylayer.card.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

    from skylayer.card.plots import Plot

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main class="panel" id="card">
{card}
</main>
</body>
</html>
"""


def render(title: str, card: str, plots: Sequence[Plot]) -> str:
    """A card's Markdown as a page that needs nothing else: its plots are data of its own."""
    shown = _markdown().render(card)
    for plot in plots:
        # What Markdown makes of the image's line becomes a figure with its caption.
        shown = shown.replace(_markdown().render(image(plot)).strip(), _figure(plot))
    style = playground.style()
    policy = playground.card_policy(style)
    return _PAGE.format(title=html.escape(title), policy=policy, style=style, card=shown)


def image(plot: Plot) -> str:
    """The line of a card that shows a plot."""
    return f"![{plain(f'{plot.title}. {plot.description}')}]({path_of(plot)})"


def path_of(plot: Plot) -> str:
    """Where a plot lies in its artifact."""
    return f"{artifact.PLOTS}/{plot.name}.svg"


def _figure(plot: Plot) -> str:
    data = base64.b64encode(plot.svg.encode()).decode()
    said = html.escape(plot.description)
    return (
        f'<figure><img alt="{html.escape(plot.title)}. {said}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption><strong>{html.escape(plot.title)}.</strong> {said}</figcaption></figure>"
    )


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", _table)
    return markdown


def _table(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    """A table by the name of its section: wider than a telephone it scrolls, so the keyboard must reach it."""
    heading = next(place for place in range(index, -1, -1) if tokens[place].type == "heading_open")
    return f'<table tabindex="0" aria-label="{html.escape(tokens[heading + 1].content)}">\n'
