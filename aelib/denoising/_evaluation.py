"""How good denoised counts are: against a truth, against held-out counts, against a control."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import check_count
from aelib.denoising._checks import check_counts, check_like
from aelib.denoising._normalize import exposure


class ConfirmedFraction(NamedTuple):
    """Fraction of denoised variation that held-out counts confirm.

    Attributes:
        overall: over all genes; NaN if no gene varies.
        by_gene: for each gene; NaN where nothing varies.
        pairs: of the covariances between two genes; NaN if there are none.
    """

    overall: float
    by_gene: Float[np.ndarray, " genes"]
    pairs: float


def relative_error(
    rates: Real[ArrayLike, "*runs cells genes"],
    target: Real[ArrayLike, "*runs cells genes"],
    counts: Int[ArrayLike, "*runs cells genes"],
) -> Float[np.ndarray, "*runs"]:
    r"""Mean squared error of rates, in units of the variance of a Poisson count.

    .. math:: \frac{1}{n d} \sum_{ng} \frac{(\hat\mu_{ng} - t_{ng})^2}{\ell_n \bar x_g}

    where :math:`\ell_n \bar x_g` is the expected count of gene :math:`g` in cell :math:`n` if
    cells differ only in their library size, as estimated from ``counts``. Poisson counts
    themselves have an error of about 1 to their rates. Genes without a count are left out.

    With ``target = held_out * fraction / (1 - fraction)`` from :func:`thin` its expectation is the
    error to the truth plus a number that is the same for all methods.

    Args:
        rates: denoised counts.
        target: true rates, or held-out counts on the scale of ``counts``.
        counts: the counts that the rates were made from; they set the unit.

    Returns:
        One number, or one for each run.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    Example:
        >>> float(relative_error([[2.0, 3.0]], [[2.0, 1.0]], [[2, 4]]))
        0.5
    """
    x = check_counts("counts", counts)
    difference = check_like("rates", rates, x) - check_like("target", target, x)
    size = exposure(x)
    gene = (x.sum(axis=-2) / size.sum(axis=-1, keepdims=True))[..., None, :]
    unit = size[..., None] * gene
    counted = np.broadcast_to(gene > 0, x.shape)
    ratio = np.divide(difference**2, unit, out=np.zeros(x.shape), where=counted)
    return np.asarray(ratio.sum(axis=(-2, -1)) / counted.sum(axis=(-2, -1)))


def confirmed_fraction(
    rates: Real[ArrayLike, "cells genes"],
    held_out: Int[ArrayLike, "cells genes"],
    counts: Int[ArrayLike, "cells genes"],
) -> ConfirmedFraction:
    r"""Fraction of the denoised variation between cells that held-out counts confirm.

    For each gene this is the slope of the regression of its held-out values :math:`b` on its
    denoised values :math:`r`, each divided by the exposure (mean count per gene) of its own part:
    an exposure in common would correlate the two by its own noise.

    .. math:: s_g = \frac{\operatorname{Cov}(b_g, r_g)}{\operatorname{Var}(r_g)}, \qquad
              s = \frac{\sum_g w_g \operatorname{Cov}(b_g, r_g)}
                       {\sum_g w_g \operatorname{Var}(r_g)},

    with :math:`w_g` one over the gene's mean. Since the held-out counts are independent of the
    noise that the rates were made from, :math:`\operatorname{Cov}(b, r)` estimates the covariance
    of the rates with the truth. 1: differences between cells are real, and as large as the rates
    say. 0: they are not there. Above 1: they are larger than the rates say.

    The same for pairs of genes is the slope of the regression of the covariance of two genes in
    the held-out part on that of their rates, over all pairs of different genes, each gene divided
    by the root of its mean. 0: the correlations that the rates show are not there.

    Args:
        rates: rates denoised from ``counts``.
        held_out: the other part, from :func:`thin`.
        counts: the part that the rates were made from.

    Returns:
        A named tuple: ``overall``, ``by_gene`` with NaN where nothing varies, and ``pairs``.

    Raises:
        ValueError: if these are not counts or the shapes differ.

    Example:
        >>> import numpy as np
        >>> counts = np.array([[2, 6, 2], [4, 4, 2], [6, 2, 2]])
        >>> rates = np.array([[2, 8, 2], [4, 4, 5], [6, 0, 2]])
        >>> confirmed_fraction(rates, counts, counts).by_gene.round(2)
        array([1. , 0.5, 0. ])
    """
    x = check_counts("counts", counts, stacked=False)
    other = check_counts("held_out", held_out, stacked=False)
    denoised = check_like("rates", rates, x) / exposure(x)[:, None]
    observed = check_like("held_out", other, x) / exposure(other)[:, None]
    denoised = denoised - denoised.mean(axis=0)
    mean = observed.mean(axis=0)
    covariance = (denoised * (observed - mean)).sum(axis=0)
    variance = (denoised**2).sum(axis=0)
    # A gene whose rates are constant up to rounding claims nothing: there is nothing to confirm.
    varies = (variance > 1e-12 * len(x) * np.maximum(mean, 1e-12) ** 2) & (mean > 0)
    by_gene = np.divide(covariance, variance, out=np.full_like(variance, np.nan), where=varies)
    if not varies.any():
        return ConfirmedFraction(float("nan"), by_gene, float("nan"))
    numerator = (covariance[varies] / mean[varies]).sum()
    denominator = (variance[varies] / mean[varies]).sum()
    root = np.sqrt(mean[varies])
    claimed, seen = (
        _covariances(values[:, varies] / root) for values in (denoised, observed - mean)
    )
    squares = (claimed**2).sum()
    pairs = float((claimed * seen).sum() / squares) if squares > 0 else float("nan")
    return ConfirmedFraction(float(numerator / denominator), by_gene, pairs)


def _covariances(centered: Float[np.ndarray, "cells genes"]) -> Float[np.ndarray, "genes genes"]:
    """Covariances of different genes; 0 on the diagonal."""
    found = centered.T @ centered / len(centered)
    np.fill_diagonal(found, 0.0)
    return found


def shuffle_genes(
    counts: Int[ArrayLike, "cells genes"], *, bins: int = 10, seed: int = 0
) -> Int[np.ndarray, "cells genes"]:
    """Counts with the same genes, independent of each other: a control for any denoiser.

    The counts of each gene are permuted among cells of about the same library size, independently
    of the other genes. The distribution of every gene is kept, library sizes nearly; what genes
    have in common, and with it every cell type, is gone. Correlations that a denoiser shows here
    are its own.

    Args:
        counts: the counts to permute.
        bins: number of groups of cells of about the same library size.
        seed: seed of the permutations.

    Returns:
        Shuffled counts.

    Raises:
        ValueError: if these are not counts, or there are more bins than cells.

    Example:
        >>> import numpy as np
        >>> counts = np.arange(12).reshape(6, 2)
        >>> bool((np.sort(shuffle_genes(counts, bins=1), axis=0) == counts).all())
        True
    """
    x = check_counts("counts", counts, stacked=False)
    bins = check_count("bins", bins, at_most=len(x))
    rng = np.random.default_rng(seed)
    shuffled = np.empty_like(x)
    for rows in np.array_split(np.argsort(x.sum(axis=1), kind="stable"), bins):
        shuffled[rows] = rng.permuted(x[rows], axis=0)
    return shuffled
