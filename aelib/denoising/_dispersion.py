"""The dispersion of genes, estimated without knowing the truth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_count
from aelib.denoising._checks import check_counts, check_like
from aelib.denoising._matrix import leading_axes
from aelib.denoising._normalize import exposure, log_normalize, match_totals


def estimate_dispersion(
    counts: Int[ArrayLike, "cells genes"],
    rates: Float[ArrayLike, "cells genes"] | None = None,
    *,
    components: int = 4,
) -> Float[np.ndarray, " genes"]:
    r"""Dispersion of each gene about its rates, by the method of moments.

    .. math:: \alpha_g = \frac{\sum_n (x_{ng} - \hat\mu_{ng})^2 - x_{ng}}
                              {\sum_n \hat\mu_{ng}^2}

    or 0 where this is negative, as from :math:`\operatorname{Var} x = \mu + \alpha\mu^2`. Rates
    that leave out structure make it too large. Rates that follow the noise make it too small, and
    those of any denoiser do, since they were fitted to the counts that they are compared with. So,
    unless ``rates`` are given, each gene is predicted from the others: if :math:`P` is the
    projection on the leading principal axes and :math:`y` a cell's centered :func:`log_normalize`
    values, gene :math:`g` is predicted by

    .. math:: \frac{(P y)_g - P_{gg}\, y_g}{1 - P_{gg}},

    to which :math:`y_g` does not contribute. Then the rates of each gene are scaled to the total
    of its counts.

    Dropout adds variance too. Counts with dropout get the dispersion of a negative binomial of
    equal variance.

    Args:
        counts: the counts.
        rates: means to measure the dispersion about; they must not have been fitted to these
            counts.
        components: number of principal axes. A few too many do no harm; too few leave out
            structure.

    Returns:
        One number, at least 0, for each gene: what :func:`thin` asks for.

    Raises:
        ValueError: if these are not counts, the shapes differ, or there are too many components.

    Example:
        >>> import numpy as np
        >>> estimate_dispersion([[0], [8]], [[4.0], [4.0]])
        array([0.75])
        >>> import aelib
        >>> cells = aelib.data.load("cells", num_cells=2000, num_genes=60, dropout=0.0)
        >>> ratio = estimate_dispersion(cells.x) * cells.metadata["theta"]
        >>> 0.9 < float(np.median(ratio)) < 1.1
        True
    """
    x = check_counts("counts", counts, stacked=False)
    mean = _leave_one_out_rates(x, components) if rates is None else check_like("rates", rates, x)
    surplus = ((x - mean) ** 2 - x).sum(axis=0)
    squares = (mean**2).sum(axis=0)
    ratio = np.divide(surplus, squares, out=np.zeros_like(surplus), where=squares > 0)
    return np.maximum(ratio, 0.0)


def _leave_one_out_rates(
    x: Int[np.ndarray, "cells genes"], components: int
) -> Float[np.ndarray, "cells genes"]:
    """Rates of each gene from the principal components of all genes but itself."""
    components = check_count("components", components, at_most=min(x.shape) - 1)
    values = log_normalize(x)
    mean = values.mean(axis=0)
    centered = values - mean
    axes = leading_axes(centered.T @ centered, components).T
    own = (axes**2).sum(axis=0)
    # A gene that is an axis by itself cannot be predicted from the others: it gets its mean.
    predictable = 1.0 - own > 1e-9
    rest = centered @ axes.T @ axes - own * centered
    predicted = np.divide(rest, 1.0 - own, out=np.zeros_like(rest), where=predictable)
    rates = np.maximum(np.expm1(mean + predicted), 0.0) * exposure(x)[:, None]
    return match_totals(rates, x)
