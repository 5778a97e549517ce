"""Rate and distortion of a quantised code, both on items that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aelib._checks import check_matrix
from aelib.lab.rate_distortion._checks import Array, check_columns
from aelib.lab.rate_distortion._code_model import CodeModel
from aelib.lab.rate_distortion._quantise import Quantiser


@dataclass(frozen=True)
class RateCurve:
    """Operating points of one code at several steps of its quantiser.

    Attributes:
        steps: the steps, [m].
        rates: held-out code length, nats per item, [m].
        distortions: mean squared error of the drawings from quantised codes, [m].
    """

    steps: Array
    rates: Array
    distortions: Array

    @property
    def bits(self) -> Array:
        """The rates in bits per item, [m]."""
        return self.rates / np.log(2)


def rate_curve(
    codes: ArrayLike,
    held_out_codes: ArrayLike,
    decode: Callable[[Any], Any],
    held_out: ArrayLike,
    steps: Iterable[float],
    *,
    bell: str = "logistic",
) -> RateCurve:
    """Measure what a code costs when it is written down, and what it then draws.

    At each step the code model is fitted to the quantised training codes, and rate and distortion
    are measured on held-out items. The rate takes coordinates as independent, as they nearly are
    for principal components; a model that knows their dependence could only lower it.

    Args:
        codes: codes of training items, [n, k].
        held_out_codes: codes of held-out items, [m, k].
        decode: from codes [m, k] to drawings [m, d].
        held_out: the held-out items, [m, d].
        steps: of the quantiser.
        bell: see :meth:`CodeModel.fit`.

    Returns:
        The :class:`RateCurve`.

    Raises:
        ValueError: if the shapes do not fit or a step is not above 0.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(20000, 1))
    >>> fine = rate_curve(x[:10000], x[10000:], lambda z: z, x[10000:], [0.1], bell="gaussian")
    >>> gap = fine.rates[0] + 0.5 * np.log(fine.distortions[0])  # R(D) is minus half ln D
    >>> bool(abs(gap - 0.1765) < 0.02)
    True
    """
    known = check_matrix("codes", codes)
    new = check_columns("held_out_codes", held_out_codes, known.shape[1])
    items = check_matrix("held_out", held_out)
    if len(items) != len(new):
        raise ValueError(f"held_out: expected {len(new)} rows, one for each code, got {len(items)}")
    grid = np.array([float(step) for step in steps])
    rates, distortions = [], []
    for step in grid:
        quantiser = Quantiser.fit(known, step)
        cells = quantiser.quantise(new)
        model = CodeModel.fit(quantiser.quantise(known), bell=bell)
        rates.append(model.code_length(cells).mean())
        drawn = np.asarray(decode(quantiser.dequantise(cells)), np.float64)
        if drawn.shape != items.shape:
            raise ValueError(f"decode: expected drawings of shape {items.shape}, got {drawn.shape}")
        distortions.append(((items - drawn) ** 2).sum(axis=1).mean())
    return RateCurve(grid, np.array(rates), np.array(distortions))
