"""The model card: what a model is and how good, in words, numbers and plots, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import artifact
from skylayer.card import page, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skylayer.card.plots import Plot


def files(
    manifest: dict[str, Any], card_text: str, plots: Sequence[Plot], sizes: dict[str, int]
) -> dict[str, bytes]:
    """The files of a card, by their names in the artifact.

    Args:
        manifest: The artifact's manifest, which has no version yet.
        card_text: What the owner says of the model, as Markdown: intended use, licence.
        plots: Its pictures.
        sizes: Bytes of the engines' files, by name.
    """
    card = text.write(manifest, card_text, [page.image(plot) for plot in plots], sizes)
    return {
        artifact.MODEL_CARD: card.encode(),
        artifact.MODEL_CARD_PAGE: page.render(manifest["name"], card, plots).encode(),
        **{page.path_of(plot): plot.svg.encode() for plot in plots},
    }
