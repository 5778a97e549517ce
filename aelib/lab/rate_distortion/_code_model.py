"""What it costs to write down whole numbers: a code model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_choice

_PSEUDOCOUNTS = 4.0 ** np.arange(-2, 12)  # of the density
_LEAST_DEVIATION = 0.15  # of the density, in cells: below it one cell has all but 0.1 %


@dataclass(frozen=True)
class CodeModel:
    """A distribution over all whole numbers for each coordinate of a quantized code.

    Coordinate by coordinate it is the counts of the training codes, smoothed towards a density: the
    probability of a cell is (count + pseudocount · mass) / (n + pseudocount), where the mass is a
    Gaussian or logistic density integrated over the cell and the pseudocount is the one that
    predicts each training code best from the others. So every whole number has a probability, those
    never seen as well, and an arithmetic coder could use it as it stands.

    Attributes:
        counts: for each coordinate, the cells seen and how often.
        means: of each density, in cells, [k].
        deviations: standard deviation of each density, in cells, [k].
        pseudocounts: weight of each density, in observations, [k].
        num_examples: n.
        density: ``"gaussian"`` or ``"logistic"``.
    """

    counts: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    pseudocounts: NDArray[np.float64]
    num_examples: int
    density: str

    @classmethod
    def fit(cls, indices: Int[ArrayLike, "n k"], *, density: str = "logistic") -> CodeModel:
        """Fit the model to quantized codes.

        Args:
            indices: whole numbers, at least two rows.
            density: ``"logistic"``, whose tails forgive an outlier, or ``"gaussian"``.

        Raises:
            TypeError: if the codes are not whole numbers.
            ValueError: if they are not such a matrix, or the density is unknown.

        Example:
            >>> import numpy as np
            >>> coins = np.random.default_rng(0).integers(0, 2, size=(4000, 3))
            >>> model = CodeModel.fit(coins[:2000])
            >>> round(float(model.code_length(coins[2000:]).mean() / np.log(2)), 2)
            3.0
        """
        cells = _check_cells(indices)
        if len(cells) < 2:
            raise ValueError(f"indices: expected at least two rows, got shape {cells.shape}")
        check_choice("density", density, ("gaussian", "logistic"))
        means = cells.mean(axis=0)
        # Rounding to cells adds 1/12 to a variance (Sheppard), which integration adds again.
        deviations = np.sqrt(np.maximum(cells.var(axis=0) - 1 / 12, _LEAST_DEVIATION**2))
        counts = tuple(np.unique(column, return_counts=True) for column in cells.T)
        pseudocounts = []
        for (values, count), mean, deviation in zip(counts, means, deviations, strict=True):
            mass = np.exp(_log_mass(values, mean, deviation, density))
            # Each training code from all the others: its own count is taken out.
            others = count - 1 + _PSEUDOCOUNTS[:, None] * mass
            score = (count * np.log(np.maximum(others, 1e-300))).sum(axis=1)
            score -= len(cells) * np.log(len(cells) - 1 + _PSEUDOCOUNTS)
            pseudocounts.append(_PSEUDOCOUNTS[int(score.argmax())])
        return cls(counts, means, deviations, np.array(pseudocounts), len(cells), density)

    def code_length(self, indices: Int[ArrayLike, "n k"]) -> Float[np.ndarray, " n"]:
        """Return the length of each code under the model, in nats.

        On codes that the model was not fitted to, its mean is a rate that can be had.

        Raises:
            TypeError: if the codes are not whole numbers.
            ValueError: if their width is not that of the model.
        """
        cells = _check_cells(indices, len(self.means))
        nats = np.zeros(len(cells))
        for j, (values, count) in enumerate(self.counts):
            nearest = np.minimum(np.searchsorted(values, cells[:, j]), len(values) - 1)
            seen = np.where(values[nearest] == cells[:, j], count[nearest], 0)
            log_mass = _log_mass(cells[:, j], self.means[j], self.deviations[j], self.density)
            with np.errstate(divide="ignore"):
                total = np.logaddexp(np.log(seen), log_mass + np.log(self.pseudocounts[j]))
            nats += np.log(self.num_examples + self.pseudocounts[j]) - total
        return nats


def _check_cells(indices: ArrayLike, columns: int | None = None) -> NDArray[np.int64]:
    array = check_array("indices", indices, shape=("n", "k" if columns is None else columns))
    if array.dtype.kind not in "iu":
        raise TypeError(f"indices: expected whole numbers, got dtype {array.dtype}")
    return array.astype(np.int64)


def _log_mass(
    cells: np.ndarray, mean: float, deviation: float, density: str
) -> NDArray[np.float64]:
    """Logarithm of a density's probability of each cell, exact in both tails."""
    from scipy.special import log_expit, log_ndtr

    # Mirror to the lower tail, where differences of the distribution function do not cancel.
    distance = np.abs(cells - mean)
    if density == "gaussian":
        low, high = -(distance + 0.5) / deviation, -(distance - 0.5) / deviation
        upper, lower = log_ndtr(high), log_ndtr(low)
        return np.asarray(upper + np.log1p(-np.exp(lower - upper)))
    scale = deviation * np.sqrt(3) / np.pi  # of the logistic with this standard deviation
    low, high = -(distance + 0.5) / scale, -(distance - 0.5) / scale
    return np.asarray(log_expit(high) + log_expit(-low) + np.log(-np.expm1(low - high)))
