"""The rate-distortion function of a Gaussian source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_number, require_all


@dataclass(frozen=True)
class WaterFilling:
    r"""The best that any code can do with a Gaussian source, at one distortion.

    Attributes:
        rate: least rate, nats per example: :math:`\sum_i r_i`.
        distortion: expected squared error per example, summed over features: :math:`\sum_i d_i`.
        level: the water level :math:`\theta`.
        rates: :math:`r_i = \max(0, \tfrac12 \ln(\lambda_i / \theta))`, [d].
        distortions: :math:`d_i = \min(\theta, \lambda_i)`, [d].
    """

    rate: float
    distortion: float
    level: float
    rates: NDArray[np.float64]
    distortions: NDArray[np.float64]

    @property
    def bits(self) -> float:
        """The rate in bits per example."""
        return float(self.rate / np.log(2))

    @property
    def active(self) -> int:
        """Number of directions that are described at all."""
        return int((self.rates > 0).sum())


def reverse_water_filling(
    variances: Float[ArrayLike, " d"], *, distortion: float | None = None, rate: float | None = None
) -> WaterFilling:
    r"""Return the rate-distortion function of a Gaussian source at one distortion or one rate.

    For independent Gaussian components of variances :math:`\lambda_i` (of a Gaussian vector, the
    eigenvalues of its covariance) and squared error,

    .. math:: R(D) = \sum_i \max\Bigl(0, \tfrac12 \ln\frac{\lambda_i}{\theta}\Bigr)
              \quad\text{with}\quad \sum_i \min(\theta, \lambda_i) = D .

    No code of blocks of any length can use less. For a source that is *not* Gaussian it is an
    upper bound: of all sources with this covariance the Gaussian is the hardest.

    Args:
        variances: :math:`\lambda_i \ge 0` in any order.
        distortion: D, above 0. One at or above the total variance costs no rate.
        rate: R in nats, at least 0, instead of the distortion.

    Returns:
        Its vectors are in the order of ``variances``.

    Raises:
        TypeError: unless exactly one of ``distortion`` and ``rate`` is given.
        ValueError: if a variance is negative or not finite, the distortion is not above 0, the
            rate is negative, or there is rate to spend and no variance to spend it on.

    Example:
        >>> half = reverse_water_filling([4.0, 1.0], distortion=1.0)
        >>> half.level, half.rates.round(3), round(half.bits, 3)
        (0.5, array([1.04 , 0.347]), 2.0)
        >>> reverse_water_filling([4.0, 1.0], rate=half.rate).distortion
        1.0

    References:
        A. N. Kolmogorov (1956), On the Shannon theory of information transmission in the case of
        continuous signals, IRE Transactions on Information Theory 2(4).
        T. M. Cover and J. A. Thomas (2006), Elements of Information Theory, Theorem 10.3.3.
    """
    spectrum = check_variances("variances", variances)
    if (distortion is None) == (rate is None):
        raise TypeError("distortion, rate: expected exactly one of them")
    descending = np.sort(spectrum[spectrum > 0])[::-1]
    if distortion is not None:
        wanted = check_number("distortion", distortion, above=0)
        level = _level_of_distortion(descending, wanted)
    else:
        level = _level_of_rate(descending, check_number("rate", rate, at_least=0))
    distortions = np.minimum(level, spectrum)
    ratio = np.where(spectrum > level, spectrum, 1.0) / np.where(spectrum > level, level, 1.0)
    rates = 0.5 * np.log(ratio)
    total = float(distortions.sum())
    return WaterFilling(float(rates.sum()), total, level, rates, distortions)


def check_variances(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Variances as a vector, in the order given; none is negative."""
    vector = check_array(name, values, shape=("d",)).astype(np.float64)
    require_all(name, vector, vector >= 0, "values of at least 0")
    return vector


def _level_of_distortion(descending: NDArray[np.float64], distortion: float) -> float:
    """The level for which the distortions sum to D; the largest variance if D is not less."""
    if not descending.size:
        return 0.0
    # With the first k variances above the level, D = k level + the variances after them.
    count = np.arange(1, len(descending) + 1)
    tail = np.append(np.cumsum(descending[::-1])[::-1][1:], 0.0)
    levels = (distortion - tail) / count
    fits = (levels > 0) & (levels <= descending)
    return float(levels[fits][-1]) if fits.any() else float(descending[0])


def _level_of_rate(descending: NDArray[np.float64], rate: float) -> float:
    """The level for which the rates sum to R."""
    if not descending.size:
        if rate > 0:
            raise ValueError(f"rate: expected 0 for a source without variance, got {rate}")
        return 0.0
    # With the first k above the level, R = sum of ln(variance) / 2 - k ln(level) / 2.
    count = np.arange(1, len(descending) + 1)
    logs = (np.cumsum(np.log(descending)) - 2 * rate) / count
    fits = logs <= np.log(descending) + 1e-12
    return float(np.exp(logs[fits][-1]))
