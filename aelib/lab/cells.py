"""Measures of denoised cells that need the truth, and theory to compare measurements with."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import check_count, check_fraction
from aelib._lazy import require
from aelib.denoising import log_normalize
from aelib.denoising._evaluation import gene_correlation as gene_correlation

__all__ = [
    "cluster_agreement",
    "correlation_floor",
    "gene_correlation",
    "marker_auroc",
    "thinned_covariance",
]


def marker_auroc(
    values: Real[ArrayLike, "cells genes"], labels: Int[ArrayLike, " cells"]
) -> Float[np.ndarray, "types genes"]:
    """Area under the ROC curve of each gene, for each type against all others.

    Args:
        values: one number for each cell and gene, such as :func:`aelib.denoising.log_normalize`
            gives.
        labels: type of each cell, whole numbers from 0.

    Returns:
        The probability that a random cell of the type has a larger value than a random other cell,
        ties counting half.

    Raises:
        ValueError: if the shapes do not fit or there are fewer than two types.

    Example:
        >>> marker_auroc([[0.0, 1.0], [2.0, 1.0], [3.0, 1.0]], [0, 1, 1])
        array([[0. , 0.5],
               [1. , 0.5]])
    """
    from scipy.stats import rankdata

    values, labels = np.asarray(values, np.float64), np.asarray(labels)
    if values.ndim != 2 or labels.shape != values.shape[:1]:
        raise ValueError(
            "labels: expected one for each row of values [cells, genes], got shapes "
            f"{labels.shape} and {values.shape}"
        )
    types = np.arange(labels.max() + 1)
    inside = labels[None] == types[:, None]
    size = inside.sum(axis=1, keepdims=True)
    if len(types) < 2 or (size == 0).any():
        raise ValueError(f"labels: expected two or more types from 0 on, got {np.unique(labels)}")
    ranks = rankdata(values, axis=0)
    return (inside @ ranks - size * (size + 1) / 2) / (size * (len(labels) - size))


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
