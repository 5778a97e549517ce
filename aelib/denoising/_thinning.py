"""Divide counts into two parts that are independent given their mean."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_array, check_fraction, require_all
from aelib.denoising._checks import check_counts

Counts = Int[np.ndarray, "*runs cells genes"]


def thin(
    counts: Int[ArrayLike, "*runs cells genes"],
    fraction: float = 0.8,
    *,
    dispersion: Float[ArrayLike, "*shape"] = 0.0,
    seed: int = 0,
) -> tuple[Counts, Counts]:
    r"""Divide each count at random into a training part and a held-out part.

    Each molecule goes to the first part with probability ``fraction``. For Poisson counts,
    dispersion 0, the two parts are then independent. For overdispersed counts that probability is
    itself random, one for each entry:

    .. math:: q \sim \operatorname{Beta}(\varepsilon/\alpha, (1 - \varepsilon)/\alpha), \qquad
              A \mid x, q \sim \operatorname{Binomial}(x, q), \qquad B = x - A.

    If :math:`x` is negative binomial with mean :math:`\mu` and dispersion :math:`\alpha`, then
    :math:`A` and :math:`B` are *independent*, with means :math:`\varepsilon\mu` and
    :math:`(1 - \varepsilon)\mu` and dispersions :math:`\alpha/\varepsilon` and
    :math:`\alpha/(1 - \varepsilon)`. With the wrong dispersion they are correlated; see
    :func:`aelib.lab.cells.thinned_covariance`.

    Args:
        counts: counts of one matrix, or of several of one size.
        fraction: :math:`\varepsilon`, the expected fraction of the first part.
        dispersion: :math:`\alpha = 1/\theta \ge 0`: one number, one per gene, or any shape that
            broadcasts to that of the counts.
        seed: seed of the random numbers.

    Returns:
        The two parts, int64, which add up to the counts.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> train, held_out = thin([[100, 0], [3, 50]], 0.5, dispersion=[0.5, 0.0])
        >>> (train + held_out).tolist()
        [[100, 0], [3, 50]]

    References:
        A. Neufeld, J. Popp, L. L. Gao, A. Battle and D. Witten (2023), *Negative binomial count
        splitting for single-cell RNA sequencing data*, arXiv:2307.12985.

        J. Batson, L. Royer and J. Webber (2019), *Molecular cross-validation for single-cell
        RNA-seq*, for Poisson counts.
    """
    x, fraction = check_counts("counts", counts), check_fraction("fraction", fraction)
    alpha = _check_dispersion(dispersion, x.shape)
    rng = np.random.default_rng(seed)
    # Below 1e-9 a Beta draw differs from its mean by less than 1e-4: that is a binomial.
    overdispersed = alpha > 1e-9
    safe = np.where(overdispersed, alpha, 1.0)
    probability = rng.beta(fraction / safe, (1 - fraction) / safe)
    train = rng.binomial(x, np.where(overdispersed, probability, fraction))
    return train, x - train


def _check_dispersion(
    dispersion: Float[ArrayLike, "*shape"], shape: tuple[int, ...]
) -> Float[np.ndarray, "*runs cells genes"]:
    alpha = check_array("dispersion", dispersion).astype(np.float64)
    require_all("dispersion", alpha, alpha >= 0, "numbers of at least 0")
    try:
        return np.broadcast_to(alpha, shape)
    except ValueError as error:
        raise ValueError(
            f"dispersion: expected a shape that broadcasts to {shape}, got {alpha.shape}"
        ) from error
