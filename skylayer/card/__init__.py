"""The model card: what a model is and how good, in words, numbers and plots, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import artifact
from skylayer.card import page, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skylayer.card.plots import Plot


def files(
    manifest: dict[str, Any],
    card_text: str,
    plots: Sequence[Plot],
    sizes: dict[str, int],
    plot_notes: Sequence[str] = (),
) -> dict[str, bytes]:
    """The files of a card, by their names in the artifact.

    Args:
        manifest: The artifact's manifest, which has no version yet.
        card_text: What the owner says of the model, as Markdown: intended use, licence.
        plots: Its pictures.
        sizes: Bytes of the engines' files, by name.
        plot_notes: Sentences on pictures that aren't there.
    """
    shown = [*_about(plots, plot_notes), *(page.image(plot) for plot in plots)]
    card = text.write(manifest, card_text, shown, sizes)
    return {
        artifact.MODEL_CARD: card.encode(),
        artifact.MODEL_CARD_PAGE: page.render(manifest["name"], card, plots).encode(),
        **{page.path_of(plot): plot.svg.encode() for plot in plots},
    }


def _about(plots: Sequence[Plot], notes: Sequence[str]) -> list[str]:
    """What the pictures that are there show, and why others aren't."""
    learning = [plot for plot in plots if plot.name == "learning_curve"]
    said = ["Of the holdout, which the model has never seen."] if len(plots) > len(learning) else []
    said += ["The learning curve is cross-validated on the other rows."] if learning else []
    return [" ".join([*said, *notes])] if said or notes else []
