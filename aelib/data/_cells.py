"""Single-cell counts whose true rates, types, library sizes and dropouts are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_count, check_number
from aelib.data._dataset import Dataset


def load_cells(
    *,
    num_cells: int = 2000,
    num_genes: int = 500,
    num_types: int = 4,
    dispersion: float = 0.5,
    dropout: float = 0.2,
    library_size: float = 2000.0,
    library_spread: float = 0.3,
    marker_fraction: float = 0.1,
    seed: int = 0,
) -> Dataset:
    r"""Counts of transcripts in cells of several types, drawn from a Gamma–Poisson model.

    The model is that of Splatter (Zappia et al., 2017) with its mean–variance trend left out, and
    the one that scVI (Lopez et al., 2018) fits. Gene :math:`g` has a base level
    :math:`b_g \sim \text{Gamma}(0.6, 0.3)`; each type :math:`t` raises its own marker genes by a
    log-normal factor :math:`f_{tg}` of median 6 and leaves the others at 1. A cell :math:`n` of
    type :math:`t_n` has the library size :math:`\ell_n`, log-normal about ``library_size``, and

    .. math::

        \mu_{ng} = \ell_n \frac{b_g f_{t_n g}}{\sum_h b_h f_{t_n h}}, \qquad
        \lambda_{ng} \sim \text{Gamma}(\theta_g, \theta_g / \mu_{ng}), \qquad
        c_{ng} \sim \text{Poisson}(\lambda_{ng}),

    so that counts are negative binomial: mean :math:`\mu`, variance :math:`\mu + \mu^2 / \theta`.
    Dropout then sets a count to zero with probability
    :math:`\pi_{ng} = 1 / (1 + (\mu_{ng} / m)^s)`, a logistic function of the logarithm of the
    mean with :math:`s = 1`: weakly expressed genes are lost more often. Given the mean it does
    not depend on the count. Its midpoint :math:`m` is set so that the average of :math:`\pi` is
    ``dropout``.

    Args:
        num_cells: number of cells, the examples.
        num_genes: number of genes, the features.
        num_types: number of cell types, equally likely.
        dispersion: median over genes of :math:`1 / \theta_g`, which varies log-normally by a
            factor of about 1.5 between genes; 0 gives Poisson counts.
        dropout: average probability that a count is dropped, in [0, 1).
        library_size: median library size, in transcripts.
        library_spread: standard deviation of the logarithm of the library size.
        marker_fraction: fraction of all genes that are a marker of some type; each type has at
            least one, and no gene marks two types.
        seed: of every draw. The same seed with another ``dropout`` keeps the complete counts.

    Returns:
        Counts, int32 ``[num_cells, num_genes]``; labels are the types. Extras,
        one row per cell: ``mean`` (:math:`\mu`), ``rate`` (:math:`\lambda`), ``complete`` (counts
        before dropout), ``dropout_probability`` and ``dropped`` (True where a count was dropped,
        a zero one included), each ``[n, genes]``, and ``library_size`` ``[n]``. Metadata, one
        entry per gene: ``theta`` ``[genes]`` (infinite for Poisson counts), ``markers``
        ``[types, genes]`` (boolean) and ``proportions`` ``[types, genes]``, which sum to 1.

    Raises:
        ValueError: if an option is out of its range.

    Example:
        >>> cells = load_cells(num_cells=300, num_genes=50, dropout=0.3)
        >>> cells.x.shape, cells.metadata["markers"].shape
        ((300, 50), (4, 50))
        >>> bool((cells.x[cells.extras["dropped"]] == 0).all())
        True

    References:
        L. Zappia, B. Phipson and A. Oshlack (2017), Splatter: simulation of single-cell RNA
        sequencing data, Genome Biology 18:174. R. Lopez, J. Regier, M. B. Cole, M. I. Jordan and
        N. Yosef (2018), Deep generative modeling for single-cell transcriptomics, Nature
        Methods 15:1053–1058.
    """
    num_cells = check_count("num_cells", num_cells)
    num_genes = check_count("num_genes", num_genes)
    num_types = check_count("num_types", num_types)
    dispersion = check_number("dispersion", dispersion, at_least=0)
    dropout = check_number("dropout", dropout, at_least=0, below=1)
    library_size = check_number("library_size", library_size, above=0)
    library_spread = check_number("library_spread", library_spread, at_least=0)
    marker_fraction = check_number("marker_fraction", marker_fraction, above=0, at_most=1)
    seed = check_count("seed", seed, at_least=0)
    per_type = max(1, round(marker_fraction * num_genes / num_types))
    if per_type * num_types > num_genes:
        raise ValueError(
            f"num_genes: expected at least {per_type * num_types}, {per_type} markers for each of "
            f"{num_types} types, got {num_genes}"
        )

    # One stream for each part of the model: changing an option disturbs no other part. NumPy, as
    # JAX needs seconds to compile and run its samplers of the two laws.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
    genes, cells, counts, drops = streams
    proportions, markers = _types(genes, num_genes, num_types, per_type)
    inverse_theta = dispersion * genes.lognormal(0.0, 0.4, num_genes)
    types = cells.integers(num_types, size=num_cells)
    library = library_size * cells.lognormal(0.0, library_spread, num_cells)
    mean = library[:, None] * proportions[types]
    with np.errstate(divide="ignore"):
        theta = 1.0 / inverse_theta
    rate = mean if dispersion == 0 else mean * counts.gamma(theta, inverse_theta, mean.shape)
    complete = counts.poisson(rate)
    probability = _dropout_probability(mean, dropout)
    dropped = drops.random(mean.shape) < probability
    return Dataset(
        name="cells",
        x=np.where(dropped, 0, complete).astype(np.int32),
        labels=types.astype(np.int32),
        feature_names=tuple(f"gene {g}" for g in range(num_genes)),
        label_names=tuple(f"type {t}" for t in range(num_types)),
        units="transcripts counted",
        source="simulated by aelib",
        license="MIT, made here",
        citation="model: L. Zappia, B. Phipson and A. Oshlack (2017), Splatter: simulation of "
        "single-cell RNA sequencing data, Genome Biology 18:174, doi:10.1186/s13059-017-1305-0",
        description="Negative binomial counts of genes in cells of known types and library sizes, "
        "some set to zero by dropout. The truth to recover is in the extras: the mean, the rate "
        "of each count, the counts before dropout, and which were dropped.",
        extras={
            "mean": mean,
            "rate": rate,
            "library_size": library,
            "complete": complete.astype(np.int32),
            "dropout_probability": probability,
            "dropped": dropped,
        },
        metadata={"theta": theta, "markers": markers, "proportions": proportions},
    )


def _types(
    rng: np.random.Generator, num_genes: int, num_types: int, per_type: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Expected fraction of each gene in a cell of each type, and which genes mark which type."""
    base = rng.gamma(0.6, 1 / 0.3, num_genes)  # Splatter's default shape and rate
    marked = rng.permutation(num_genes)[: per_type * num_types].reshape(num_types, per_type)
    markers = np.zeros((num_types, num_genes), bool)
    markers[np.arange(num_types)[:, None], marked] = True
    factor = np.where(markers, 6.0 * rng.lognormal(0.0, 0.4, markers.shape), 1.0)
    level = base * factor
    return level / level.sum(axis=1, keepdims=True), markers


def _dropout_probability(mean: NDArray[np.float64], average: float) -> NDArray[np.float64]:
    """Logistic in the logarithm of the mean, its midpoint found by bisection."""
    if average == 0.0:
        return np.zeros_like(mean)
    log_mean = np.log(mean)
    # At the lower midpoint no probability exceeds the average, at the upper one none is below it.
    slack = np.log(average) - np.log1p(-average)
    low, high = log_mean.min() + slack, log_mean.max() + slack
    for _ in range(60):
        middle = (low + high) / 2
        probability = 1.0 / (1.0 + np.exp(log_mean - middle))
        low, high = (middle, high) if probability.mean() < average else (low, middle)
    return probability
