"""All methods on one matrix, judged by what it holds itself: for data without a truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aelib.denoising._checks import Floats, check_counts
from aelib.denoising._denoise import denoise
from aelib.denoising._dispersion import estimate_dispersion
from aelib.denoising._invention import confirmed_share, gene_correlation, shuffle_genes
from aelib.denoising._judge import relative_error
from aelib.denoising._thinning import thin


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What :func:`compare` returns: for each method, ``[splits]``.

    Attributes:
        error: :func:`relative_error` to the held-out part. Only differences between methods have a
            meaning: all contain the same noise of the held-out counts.
        confirmed: :func:`confirmed_share`, overall.
        correlation: :func:`gene_correlation` of the denoised counts.
        correlation_shuffled: the same for :func:`shuffle_genes` of the counts, where there is none
            to be found.
    """

    error: dict[str, Floats]
    confirmed: dict[str, Floats]
    correlation: dict[str, Floats]
    correlation_shuffled: dict[str, Floats]

    def table(self) -> Any:
        """Means over the splits as a pandas DataFrame, a row for each method.

        Errors are relative to that of the first method.
        """
        import pandas as pd

        first = next(iter(self.error.values()))
        columns = {
            "held-out error": {name: (e - first).mean() for name, e in self.error.items()},
            "confirmed share": {name: c.mean() for name, c in self.confirmed.items()},
            "gene correlation": {name: c.mean() for name, c in self.correlation.items()},
            "the same, shuffled": {n: c.mean() for n, c in self.correlation_shuffled.items()},
        }
        return pd.DataFrame(columns, list(self.error))


def compare(
    counts: ArrayLike,
    methods: Sequence[str] = ("nothing", "pca"),
    *,
    splits: int = 5,
    share: float = 0.8,
    dispersion: ArrayLike | None = None,
    seed: int = 0,
    **options: Any,
) -> Comparison:
    """Which method denoises these counts best, and how much of it is invented? Needs no truth.

    The counts are thinned several times; each method learns from one part and is judged by the
    other, and learns once more from the same part with its genes shuffled. The splits are of the
    same cells, so their spread says how much depends on the split, and not how much would change
    with other cells.

    Args:
        counts: ``[cells, genes]``.
        methods: some of ``METHODS``.
        splits: how many times to thin.
        share: expected share of the part to learn from.
        dispersion: of each gene; None for :func:`estimate_dispersion`.
        seed: of the first split; the others have the seeds that follow.
        **options: for :func:`denoise`.

    Raises:
        ValueError: if an argument is out of its range.

    >>> import aelib
    >>> cells = aelib.data.load("cells", num_cells=300, num_genes=30, dropout=0.0)
    >>> result = compare(cells.x, splits=2, latent=3)
    >>> bool((result.error["pca"] < result.error["nothing"]).all())
    True
    """
    x = check_counts("counts", counts, stacked=False)
    if splits < 1:
        raise ValueError(f"splits: expected at least 1, got {splits}")
    alpha = estimate_dispersion(x) if dispersion is None else dispersion
    seeds = range(seed, seed + splits)
    pairs = [thin(x, share, dispersion=alpha, seed=s) for s in seeds]
    learn = np.stack([first for first, _ in pairs])
    judge = np.stack([second for _, second in pairs])
    mixed = np.stack([shuffle_genes(first, seed=s) for s, first in zip(seeds, learn, strict=True)])
    both = np.concatenate([learn, mixed])
    result = Comparison({}, {}, {}, {})
    for method in methods:
        fit = denoise(both, method, seeds=range(seed, seed + 2 * splits), **options)
        expected, rates = fit.expected[:splits], fit.rates
        target = judge * share / (1 - share)
        result.error[method] = relative_error(expected, target, learn)
        runs = zip(rates, judge, learn, strict=False)
        result.confirmed[method] = np.array([confirmed_share(*run).overall for run in runs])
        pairs_of = zip(rates, both, strict=True)
        found = np.array([gene_correlation(r, c) for r, c in pairs_of])
        result.correlation[method] = found[:splits]
        result.correlation_shuffled[method] = found[splits:]
    return result
