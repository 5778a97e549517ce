"""Curves over seeds: the mean and where it lies, and losses as they fall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def interval(
    x: Real[ArrayLike, " n"],
    y: Real[ArrayLike, "seeds n"],
    *,
    label: str = "",
    ax: Axes | None = None,
    **line: Any,
) -> None:
    """The mean over seeds with the band of its 95 % Student t interval.

    Args:
        x: positions ``[n]``.
        y: measurements ``[seeds, n]``, at least two seeds.
        label: what the curve is, for the legend.
        ax: axes to draw in; the current ones when left out.
        **line: passed to ``Axes.plot``, such as ``color`` or ``marker``.

    Raises:
        ValueError: if the shapes do not fit or a value is not finite.
    """
    from matplotlib import pyplot
    from scipy import stats

    x, y = np.asarray(x), np.asarray(y, dtype=float)
    if y.ndim != 2 or x.shape != y.shape[1:] or len(y) < 2:
        raise ValueError(
            "y: expected [seeds, n] with at least two seeds and x: [n], got shapes "
            f"{y.shape} and {x.shape}"
        )
    if not np.isfinite(y).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
        raise ValueError(f"y: expected finite values, got {y[index]} at index {index}")
    ax = ax or pyplot.gca()
    mean = y.mean(axis=0)
    half = stats.t.ppf(0.975, len(y) - 1) * y.std(axis=0, ddof=1) / np.sqrt(len(y))
    (drawn,) = ax.plot(x, mean, label=label or None, **line)
    ax.fill_between(x, mean - half, mean + half, color=drawn.get_color(), alpha=0.2, linewidth=0)


def losses(
    curves: Mapping[str, Real[ArrayLike, "*seeds n"]],
    *,
    unit: str = "nats per example",
    steps: Real[ArrayLike, " n"] | None = None,
    ax: Axes | None = None,
) -> None:
    """Loss against training step, one named curve each.

    Args:
        curves: losses ``[n]``, or ``[seeds, n]`` drawn with their interval, by name.
        unit: unit of the loss.
        steps: step of each of the ``n`` values; 1, 2, … when left out.
        ax: axes to draw in; a new figure when left out.
    """
    from matplotlib import pyplot

    ax = ax or pyplot.subplots()[1]
    for name, curve in curves.items():
        values = np.asarray(curve)
        at = np.arange(1, values.shape[-1] + 1) if steps is None else np.asarray(steps)
        if values.ndim == 2:
            interval(at, values, label=name, ax=ax)
        else:
            ax.plot(at, values, label=name)
    ax.set_xlabel("training step")
    ax.set_ylabel(f"loss ({unit})")
    if len(curves) > 1:
        ax.legend()
