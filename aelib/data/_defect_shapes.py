"""Shapes of the planted defects: where each one lies, and what it puts there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NUM_DRAWS = 20  # uniform numbers that a shape may use


class Shape(NamedTuple):
    """What a defect puts in place of the image, and how much of it at each pixel.

    Args:
        target: the image inside the defect, ``[h, w]`` in [0, 1].
        coverage: from a growth in (0, 1] to how much of each pixel the defect has, ``[h, w]`` in
            [0, 1], which does not fall anywhere as the growth rises.
    """

    target: Array
    coverage: Callable[[float], Array]


def scratch(image: Array, draws: Array) -> Shape:
    """A thin arc, a pixel or two wide, scraped to light or to dark."""
    side = min(image.shape)
    x, y = _local(image.shape, draws[0:2], angle=np.pi * draws[2])
    bent = y - (draws[3] - 0.5) / side * x**2  # off the straight by at most 8 % of a side
    length, width = side * (0.2 + 0.2 * draws[4]), 0.6 + 0.6 * draws[5]

    def coverage(growth: float) -> Array:
        along = np.clip(length * growth + 0.5 - np.abs(x), 0.0, 1.0)
        across = np.clip(width * growth + 0.5 - np.abs(bent), 0.0, 1.0)
        return along * across

    return Shape(np.full(image.shape, 0.95 if draws[6] < 0.5 else 0.05), coverage)


def hole(image: Array, draws: Array) -> Shape:
    """A small opening with a ragged edge onto a dark ground."""
    distance = _ragged(image.shape, draws, raggedness=0.25)
    radius = min(image.shape) * (0.07 + 0.06 * draws[3])

    def coverage(growth: float) -> Array:
        return np.clip(radius * growth - distance + 0.5, 0.0, 1.0)

    return Shape(np.full(image.shape, 0.02), coverage)


def stain(image: Array, draws: Array) -> Shape:
    """A soft dark patch through which the texture still shows."""
    distance = _ragged(image.shape, draws, raggedness=0.15)
    radius = min(image.shape) * (0.18 + 0.12 * draws[3])

    def coverage(growth: float) -> Array:
        return np.clip(1.0 - (distance / (radius * growth)) ** 2, 0.0, 1.0) ** 2

    return Shape(0.45 * image, coverage)


def missing_thread(image: Array, draws: Array) -> Shape:
    """A straight band, two to six pixels wide, bridged by what lies on its two sides."""
    across = draws[0] < 0.5
    field = image if across else image.T
    height = field.shape[0]
    half = 1.0 + 2.0 * draws[1]
    middle = half + 1 + (height - 1 - 2 * (half + 1)) * draws[2]
    top, bottom = int(np.floor(middle - half)), int(np.ceil(middle + half))
    rows = np.arange(height)
    weight = np.clip((rows - top) / (bottom - top), 0.0, 1.0)[:, None]
    bridge = (1.0 - weight) * field[max(top, 0)] + weight * field[min(bottom, height - 1)]
    target = 0.85 * bridge  # the ground below is a little darker

    def coverage(growth: float) -> Array:
        band = np.clip(half * growth + 0.5 - np.abs(rows - middle), 0.0, 1.0)
        whole = np.broadcast_to(band[:, None], field.shape)
        return whole if across else whole.T

    return Shape(target if across else target.T, coverage)


def misprint(image: Array, draws: Array) -> Shape:
    """A rectangle that shows the texture from some pixels away: locally normal, out of place."""
    side = min(image.shape)
    x, y = _local(image.shape, draws[0:2])
    half = side * (0.1 + 0.1 * draws[2:4])
    step = np.round(side * (0.08 + 0.12 * draws[4:6])) * np.where(draws[6:8] < 0.5, -1, 1)
    moved = np.roll(image, (int(step[0]), int(step[1])), axis=(0, 1))

    def coverage(growth: float) -> Array:
        inside = (np.abs(x) <= half[0] * growth) & (np.abs(y) <= half[1] * growth)
        return inside.astype(np.float64)

    return Shape(moved, coverage)


def _local(shape: tuple[int, ...], center: Array, angle: float = 0.0) -> tuple[Array, Array]:
    """Coordinates about a center in the middle six tenths of the image, turned by an angle."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y -= (0.2 + 0.6 * center[0]) * (height - 1)
    x -= (0.2 + 0.6 * center[1]) * (width - 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    return cosine * x + sine * y, cosine * y - sine * x


def _ragged(shape: tuple[int, ...], draws: Array, raggedness: float) -> Array:
    """Distance from a center, measured so that its level lines are ragged ovals."""
    x, y = _local(shape, draws[0:2], angle=np.pi * draws[2])
    bearing = np.arctan2(y, x)
    ripple = np.zeros(shape)
    for k in range(2, 6):
        amplitude = (2.0 * draws[2 * k] - 1.0) / k
        ripple += amplitude * np.cos(k * bearing + 2 * np.pi * draws[2 * k + 1])
    return np.hypot(x, y * (1.0 + 0.5 * draws[14])) / (1.0 + raggedness * ripple)


SHAPES: dict[str, Callable[[Array, Array], Shape]] = {
    "scratch": scratch,
    "hole": hole,
    "stain": stain,
    "missing_thread": missing_thread,
    "misprint": misprint,
}
