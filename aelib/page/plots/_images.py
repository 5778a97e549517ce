"""Pictures side by side: one raster per figure, so that fifty digits cost little more than one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def images(
    array: Real[ArrayLike, " ..."],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    limits: tuple[float, float] | None = None,
    cmap: str = "gray",
    ax: Axes | None = None,
) -> None:
    """A grid of pictures in the current style.

    Args:
        array: ``[n, h, w]`` or ``[n, h, w, 3]``; or ``[rows, columns, h, w]`` with ``columns``
            left out.
        titles: a short title above each picture.
        columns: pictures in a row; all of them, up to ten, when left out.
        limits: values drawn black and white. When left out: 0 and 1 if all values lie there,
            0 and 255 for ``uint8``, else the array's own extremes.
        cmap: Matplotlib color map for pictures of one channel.
        ax: axes to draw in; a new figure of fitting height when left out.

    Raises:
        ValueError: if the shape is none of these, a value is not finite, or the number of
            titles is not the number of pictures.
    """
    pictures = np.asarray(array)
    if pictures.ndim == 4 and pictures.shape[-1] != 3:
        if columns is None:
            columns = pictures.shape[1]
        pictures = pictures.reshape(-1, *pictures.shape[2:])
    _check(pictures)
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles: expected {len(pictures)}, got {len(titles)}")
    columns = columns or min(len(pictures), 10)
    _draw(pictures, columns, ax, cmap, limits, titles or (), ())


def rows(
    named: Mapping[str, Real[ArrayLike, " ..."]],
    *,
    titles: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
    cmap: str = "gray",
    ax: Axes | None = None,
) -> None:
    """Rows of pictures, each with its name: inputs above their reconstructions.

    Args:
        named: ``[n, h, w]`` or ``[n, h, w, 3]`` by the name of the row, all of one shape.
        titles: a short title above each column.
        limits: values drawn black and white, the same in every row; when left out, as for
            :func:`images` over all rows.
        cmap: Matplotlib color map for pictures of one channel.
        ax: axes to draw in; a new figure of fitting height when left out.

    Raises:
        ValueError: if the shapes differ or are none of these, a value is not finite, or the
            number of titles is not the number of columns.
    """
    arrays = [np.asarray(array) for array in named.values()]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1:
        raise ValueError(f"named: expected rows of one shape, got {sorted(shapes)}")
    columns = len(arrays[0])
    if titles is not None and len(titles) != columns:
        raise ValueError(f"titles: expected {columns}, got {len(titles)}")
    pictures = np.concatenate(arrays)
    _check(pictures)
    _draw(pictures, columns, ax, cmap, limits, titles or (), tuple(named))


def _check(pictures: np.ndarray) -> None:
    if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[-1] != 3):
        raise ValueError(f"array: expected [n, h, w] or [n, h, w, 3], got shape {pictures.shape}")
    if not len(pictures):
        raise ValueError("array: expected at least one picture, got none")
    finite = np.isfinite(pictures.astype(float))
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"array: expected finite values, got {pictures[index]} at index {index}")


def _mosaic(pictures: np.ndarray, columns: int, gap: int, lead: int) -> np.ndarray:
    """Pictures ``[n, h, w, 4]`` set in a grid with transparent gaps, ``lead`` between lines."""
    count, height, width = pictures.shape[:3]
    lines = -(-count // columns)
    board = np.zeros((lines * (height + lead) - lead, columns * (width + gap) - gap, 4), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + lead), (index % columns) * (width + gap)
        board[top : top + height, left : left + width] = picture
    return board


def _limits(pictures: np.ndarray) -> tuple[float, float]:
    """Black is drawn black and white white wherever the values say which is which."""
    if pictures.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(pictures.min()), float(pictures.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _draw(
    pictures: np.ndarray,
    columns: int,
    ax: Axes | None,
    cmap: str,
    limits: tuple[float, float] | None,
    titles: Sequence[str],
    names: Sequence[str],
) -> None:
    from matplotlib import colormaps, pyplot
    from matplotlib.colors import Normalize

    scale = Normalize(*(limits or _limits(pictures)), clip=True)
    values = np.asarray(scale(pictures.astype(float)))
    colors = colormaps[cmap](values) if pictures.ndim == 3 else _opaque(values)
    height, width = pictures.shape[1:3]
    gap = max(1, round(0.07 * max(height, width)))
    titled_lines = len(titles) > columns
    lead = max(gap, round(0.025 * columns * (width + gap))) * 2 if titled_lines else gap
    board = _mosaic(np.round(colors * 255).astype(np.uint8), columns, gap, lead)
    if ax is None:
        margin = 0.3 * bool(titles) + 0.1
        inches = pyplot.rcParams["figure.figsize"][0]
        tall = (inches - bool(names)) * board.shape[0] / board.shape[1] + margin
        _, ax = pyplot.subplots(figsize=(inches, min(max(tall, 0.9), 9.0)))
    ax.imshow(board, interpolation="none")
    ax.axis("off")
    for index, title in enumerate(titles):
        x = (index % columns) * (width + gap) + (width - 1) / 2
        y = (index // columns) * (height + lead) - 0.5
        ax.annotate(title, (x, y), (0, 3), textcoords="offset points", ha="center")
    for index, name in enumerate(names):
        y = index * (height + lead) + (height - 1) / 2
        ax.text(-0.5 - 0.15 * width, y, name, ha="right", va="center")


def _opaque(colors: np.ndarray) -> np.ndarray:
    return np.concatenate([colors, np.ones((*colors.shape[:-1], 1))], axis=-1)
