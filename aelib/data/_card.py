"""How a dataset shows itself: a line of text, or a card in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aelib.data._png import data_uri, to_bytes

if TYPE_CHECKING:
    from aelib.data._dataset import Dataset

_THUMBNAILS = 12
_LARGEST = 160  # pixels; larger images are thinned out

# Colours are inherited and lines half transparent, so the card suits light and dark pages.
_CARD = "border:1px solid rgba(128,128,128,.45);border-radius:6px;padding:.7em 1em;max-width:46em"
_ROW = "text-align:left;vertical-align:top;padding:.1em .9em .1em 0;border:0;background:none"


def text_card(dataset: Dataset) -> str:
    """One line: name, number of items, shape of one, type of the values, classes."""
    classes = f", {len(dataset.label_names)} classes" if dataset.label_names else ""
    return f"Dataset({dataset.name!r}: {_size(dataset)}{classes})"


def html_card(dataset: Dataset) -> str:
    """A card: pictures, rows or texts of some items, and what must be known about all."""
    facts = {
        "Units": dataset.units,
        "Values": "" if dataset.columns else _values(dataset.x),
        "Classes": _classes(dataset),
        "Default split": _default_split(dataset),
        "Source": dataset.source,
        "Licence": dataset.licence,
        "Citation": dataset.citation,
    }
    rows = "".join(
        f'<tr><th scope="row" style="{_ROW}">{name}</th><td style="{_ROW}">{escape(text)}</td></tr>'
        for name, text in facts.items()
        if text
    )
    return (
        f'<div class="aelib-dataset" style="{_CARD}">'
        f"<div><strong>{escape(dataset.name)}</strong> · {escape(_size(dataset))}</div>"
        f"{_preview(dataset)}"
        f'<p style="margin:.5em 0">{escape(dataset.description)}</p>'
        f'<table style="border:0;margin:0">{rows}</table></div>'
    )


def _size(dataset: Dataset) -> str:
    shape = " × ".join(str(side) for side in dataset.shape)
    noun = "item" if len(dataset) == 1 else "items"
    return f"{len(dataset):,} {noun} of {shape}, {dataset.x.dtype}"


def _values(x: NDArray[Any]) -> str:
    if not x.size:
        return ""
    present = x[~np.isnan(x)] if x.dtype.kind == "f" else x.reshape(-1)
    if not present.size:
        return "all missing"
    missing = f", {1 - present.size / x.size:.1%} missing" if present.size < x.size else ""
    zeros = 1 - np.count_nonzero(present) / present.size
    return f"{present.min():g} to {present.max():g}, {zeros:.1%} exactly zero{missing}"


def _classes(dataset: Dataset) -> str:
    if dataset.labels is None:
        return ""
    numbers, counts = np.unique(dataset.labels, return_counts=True)
    named = [
        dataset.label_names[number] if dataset.label_names else str(number) for number in numbers
    ]
    shown = [f"{name} ({count:,})" for name, count in zip(named, counts, strict=True)]
    return ", ".join(shown[:24]) + (f" and {len(shown) - 24} more" if len(shown) > 24 else "")


def _default_split(dataset: Dataset) -> str:
    try:
        rows = dataset.split_rows()
    except ValueError:
        return "none: too few items, or groups of items that stay together"
    train, validation, test = (f"{len(part):,}" for part in rows)
    together = ""
    if dataset.groups is not None:
        together = f"; {len(np.unique(dataset.groups)):,} groups stay together"
    return f"{train} train, {validation} validation, {test} test{together}"


def _preview(dataset: Dataset) -> str:
    if not len(dataset):
        return ""
    if len(dataset.shape) == 2 or (len(dataset.shape) == 3 and dataset.shape[2] in (1, 3)):
        return _pictures(dataset)
    if dataset.columns:
        return _columns(dataset)
    if dataset.texts is not None:
        return _texts(dataset)
    return ""


def _chosen(dataset: Dataset) -> NDArray[np.int64]:
    """Some items: the first of each class in turn, or spread evenly over all."""
    number = min(len(dataset), _THUMBNAILS)
    if dataset.labels is None:
        return np.linspace(0, len(dataset) - 1, number).astype(np.int64)
    # The how-manieth of its class each item is; items sort by that, then by class.
    order = np.argsort(dataset.labels, kind="stable")
    _, starts, counts = np.unique(dataset.labels[order], return_index=True, return_counts=True)
    place = np.empty(len(dataset), dtype=np.int64)
    place[order] = np.arange(len(dataset)) - np.repeat(starts, counts)
    return np.lexsort((dataset.labels, place))[:number].astype(np.int64)


def _pictures(dataset: Dataset) -> str:
    chosen = _chosen(dataset)
    step = max(1, -(-max(dataset.shape[:2]) // _LARGEST))
    thumbnails = dataset.x[chosen].reshape(len(chosen), *dataset.shape)[:, ::step, ::step]
    if thumbnails.ndim == 4 and thumbnails.shape[-1] == 1:
        thumbnails = thumbnails[..., 0]
    low, high = float(np.nanmin(thumbnails)), float(np.nanmax(thumbnails))
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    height, width = thumbnails.shape[1:3]
    scale = max(1, 56 // max(height, width))
    pictures = []
    for row, pixels in zip(chosen, thumbnails, strict=True):
        name = f"item {row} of {dataset.name}"
        if dataset.labels is not None:
            label = dataset.labels[row]
            name += f", {dataset.label_names[label] if dataset.label_names else label}"
        pictures.append(
            f'<img src="{data_uri(to_bytes(np.nan_to_num(pixels), low, high))}" '
            f'alt="{escape(name)}" title="{escape(name)}" width="{width * scale}" '
            f'height="{height * scale}" style="image-rendering:pixelated;margin:2px">'
        )
    return f'<div style="margin:.5em 0">{"".join(pictures)}</div>'


def _columns(dataset: Dataset) -> str:
    rows = []
    for index, column in enumerate(dataset.columns):
        if column.levels:
            about = f"{column.num_levels} levels: {', '.join(column.levels[:3])}"
            about += ", …" if column.num_levels > 3 else ""
        else:
            values = dataset.x[:, index]
            about = f"{values.min():g} to {values.max():g} {column.unit}"
        cells = (column.name, column.kind, about, column.description)
        rows.append("".join(f'<td style="{_ROW}">{escape(cell)}</td>' for cell in cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    heads = ("column", "kind", "values", "meaning")
    head = "".join(f'<th scope="col" style="{_ROW}">{name}</th>' for name in heads)
    return f'<table style="border:0;margin:.5em 0"><tr>{head}</tr>{body}</table>'


def _texts(dataset: Dataset) -> str:
    assert dataset.texts is not None
    shown = []
    for row in _chosen(dataset)[:3]:
        text = dataset.texts[row]
        text = text if len(text) <= 160 else text[:160].rsplit(" ", 1)[0] + " …"
        label = ""
        if dataset.labels is not None and dataset.label_names:
            label = f"<strong>{escape(dataset.label_names[dataset.labels[row]])}</strong> "
        shown.append(f'<p style="margin:.3em 0">{label}{escape(text)}</p>')
    return f'<div style="margin:.5em 0">{"".join(shown)}</div>'
