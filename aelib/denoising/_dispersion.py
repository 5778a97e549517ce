"""The dispersion of genes, estimated where no truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.denoising._checks import Floats, check_counts, check_like
from aelib.denoising._normalise import exposure, log_normalise, match_totals


def estimate_dispersion(
    counts: ArrayLike, rates: ArrayLike | None = None, *, components: int = 4
) -> Floats:
    r"""Dispersion of each gene about its rates, by moments: what :func:`thin` asks for.

    .. math:: \alpha_g = \frac{\sum_n (x_{ng} - \hat\mu_{ng})^2 - x_{ng}}
                              {\sum_n \hat\mu_{ng}^2}

    or 0 where this is negative, as from :math:`\operatorname{Var} x = \mu + \alpha\mu^2`. Rates
    that leave out structure make it too large. Rates that follow the noise make it too small, and
    those of any denoiser do, since each has seen the count that it is compared with. So, unless
    ``rates`` are given, they come from principal components with every gene's own value taken out:
    if :math:`P` is the projection on the leading axes and :math:`y` a cell's centred
    :func:`log_normalise` values, gene :math:`g` is predicted by

    .. math:: \frac{(P y)_g - P_{gg}\, y_g}{1 - P_{gg}},

    to which :math:`y_g` does not contribute; :func:`match_totals` follows.

    Dropout is variance too. Counts that suffer from it get the dispersion of a negative binomial of
    equal variance.

    Args:
        counts: ``[cells, genes]``.
        rates: means to measure the dispersion about, in the same shape; they must not have been
            fitted to these counts.
        components: principal axes. A few too many do no harm; too few leave out structure.

    Returns:
        ``[genes]``.

    Raises:
        ValueError: if these are not counts, the shapes differ, or there are too many components.

    >>> estimate_dispersion([[0], [8]], [[4.0], [4.0]])
    array([0.75])
    >>> import aelib
    >>> cells = aelib.data.load("cells", num_cells=2000, num_genes=60, dropout=0.0)
    >>> ratio = estimate_dispersion(cells.x) * cells.metadata["theta"]
    >>> 0.9 < float(np.median(ratio)) < 1.1
    True
    """
    x = check_counts("counts", counts, stacked=False)
    mean = _without_own(x, components) if rates is None else check_like("rates", rates, x)
    surplus = ((x - mean) ** 2 - x).sum(axis=0)
    squares = (mean**2).sum(axis=0)
    ratio = np.divide(surplus, squares, out=np.zeros_like(surplus), where=squares > 0)
    return np.maximum(ratio, 0.0)


def _without_own(x: NDArray[np.int64], components: int) -> Floats:
    """Rates of each gene from the principal components, its own value left out."""
    if not 1 <= components < min(x.shape):
        raise ValueError(
            f"components: expected at least 1 and fewer than the {min(x.shape)} cells or genes, "
            f"got {components}"
        )
    values = log_normalise(x)
    mean = values.mean(axis=0)
    centred = values - mean
    axes = np.linalg.svd(centred, full_matrices=False)[2][:components]
    own = (axes**2).sum(axis=0)
    # A gene that is an axis by itself has nothing else to be predicted from: its mean.
    room = 1.0 - own > 1e-9
    rest = centred @ axes.T @ axes - own * centred
    predicted = np.divide(rest, 1.0 - own, out=np.zeros_like(rest), where=room)
    rates = np.maximum(np.expm1(mean + predicted), 0.0) * exposure(x)[:, None]
    return match_totals(rates, x)
