"""How much of what a denoiser shows is in the data, and how much is its own."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.denoising._checks import Floats, check_counts, check_like
from aelib.denoising._normalise import exposure, log_normalise


@dataclasses.dataclass(frozen=True)
class Confirmed:
    """What :func:`confirmed_share` returns.

    Attributes:
        overall: share of the drawn variation that the held-out counts confirm.
        by_gene: the same for each gene, ``[genes]``; NaN where nothing varies.
    """

    overall: float
    by_gene: Floats


def confirmed_share(rates: ArrayLike, held_out: ArrayLike, counts: ArrayLike) -> Confirmed:
    r"""The share of denoised variation between cells that held-out counts confirm.

    For each gene, the slope of the regression of its held-out values :math:`b` on its denoised ones
    :math:`r`, each divided by the :func:`exposure` of its own part (one for both would make them
    alike by its own noise):

    .. math:: s_g = \frac{\operatorname{Cov}(b_g, r_g)}{\operatorname{Var}(r_g)}, \qquad
              s = \frac{\sum_g w_g \operatorname{Cov}(b_g, r_g)}
                       {\sum_g w_g \operatorname{Var}(r_g)},

    with :math:`w_g` one over the gene's mean. Since the held-out counts are independent of the
    noise that the rates were made from, :math:`\operatorname{Cov}(b, r)` estimates the covariance
    of the rates with the truth. 1: where the denoiser says that one cell has more than another, it
    has, and as much more. 0: all of it is invented. Above 1: it says too little.

    Args:
        rates: denoised from ``counts``, ``[cells, genes]``.
        held_out: the other part, from :func:`thin`.
        counts: the part that the rates were made from.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    >>> import numpy as np
    >>> counts = np.array([[2, 6, 2], [4, 4, 2], [6, 2, 2]])
    >>> rates = np.array([[2, 8, 2], [4, 4, 5], [6, 0, 2]])
    >>> confirmed_share(rates, counts, counts).by_gene.round(2)
    array([1. , 0.5, 0. ])
    """
    x = check_counts("counts", counts, stacked=False)
    other = check_counts("held_out", held_out, stacked=False)
    drawn = check_like("rates", rates, x) / exposure(x)[:, None]
    seen = check_like("held_out", other, x) / exposure(other)[:, None]
    drawn = drawn - drawn.mean(axis=0)
    mean = seen.mean(axis=0)
    joint = (drawn * (seen - mean)).sum(axis=0)
    own = (drawn**2).sum(axis=0)
    # A gene that is drawn flat up to rounding claims nothing, so there is nothing to confirm.
    varies = (own > 1e-12 * len(x) * np.maximum(mean, 1e-12) ** 2) & (mean > 0)
    by_gene = np.divide(joint, own, out=np.full_like(own, np.nan), where=varies)
    if not varies.any():
        return Confirmed(float("nan"), by_gene)
    overall = (joint[varies] / mean[varies]).sum() / (own[varies] / mean[varies]).sum()
    return Confirmed(float(overall), by_gene)


def shuffle_genes(counts: ArrayLike, *, bins: int = 10, seed: int = 0) -> NDArray[np.int64]:
    """Counts in which genes have nothing to do with each other: what a denoiser invents from.

    Each gene's counts are dealt out anew among cells of about the same library size, independently
    of the other genes. What every gene looks like by itself is kept, the library sizes nearly; what
    genes have in common, and with it every cell type, is gone.

    Args:
        counts: ``[cells, genes]``.
        bins: groups of cells of about the same library size.
        seed: of the shuffles.

    Raises:
        ValueError: if these are not counts, or there are more bins than cells.

    >>> import numpy as np
    >>> counts = np.arange(12).reshape(6, 2)
    >>> bool((np.sort(shuffle_genes(counts, bins=1), axis=0) == counts).all())
    True
    """
    x = check_counts("counts", counts, stacked=False)
    if not 1 <= bins <= len(x):
        raise ValueError(f"bins: expected between 1 and the {len(x)} cells, got {bins}")
    rng = np.random.default_rng(seed)
    shuffled = np.empty_like(x)
    for rows in np.array_split(np.argsort(x.sum(axis=1), kind="stable"), bins):
        shuffled[rows] = rng.permuted(x[rows], axis=0)
    return shuffled


def gene_correlation(rates: ArrayLike, counts: ArrayLike) -> float:
    """Mean squared correlation of two genes, over all pairs, of :func:`log_normalise` values.

    Args:
        rates: counts or denoised counts, ``[cells, genes]``; genes that do not vary are left out.
        counts: the counts they were made from.

    >>> rates = [[1, 3, 2], [2, 2, 2], [3, 1, 2]]  # one up, one down, one flat
    >>> round(gene_correlation(rates, rates), 2)
    0.98
    """
    values = log_normalise(rates, counts)
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit = centred[:, length > 1e-9] / length[length > 1e-9]
    genes = unit.shape[1]
    if genes < 2:
        raise ValueError(f"rates: expected at least two genes that vary, got {genes}")
    return float((((unit.T @ unit) ** 2).sum() - genes) / (genes * (genes - 1)))


def correlation_floor(num_genes: int, components: int) -> float:
    r"""The least mean squared correlation of genes whose values have ``components`` dimensions.

    .. math:: \frac{d - k}{k (d - 1)}

    for :math:`d` genes that all vary and values that, centred, span :math:`k \le d` dimensions:
    with PCA that is the number of components. It is there whatever the data were.

    >>> round(correlation_floor(80, 4), 3)
    0.241
    """
    if not 1 <= components <= num_genes or num_genes < 2:
        raise ValueError(
            f"components: expected between 1 and num_genes (at least 2), got {components} and "
            f"{num_genes}"
        )
    return (num_genes - components) / (components * (num_genes - 1))
