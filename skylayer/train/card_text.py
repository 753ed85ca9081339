"""The owner's words on a model, which belong to it by name: training/card.md begins with `# name`."""

from __future__ import annotations

FILE = "training/card.md"


def text_of(card: str | None, name: str) -> tuple[str, str]:
    """The words of a card that are about a model, and what to tell of them.

    A fork that serves another model has the card of the template's still: its words are not about the fork's model.

    Args:
        card: The content of training/card.md, None where there is no such file.
        name: Of the model.

    Returns:
        The words without their title, empty where there are none; a sentence where they were left out, else empty.
    """
    head, _, words = (card or "").lstrip("\ufeff").strip().partition("\n")
    if not head:
        return "", ""
    if head.strip() == f"# {name}":
        return words.strip(), ""
    about = f"is about {head.removeprefix('# ').strip()}" if head.startswith("# ") else "names no model"
    return (
        "",
        f"{FILE} {about}, so the card of {name} has none of its words: let it begin with the line # {name}.",
    )
