"""How well a model of a table fills its gaps: in nats, and in mistakes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.likelihoods import Columns, Composite

_LEVELED = ("binary", "categorical", "ordinal")


class Gaps(NamedTuple):
    """What :func:`fill_gaps` returns, one number for each column.

    Attributes:
        nats: mean nats of a hidden cell.
        mistakes: share of hidden cells guessed wrongly, for columns with levels; mean squared error
            in units of the column's variance for numbers.
    """

    nats: NDArray[np.float64]
    mistakes: NDArray[np.float64]


def fill_gaps(
    columns: Columns, likelihood: Composite, x: ArrayLike, seen: ArrayLike, *, model: Any = None
) -> Gaps:
    """Hide cells of new rows, and let a model describe and guess them.

    Args:
        columns: what the columns hold, which decides what a mistake is.
        likelihood: that of the model; it may take the columns for something else, as
            ``columns.as_numbers()`` does.
        x: ``[n, columns]``.
        seen: booleans of x's shape, False where a cell is hidden; each column needs some of both.
        model: made by :func:`aelib.models.table`; None for what each column alone says.

    >>> from aelib.data import Column
    >>> coin = Columns((Column("coin", "binary", levels=("heads", "tails")),))
    >>> gaps = fill_gaps(coin, Composite(coin), [[0], [1], [1]], [[False], [False], [True]])
    >>> gaps.nats.round(3).tolist(), gaps.mistakes.tolist()
    ([0.693], [0.5])
    """
    x, seen = np.asarray(x, np.float32), np.asarray(seen, bool)
    spec = likelihood.columns
    if model is None:
        outputs: Any = spec.marginal_outputs(len(x))
        guess = np.broadcast_to(spec.typical(), x.shape)
    else:
        outputs = model.predict(x, mask=seen)
        guess = spec.nearest(np.asarray(likelihood.predict(outputs)))
    nats = -np.asarray(likelihood.log_prob_per_feature(outputs, x, mask=~seen), np.float64)
    return measure_gaps(columns, nats, np.asarray(guess), x, seen)


def measure_gaps(
    columns: Columns,
    nats: NDArray[Any],
    guess: NDArray[Any],
    x: NDArray[Any],
    seen: NDArray[np.bool_],
) -> Gaps:
    """Means over the hidden cells of what they cost, and of mistakes; all ``[n, columns]``."""
    leveled = np.array([column.kind in _LEVELED for column in columns])
    spread = np.where(leveled, 1.0, x.std(axis=0))
    wrong = np.where(leveled, guess != x, np.square((guess - x) / spread))
    hidden = (~seen).sum(axis=0)
    return Gaps((nats * ~seen).sum(axis=0) / hidden, (wrong * ~seen).sum(axis=0) / hidden)
