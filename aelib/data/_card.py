"""How a dataset shows itself in a notebook: a card made of its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from aelib._column import Column
from aelib.data._png import data_uri, to_bytes

_THUMBNAILS = 12
_LARGEST = 160  # pixels; larger images are thinned out

# Colors are inherited and lines half transparent, so the card suits light and dark pages.
_CARD = "border:1px solid rgba(128,128,128,.45);border-radius:6px;padding:.7em 1em;max-width:46em"
_ROW = "text-align:left;vertical-align:top;padding:.1em .9em .1em 0;border:0;background:none"


def card(title: str, size: str, preview: str, description: str, facts: Mapping[str, str]) -> str:
    """The HTML of a card; ``preview`` is HTML already, facts without a text are left out."""
    rows = "".join(
        f'<tr><th scope="row" style="{_ROW}">{name}</th><td style="{_ROW}">{escape(text)}</td></tr>'
        for name, text in facts.items()
        if text
    )
    return (
        f'<div class="aelib-dataset" style="{_CARD}">'
        f"<div><strong>{escape(title)}</strong> · {escape(size)}</div>"
        f"{preview}"
        f'<p style="margin:.5em 0">{escape(description)}</p>'
        f'<table style="border:0;margin:0">{rows}</table></div>'
    )


def describe_size(x: np.ndarray, shape: tuple[int, ...]) -> str:
    """Number of examples, shape of one, type of the values."""
    sides = " × ".join(str(side) for side in shape)
    noun = "example" if len(x) == 1 else "examples"
    return f"{len(x):,} {noun} of {sides}, {x.dtype}"


def describe_values(x: np.ndarray) -> str:
    """Range of the values, and how many are zero or missing."""
    if not x.size:
        return ""
    present = x[~np.isnan(x)] if x.dtype.kind == "f" else x.reshape(-1)
    if not present.size:
        return "all missing"
    missing = f", {1 - present.size / x.size:.1%} missing" if present.size < x.size else ""
    zeros = 1 - np.count_nonzero(present) / present.size
    return f"{present.min():g} to {present.max():g}, {zeros:.1%} exactly zero{missing}"


def describe_classes(labels: np.ndarray | None, label_names: Sequence[str]) -> str:
    """The classes and how many examples each has."""
    if labels is None:
        return ""
    numbers, counts = np.unique(labels, return_counts=True)
    shown = [
        f"{class_name(number, label_names)} ({count:,})"
        for number, count in zip(numbers, counts, strict=True)
    ]
    return ", ".join(shown[:24]) + (f" and {len(shown) - 24} more" if len(shown) > 24 else "")


def class_name(label: int, label_names: Sequence[str]) -> str:
    """Name of a class, or its number where classes have no names."""
    return label_names[label] if label_names else str(label)


def thumbnails(
    name: str,
    images: np.ndarray,
    labels: np.ndarray | None,
    label_names: Sequence[str],
) -> str:
    """Some of the images ``[n, h, w(, c)]``, as pictures that the page holds itself."""
    rows = _some_examples(len(images), labels)
    step = max(1, -(-max(images.shape[1:3]) // _LARGEST))
    shown = images[rows, ::step, ::step]
    if shown.ndim == 4 and shown.shape[-1] == 1:
        shown = shown[..., 0]
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    height, width = shown.shape[1:3]
    scale = max(1, 56 // max(height, width))
    pictures = []
    for row, pixels in zip(rows, shown, strict=True):
        text = f"example {row} of {name}"
        if labels is not None:
            text += f", {class_name(labels[row], label_names)}"
        pictures.append(
            f'<img src="{data_uri(to_bytes(np.nan_to_num(pixels), low, high))}" '
            f'alt="{escape(text)}" title="{escape(text)}" width="{width * scale}" '
            f'height="{height * scale}" style="image-rendering:pixelated;margin:2px">'
        )
    return f'<div style="margin:.5em 0">{"".join(pictures)}</div>'


def column_table(x: np.ndarray, columns: Sequence[Column]) -> str:
    """One row for each column of a mixed table: its kind, its values, their meaning."""
    rows = []
    for index, column in enumerate(columns):
        if column.levels:
            about = f"{column.num_levels} levels: {', '.join(column.levels[:3])}"
            about += ", …" if column.num_levels > 3 else ""
        else:
            about = f"{x[:, index].min():g} to {x[:, index].max():g} {column.unit}"
        cells = (column.name, column.kind, about, column.description)
        rows.append("".join(f'<td style="{_ROW}">{escape(cell)}</td>' for cell in cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    heads = ("column", "kind", "values", "meaning")
    head = "".join(f'<th scope="col" style="{_ROW}">{name}</th>' for name in heads)
    return f'<table style="border:0;margin:.5em 0"><tr>{head}</tr>{body}</table>'


def excerpts(texts: Sequence[str], labels: np.ndarray | None, label_names: Sequence[str]) -> str:
    """The beginnings of some texts."""
    shown = []
    for row in _some_examples(len(texts), labels)[:3]:
        text = texts[row]
        text = text if len(text) <= 160 else text[:160].rsplit(" ", 1)[0] + " …"
        label = ""
        if labels is not None and label_names:
            label = f"<strong>{escape(label_names[labels[row]])}</strong> "
        shown.append(f'<p style="margin:.3em 0">{label}{escape(text)}</p>')
    return f'<div style="margin:.5em 0">{"".join(shown)}</div>'


def _some_examples(count: int, labels: np.ndarray | None) -> NDArray[np.int64]:
    """Numbers of some examples: the first of each class in turn, or spread evenly over all."""
    number = min(count, _THUMBNAILS)
    if labels is None:
        return np.linspace(0, count - 1, number).astype(np.int64)
    # Which of its class each example is (first, second, …); examples sort by that, then by class.
    order = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count) - np.repeat(starts, counts)
    return np.lexsort((labels, rank))[:number].astype(np.int64)
