"""Measures of denoised cells that need the truth, and theory to compare measurements with."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import check_count, check_fraction
from aelib._lazy import require
from aelib.denoising import confirmed_fraction, log_normalize
from aelib.denoising._normalize import exposure

__all__ = [
    "cluster_agreement",
    "correlation_floor",
    "gene_correlation",
    "pair_covariance",
    "thinned_covariance",
]


def cluster_agreement(
    rates: Real[ArrayLike, "cells genes"],
    counts: Int[ArrayLike, "cells genes"],
    labels: Int[ArrayLike, " cells"],
    *,
    seed: int = 0,
) -> float:
    """Adjusted Rand index between known types and clusters of denoised cells.

    k-means, with as many clusters as there are types, on the ten leading principal components of
    :func:`aelib.denoising.log_normalize` values, as is common practice. 1 is agreement, 0 chance.

    Args:
        rates: denoised counts.
        counts: the counts they were made from.
        labels: type of each cell.
        seed: seed of the starting points of k-means.

    Returns:
        The index, at most 1.

    Raises:
        ModuleNotFoundError: if scikit-learn is not installed; the message names the extra.

    Example:
        >>> import aelib
        >>> cells = aelib.data.load("cells", num_cells=200, num_genes=60, dispersion=0.1)
        >>> truth, counts = (cluster_agreement(r, cells.x, cells.labels)
        ...                  for r in (cells.extras["mean"], cells.x))
        >>> truth > counts
        True
    """
    cluster = require("sklearn.cluster", purpose="cluster_agreement")
    metrics = require("sklearn.metrics", purpose="cluster_agreement")
    labels = np.asarray(labels)
    means = cluster.KMeans(len(np.unique(labels)), n_init=3, random_state=seed)
    values = log_normalize(rates, counts)
    left, lengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    clusters = means.fit_predict(left[:, :10] * lengths[:10])
    return float(metrics.adjusted_rand_score(labels, clusters))


def correlation_floor(num_genes: int, components: int) -> float:
    r"""Smallest mean squared correlation of genes whose values span ``components`` dimensions.

    .. math:: \frac{d - k}{k (d - 1)}

    for :math:`d` genes that all vary and values that, centered, span :math:`k \le d` dimensions:
    with PCA that is the number of components. It does not depend on the data.

    Args:
        num_genes: number of genes d.
        components: number of dimensions k.

    Returns:
        The bound.

    Raises:
        ValueError: if ``components`` is not between 1 and ``num_genes``, or there is one gene.

    Example:
        >>> round(correlation_floor(80, 4), 3)
        0.241
    """
    num_genes = check_count("num_genes", num_genes, at_least=2)
    components = check_count("components", components, at_most=num_genes)
    return (num_genes - components) / (components * (num_genes - 1))


def thinned_covariance(
    mean: Float[ArrayLike, "*shape"],
    fraction: float,
    *,
    dispersion: Float[ArrayLike, "*shape"],
    assumed: Float[ArrayLike, "*shape"] = 0.0,
) -> Float[np.ndarray, "*shape"]:
    r"""Covariance of the two parts of a negative binomial count, thinned with another dispersion.

    .. math:: \operatorname{Cov}(A, B) = \varepsilon(1 - \varepsilon)\,\mu^2\,
              \frac{\alpha - \alpha'}{1 + \alpha'}

    Zero where the assumed dispersion :math:`\alpha'` is the true one, positive for binomial
    thinning (:math:`\alpha' = 0`) of overdispersed counts: then the held-out part shares noise
    with the training part.

    Args:
        mean: :math:`\mu` of the whole count.
        fraction: :math:`\varepsilon`, as given to :func:`aelib.denoising.thin`.
        dispersion: the true :math:`\alpha`.
        assumed: the :math:`\alpha'` it was thinned with.

    Returns:
        The covariance.

    Raises:
        ValueError: if ``fraction`` is not in (0, 1).

    Example:
        >>> float(thinned_covariance(5.0, 0.5, dispersion=1.0))
        6.25
        >>> float(thinned_covariance(5.0, 0.5, dispersion=1.0, assumed=1.0))
        0.0
    """
    mu, alpha, other = (np.asarray(v, np.float64) for v in (mean, dispersion, assumed))
    fraction = check_fraction("fraction", fraction)
    return np.asarray(fraction * (1 - fraction) * mu**2 * (alpha - other) / (1 + other))


def gene_correlation(
    rates: Real[ArrayLike, "cells genes"], counts: Int[ArrayLike, "cells genes"]
) -> float:
    """Mean squared correlation between two genes.

    Values are those of :func:`aelib.denoising.log_normalize`.

    Args:
        rates: counts or denoised counts; genes that do not vary are left out.
        counts: the counts they were made from.

    Returns:
        The mean over all pairs of genes.

    Raises:
        ValueError: if fewer than two genes vary.

    Example:
        >>> rates = [[1, 3, 2], [2, 2, 2], [3, 1, 2]]  # one up, one down, one constant
        >>> round(gene_correlation(rates, rates), 2)
        0.98
    """
    values = log_normalize(rates, counts)
    centered = values - values.mean(axis=0)
    length = np.sqrt((centered**2).sum(axis=0))
    unit = centered[:, length > 1e-9] / length[length > 1e-9]
    genes = unit.shape[1]
    if genes < 2:
        raise ValueError(f"rates: expected at least two genes that vary, got {genes}")
    return float((((unit.T @ unit) ** 2).sum() - genes) / (genes * (genes - 1)))


def pair_covariance(
    rates: Real[ArrayLike, "cells genes"],
    held_out: Int[ArrayLike, "cells genes"],
    counts: Int[ArrayLike, "cells genes"],
) -> tuple[float, float]:
    """How strongly pairs of genes vary together by their rates, and how much of it is confirmed.

    Args:
        rates: rates denoised from ``counts``.
        held_out: the other part, from :func:`aelib.denoising.thin`.
        counts: the part that the rates were made from.

    Returns:
        The root mean square, over pairs, of the covariance of the rates at exposure 1, each divided
        by the root of the mean of its gene; and the same times the fraction of
        :func:`aelib.denoising.confirmed_fraction` for pairs.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    Example:
        >>> import numpy as np
        >>> counts = np.array([[2, 6, 2], [4, 4, 2], [6, 2, 2]])
        >>> claimed, confirmed = pair_covariance(counts, counts, counts)
        >>> round(claimed, 3), round(confirmed / claimed, 3)
        (0.115, 1.0)
    """
    found = confirmed_fraction(rates, held_out, counts)
    values = np.asarray(rates, np.float64) / exposure(counts)[:, None]
    mean = values.mean(axis=0)
    scaled = (values - mean)[:, mean > 0] / np.sqrt(mean[mean > 0])
    products = scaled.T @ scaled / len(scaled)
    np.fill_diagonal(products, 0.0)
    genes = len(products)
    claimed = float(np.sqrt((products**2).sum() / (genes * (genes - 1))))
    return claimed, claimed * found.pairs
