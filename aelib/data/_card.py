"""How a dataset shows itself: a few lines of text, or a card in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._dataset import Dataset


def text_card(dataset: Dataset) -> str:
    """One line: name, number of items, shape of one, type of the values, classes."""
    classes = f", {len(dataset.label_names)} classes" if dataset.label_names else ""
    shape = " × ".join(str(side) for side in dataset.shape)
    return f"Dataset({dataset.name!r}: {len(dataset)} items of {shape} {dataset.x.dtype}{classes})"


def html_card(dataset: Dataset) -> str:
    """The card for notebooks."""
    return f"<code>{text_card(dataset)}</code>"
