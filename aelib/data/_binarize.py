"""Black and white from gray, by a rule that can be stated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAUVOLA_WINDOW = 25
SAUVOLA_K = 0.2


def otsu_threshold(values: np.ndarray, num_levels: int = 256) -> float:
    """The threshold that best separates the gray levels into two classes.

    Otsu (1979): of all thresholds, the one with the greatest variance between the classes.

    Args:
        values: gray levels in [0, 1] that are multiples of ``1 / (num_levels - 1)``, any shape.
        num_levels: number of gray levels.

    Returns:
        A level; values above it are light, the others dark.

    Raises:
        ValueError: if all values are equal.
    """
    codes = np.rint(np.asarray(values, dtype=np.float64) * (num_levels - 1)).astype(np.int64)
    counts = np.bincount(codes.ravel(), minlength=num_levels).astype(np.float64)
    if np.count_nonzero(counts) < 2:
        raise ValueError("values: expected at least two gray levels, got one")
    level = np.arange(num_levels)
    below, above = np.cumsum(counts)[:-1], counts.sum() - np.cumsum(counts)[:-1]
    sum_below = np.cumsum(counts * level)[:-1]
    both = (below > 0) & (above > 0)
    mean_below = sum_below[both] / below[both]
    mean_above = ((counts * level).sum() - sum_below[both]) / above[both]
    between = np.full(num_levels - 1, -np.inf)
    between[both] = below[both] * above[both] * (mean_below - mean_above) ** 2
    return float(np.argmax(between)) / (num_levels - 1)


def sauvola_threshold(
    image: np.ndarray, window: int = SAUVOLA_WINDOW, k: float = SAUVOLA_K
) -> NDArray[np.float64]:
    """A threshold for each pixel, for paper that is lit unevenly.

    Sauvola and Pietikäinen (2000): ``mean * (1 + k * (deviation / 0.5 - 1))`` of the square window
    around the pixel, the image being mirrored at its edges.

    Args:
        image: gray levels in [0, 1], ``[h, w]``.
        window: side of the window, odd.
        k: how far below the mean a pixel of a flat window must lie to be dark.

    Returns:
        Thresholds, ``[h, w]``.
    """
    half = window // 2
    padded = np.pad(np.asarray(image, dtype=np.float64), half, mode="reflect")
    mean = _window_mean(padded, window)
    variance = np.maximum(_window_mean(padded**2, window) - mean**2, 0.0)
    thresholds: NDArray[np.float64] = mean * (1 + k * (np.sqrt(variance) / 0.5 - 1))
    return thresholds


def _window_mean(padded: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    total = np.pad(padded.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inner = total[window:, window:] - total[:-window, window:]
    inner = inner - total[window:, :-window] + total[:-window, :-window]
    return inner / window**2


def binarize(
    images: np.ndarray, rule: str | float, num_levels: int = 256
) -> tuple[NDArray[np.float32], float | None, str]:
    """Turn gray images to 0 (dark) and 1 (light).

    Args:
        images: gray levels in [0, 1], ``[n, h, w]``.
        rule: ``"otsu"`` (one threshold for all the images), ``"sauvola"`` (one for each pixel) or
            a threshold in [0, 1).
        num_levels: number of gray levels, for Otsu's histogram.

    Returns:
        The images with values 0 and 1, the threshold where there is only one, and the rule in
        words.

    Raises:
        ValueError: if the rule is unknown or the threshold outside [0, 1).
    """
    if rule == "sauvola":
        thresholds = np.stack([sauvola_threshold(image) for image in images])
        stated = f"Sauvola's threshold, window {SAUVOLA_WINDOW}, k {SAUVOLA_K}"
        return (images > thresholds).astype(np.float32), None, stated
    if rule == "otsu":
        threshold = otsu_threshold(images, num_levels)
        stated = f"Otsu's threshold, {threshold:.4f}"
    elif isinstance(rule, int | float) and not isinstance(rule, bool) and 0 <= rule < 1:
        threshold = float(rule)
        stated = f"threshold {threshold:g}"
    else:
        raise ValueError(
            f"binarize: expected 'otsu', 'sauvola' or a threshold in [0, 1), got {rule!r}"
        )
    # Half a gray level of slack keeps float32 rounding from moving a pixel that sits on the level.
    light = images > threshold + 1e-6
    return light.astype(np.float32), threshold, stated
