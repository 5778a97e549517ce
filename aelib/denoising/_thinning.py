"""Counts divided into two parts that know nothing of each other but the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.denoising._checks import Floats, check_counts, check_share

Counts = NDArray[np.int64]


def thin(
    counts: ArrayLike,
    share: float = 0.8,
    *,
    dispersion: ArrayLike = 0.0,
    seed: int = 0,
) -> tuple[Counts, Counts]:
    r"""Divide each count at random into two parts: one to learn from, one to judge by.

    Each molecule goes to the first part with probability ``share``. For Poisson counts, dispersion
    0, the two parts are then independent. Overdispersed counts need more: in every entry that
    probability is drawn anew,

    .. math:: q \sim \operatorname{Beta}(\varepsilon/\alpha, (1 - \varepsilon)/\alpha), \qquad
              A \mid x, q \sim \operatorname{Binomial}(x, q), \qquad B = x - A.

    If :math:`x` is negative binomial with mean :math:`\mu` and dispersion :math:`\alpha`, then
    :math:`A` and :math:`B` are *independent*, with means :math:`\varepsilon\mu` and
    :math:`(1 - \varepsilon)\mu` and dispersions :math:`\alpha/\varepsilon` and
    :math:`\alpha/(1 - \varepsilon)`. With the wrong dispersion they are not; see
    :func:`thinned_covariance`.

    Args:
        counts: ``[cells, genes]`` or ``[runs, cells, genes]``.
        share: :math:`\varepsilon`, the expected share of the first part.
        dispersion: :math:`\alpha = 1/\theta \ge 0`: one number, one per gene, or any shape that
            broadcasts to that of the counts.
        seed: of the draws.

    Returns:
        The two parts, int64, which add up to the counts.

    Raises:
        ValueError: if an argument is out of its range.

    Source: A. Neufeld, J. Popp, L. L. Gao, A. Battle and D. Witten (2023), Negative binomial count
    splitting for single-cell RNA sequencing data, arXiv:2307.12985. Poisson: J. Batson, L. Royer
    and J. Webber (2019), Molecular cross-validation for single-cell RNA-seq.

    >>> learn, judge = thin([[100, 0], [3, 50]], 0.5, dispersion=[0.5, 0.0])
    >>> (learn + judge).tolist()
    [[100, 0], [3, 50]]
    """
    x, share = check_counts("counts", counts), check_share(share)
    alpha = _check_dispersion(dispersion, x.shape)
    rng = np.random.default_rng(seed)
    # Below 1e-9 a Beta draw differs from its mean by less than 1e-4: that is a binomial.
    wide = alpha > 1e-9
    safe = np.where(wide, alpha, 1.0)
    drawn = rng.beta(share / safe, (1 - share) / safe)
    learn = rng.binomial(x, np.where(wide, drawn, share))
    return learn, x - learn


def thinned_covariance(
    mean: ArrayLike, share: float, *, dispersion: ArrayLike, assumed: ArrayLike = 0.0
) -> Floats:
    r"""Covariance of the two parts of a negative binomial count, thinned with another dispersion.

    .. math:: \operatorname{Cov}(A, B) = \varepsilon(1 - \varepsilon)\,\mu^2\,
              \frac{\alpha - \alpha'}{1 + \alpha'}

    Zero where the assumed dispersion :math:`\alpha'` is the true one, positive for binomial
    thinning (:math:`\alpha' = 0`) of overdispersed counts: then the part to judge by has seen the
    noise of the part to learn from.

    Args:
        mean: :math:`\mu` of the whole count.
        share: :math:`\varepsilon`.
        dispersion: the true :math:`\alpha`.
        assumed: the :math:`\alpha'` it was thinned with.

    >>> float(thinned_covariance(5.0, 0.5, dispersion=1.0))
    6.25
    >>> float(thinned_covariance(5.0, 0.5, dispersion=1.0, assumed=1.0))
    0.0
    """
    mu, alpha, other = (np.asarray(v, np.float64) for v in (mean, dispersion, assumed))
    share = check_share(share)
    return np.asarray(share * (1 - share) * mu**2 * (alpha - other) / (1 + other))


def _check_dispersion(dispersion: ArrayLike, shape: tuple[int, ...]) -> Floats:
    alpha = np.asarray(dispersion, np.float64)
    if not (np.isfinite(alpha) & (alpha >= 0)).all():
        index = tuple(int(i) for i in np.argwhere(~(np.isfinite(alpha) & (alpha >= 0)))[0])
        raise ValueError(
            "dispersion: expected finite numbers of at least 0, got "
            f"{alpha[index]} at index {index}"
        )
    try:
        return np.broadcast_to(alpha, shape)
    except ValueError as error:
        raise ValueError(
            f"dispersion: expected a shape that broadcasts to {shape}, got {alpha.shape}"
        ) from error
