"""What it costs to write down whole numbers: a code model, and why counting is not one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.lab.rate_distortion._checks import Array
from aelib.lab.rate_distortion._quantise import Indices

_STRENGTHS = 4.0 ** np.arange(-2, 12)  # of the smooth part, in pretended observations
_LEAST_SPREAD = 0.15  # of the smooth part, in cells: below it one cell has all but 0.1 %


@dataclass(frozen=True)
class CodeModel:
    """A distribution over all whole numbers for each coordinate of a quantised code.

    Coordinate by coordinate it is the counts of the training codes, smoothed towards a bell: the
    probability of a cell is (count + strength · bell) / (n + strength), where the bell is a
    Gaussian or logistic density integrated over the cell and the strength is the one that predicts
    each training code best from the others. So every whole number has a probability, those
    never seen as well, and an arithmetic coder could use it as it stands.

    Attributes:
        counts: for each coordinate, the cells seen and how often.
        means: centre of each bell, in cells, [k].
        spreads: standard deviation of each bell, in cells, [k].
        strengths: weight of each bell, in pretended observations, [k].
        num_examples: n.
        bell: ``"gaussian"`` or ``"logistic"``.
    """

    counts: tuple[tuple[Indices, NDArray[np.int64]], ...]
    means: Array
    spreads: Array
    strengths: Array
    num_examples: int
    bell: str

    @classmethod
    def fit(cls, indices: ArrayLike, *, bell: str = "logistic") -> CodeModel:
        """Fit the model to quantised codes.

        Args:
            indices: whole numbers, [n, k], at least two rows.
            bell: ``"logistic"``, whose tails forgive an outlier, or ``"gaussian"``.

        Raises:
            TypeError: if the codes are not whole numbers.
            ValueError: if they are not such a matrix, or the bell is unknown.

        >>> import numpy as np
        >>> coins = np.random.default_rng(0).integers(0, 2, size=(4000, 3))
        >>> model = CodeModel.fit(coins[:2000])
        >>> round(float(model.code_length(coins[2000:]).mean() / np.log(2)), 2)
        3.0
        """
        cells = _cells("indices", indices)
        if len(cells) < 2:
            raise ValueError(f"indices: expected at least two rows, got shape {cells.shape}")
        if bell not in ("gaussian", "logistic"):
            raise ValueError(f"bell: expected 'gaussian' or 'logistic', got {bell!r}")
        means = cells.mean(axis=0)
        # Rounding to cells adds 1/12 to a variance (Sheppard), which integration adds again.
        spreads = np.sqrt(np.maximum(cells.var(axis=0) - 1 / 12, _LEAST_SPREAD**2))
        counts = tuple(np.unique(column, return_counts=True) for column in cells.T)
        strengths = []
        for (values, count), mean, spread in zip(counts, means, spreads, strict=True):
            smooth = np.exp(_log_cell(values, mean, spread, bell))
            # Each training code from all the others: its own count is taken out.
            left = count - 1 + _STRENGTHS[:, None] * smooth
            score = (count * np.log(np.maximum(left, 1e-300))).sum(axis=1)
            score -= len(cells) * np.log(len(cells) - 1 + _STRENGTHS)
            strengths.append(_STRENGTHS[int(score.argmax())])
        return cls(counts, means, spreads, np.array(strengths), len(cells), bell)

    def code_length(self, indices: ArrayLike) -> Array:
        """Return the length of each code under the model, nats, [n].

        On codes that the model was not fitted to, its mean is a rate that can be had.

        Raises:
            TypeError: if the codes are not whole numbers.
            ValueError: if their width is not that of the model.
        """
        cells = _cells("indices", indices)
        if cells.shape[1] != len(self.means):
            raise ValueError(f"indices: expected [n, {len(self.means)}], got {cells.shape}")
        nats = np.zeros(len(cells))
        for j, (values, count) in enumerate(self.counts):
            place = np.minimum(np.searchsorted(values, cells[:, j]), len(values) - 1)
            seen = np.where(values[place] == cells[:, j], count[place], 0)
            smooth = _log_cell(cells[:, j], self.means[j], self.spreads[j], self.bell)
            smooth = smooth + np.log(self.strengths[j])
            with np.errstate(divide="ignore"):
                together = np.logaddexp(np.log(seen), smooth)
            nats += np.log(self.num_examples + self.strengths[j]) - together
        return nats


def plug_in_entropy(indices: ArrayLike) -> float:
    """Return the entropy of the observed frequencies of whole code words, nats.

    Not a rate. It never exceeds ln n, however long the codes are: once no two of n codes are
    equal, it says "ln n", which is the cost of pointing at one of n items that the receiver
    already has. :meth:`CodeModel.code_length` on held-out codes is a rate.

    Args:
        indices: whole numbers, [n, k].

    Raises:
        TypeError: if the codes are not whole numbers.

    >>> import numpy as np
    >>> codes = np.arange(32).reshape(8, 4)
    >>> round(float(plug_in_entropy(codes) / np.log(2)), 6)
    3.0
    """
    cells = _cells("indices", indices)
    _, count = np.unique(cells, axis=0, return_counts=True)
    share = count / len(cells)
    return float(-(share * np.log(share)).sum())


def _cells(name: str, indices: ArrayLike) -> Indices:
    array = np.asarray(indices)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected whole numbers, got dtype {array.dtype}")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name}: expected a matrix [n, k], got shape {array.shape}")
    return array.astype(np.int64)


def _log_cell(cells: Any, mean: float, spread: float, bell: str) -> Array:
    """Logarithm of a bell's probability of each cell, exact in both tails."""
    from scipy.special import log_expit, log_ndtr

    # Mirror to the lower tail, where differences of the distribution function do not cancel.
    distance = np.abs(cells - mean)
    if bell == "gaussian":
        low, high = -(distance + 0.5) / spread, -(distance - 0.5) / spread
        upper, lower = log_ndtr(high), log_ndtr(low)
        return np.asarray(upper + np.log1p(-np.exp(lower - upper)))
    scale = spread * np.sqrt(3) / np.pi  # of the logistic with this standard deviation
    low, high = -(distance + 0.5) / scale, -(distance - 0.5) / scale
    return np.asarray(log_expit(high) + log_expit(-low) + np.log(-np.expm1(low - high)))
