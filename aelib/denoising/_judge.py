"""How good denoised counts are: against the truth, or against counts they have not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aelib.denoising._checks import Floats, check_counts, check_like
from aelib.denoising._normalise import exposure, log_normalise


def relative_error(rates: ArrayLike, target: ArrayLike, counts: ArrayLike) -> Floats:
    r"""Mean squared error of rates, in units of the variance of a Poisson count.

    .. math:: \frac{1}{n d} \sum_{ng} \frac{(\hat\mu_{ng} - t_{ng})^2}{\ell_n \bar x_g}

    where :math:`\ell_n \bar x_g` is what gene :math:`g` has in cell :math:`n` if nothing but the
    library size differs between cells, as estimated from ``counts``. Poisson counts themselves have
    an error of about 1 to their rates. Genes without a count are left out.

    With ``target = held_out * share / (1 - share)`` from :func:`thin` its expectation is the error
    to the truth plus a number that is the same for all methods.

    Args:
        rates: denoised counts, ``[..., cells, genes]``.
        target: what they should be: true rates, or held-out counts on the scale of ``counts``.
        counts: the counts that the rates were made from; they set the unit.

    Returns:
        One number, or one for each run.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    >>> float(relative_error([[2.0, 3.0]], [[2.0, 1.0]], [[2, 4]]))
    0.5
    """
    x = check_counts("counts", counts)
    difference = check_like("rates", rates, x) - check_like("target", target, x)
    size = exposure(x)
    gene = (x.sum(axis=-2) / size.sum(axis=-1, keepdims=True))[..., None, :]
    unit = size[..., None] * gene
    seen = np.broadcast_to(gene > 0, x.shape)
    ratio = np.divide(difference**2, unit, out=np.zeros(x.shape), where=seen)
    return np.asarray(ratio.sum(axis=(-2, -1)) / seen.sum(axis=(-2, -1)))


def marker_auroc(values: ArrayLike, labels: ArrayLike) -> Floats:
    """How well each gene by itself tells each type from the others.

    Args:
        values: ``[cells, genes]``, such as :func:`log_normalise` gives.
        labels: type of each cell, whole numbers from 0.

    Returns:
        ``[types, genes]``: the probability that a random cell of the type has a larger value than
        a random other cell, ties counting half.

    Raises:
        ValueError: if the shapes do not fit or there are fewer than two types.

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
    rates: ArrayLike, counts: ArrayLike, labels: ArrayLike, *, seed: int = 0
) -> float:
    """How well clusters of denoised cells agree with known types: the adjusted Rand index.

    k-means, with as many clusters as there are types, on the ten leading principal components of
    :func:`log_normalise` values, as is common practice. 1 is agreement, 0 what chance gives.

    Args:
        rates: denoised counts, ``[cells, genes]``.
        counts: the counts they were made from.
        labels: type of each cell.
        seed: of the starting points of k-means.

    >>> import aelib
    >>> cells = aelib.data.load("cells", num_cells=200, num_genes=60, dispersion=0.1)
    >>> truth, counts = (cluster_agreement(r, cells.x, cells.labels)
    ...                  for r in (cells.extras["mean"], cells.x))
    >>> truth > counts
    True
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    labels = np.asarray(labels)
    means = KMeans(len(np.unique(labels)), n_init=3, random_state=seed)
    values = log_normalise(rates, counts)
    left, lengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    clusters = means.fit_predict(left[:, :10] * lengths[:10])
    return float(adjusted_rand_score(labels, clusters))
