"""Compare methods of denoising on one matrix, without a truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_count
from aelib._lazy import require
from aelib.denoising._checks import check_counts
from aelib.denoising._denoise import denoise
from aelib.denoising._dispersion import estimate_dispersion
from aelib.denoising._evaluation import (
    confirmed_fraction,
    relative_error,
    shuffle_genes,
)
from aelib.denoising._thinning import thin

if TYPE_CHECKING:
    import pandas as pd

ByMethod = dict[str, Float[np.ndarray, " splits"]]


@dataclasses.dataclass(frozen=True)
class MethodComparison:
    """What :func:`compare_methods` returns: for each method, one number for each split.

    Attributes:
        error: :func:`relative_error` to the held-out part. Only differences between methods have a
            meaning: all contain the same noise of the held-out counts.
        confirmed: :func:`confirmed_fraction`, overall.
        pairs: :func:`confirmed_fraction` of the covariances between two genes.
        pairs_shuffled: the same after :func:`shuffle_genes`, where genes are independent: it is
            near 0 for whatever a method shows there.

    Example:
        >>> import numpy as np
        >>> by_method = {"nothing": np.array([2.0, 2.2]), "pca": np.array([1.0, 1.0])}
        >>> found = MethodComparison(
        ...     error=by_method, confirmed=by_method, pairs=by_method, pairs_shuffled=by_method
        ... )
        >>> found.table()["held-out error"].round(6).to_dict()
        {'nothing': 0.0, 'pca': -1.1}
    """

    error: ByMethod
    confirmed: ByMethod
    pairs: ByMethod
    pairs_shuffled: ByMethod

    def table(self) -> pd.DataFrame:
        """Means over the splits, a row for each method; errors relative to the first method.

        Returns:
            A pandas DataFrame.

        Raises:
            ModuleNotFoundError: if pandas is not installed; the message names the extra.
        """
        pandas = require("pandas", purpose="MethodComparison.table")

        first = next(iter(self.error.values()))
        columns = {
            "held-out error": {name: (e - first).mean() for name, e in self.error.items()},
            "confirmed fraction": {name: c.mean() for name, c in self.confirmed.items()},
            "confirmed, pairs of genes": {name: c.mean() for name, c in self.pairs.items()},
            "the same, shuffled": {name: c.mean() for name, c in self.pairs_shuffled.items()},
        }
        return pandas.DataFrame(columns, list(self.error))


def compare_methods(
    counts: Int[ArrayLike, "cells genes"],
    methods: Sequence[str] = ("nothing", "pca"),
    *,
    splits: int = 5,
    fraction: float = 0.8,
    dispersion: Float[ArrayLike, " genes"] | None = None,
    seed: int = 0,
    **options: Any,
) -> MethodComparison:
    """Compare methods of denoising on these counts, without knowing the truth.

    The counts are thinned several times. Each method learns from one part and is evaluated on the
    other; it learns once more from the same part with its genes shuffled. All splits are of the
    same cells, so their spread says how much depends on the split, and not how much would change
    with other cells.

    Args:
        counts: the counts to denoise.
        methods: names of methods of :func:`denoise`.
        splits: how many times to thin.
        fraction: expected fraction of the part to learn from.
        dispersion: dispersion of each gene; None for :func:`estimate_dispersion`.
        seed: seed of the first split; the others have the seeds that follow.
        **options: further arguments of :func:`denoise`.

    Returns:
        Errors, confirmed fractions and gene correlations, and a table of their means.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import aelib
        >>> cells = aelib.data.load("cells", num_cells=300, num_genes=30, dropout=0.0)
        >>> result = compare_methods(cells.x, splits=2, latent=3)
        >>> bool((result.error["pca"] < result.error["nothing"]).all())
        True
    """
    x = check_counts("counts", counts, stacked=False)
    splits = check_count("splits", splits)
    alpha = estimate_dispersion(x) if dispersion is None else dispersion
    names = tuple(field.name for field in dataclasses.fields(MethodComparison))
    columns: dict[str, dict[str, list[float]]] = {name: {m: [] for m in methods} for name in names}
    for number in range(seed, seed + splits):
        train, held_out = thin(x, fraction, dispersion=alpha, seed=number)
        shuffled_train, shuffled_rest = thin(
            shuffle_genes(x, seed=number), fraction, dispersion=alpha, seed=number
        )
        target = held_out * fraction / (1 - fraction)
        for method in methods:
            fit = denoise(train, method, seed=number, **options)
            control = denoise(shuffled_train, method, seed=number, **options)
            found = confirmed_fraction(fit.rates, held_out, train)
            for name, value in (
                ("error", float(relative_error(fit.expected, target, train))),
                ("confirmed", found.overall),
                ("pairs", found.pairs),
                (
                    "pairs_shuffled",
                    confirmed_fraction(control.rates, shuffled_rest, shuffled_train).pairs,
                ),
            ):
                columns[name][method].append(value)
    return MethodComparison(
        **{n: {m: np.array(values) for m, values in c.items()} for n, c in columns.items()}
    )
