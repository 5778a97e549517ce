"""Does a model draw new items, or items that it knows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aelib._checks import check_matrix
from aelib.lab.rate_distortion._checks import Array, check_columns, check_pair


@dataclass(frozen=True)
class Memorisation:
    """What :func:`memorisation` found, each a share of the new items.

    Attributes:
        replaced: drawings nearer to some training item than to the item they are of.
        drawn_to_training: drawings whose nearest item, among training items and as many fresh
            ones, is a training item. One half without memory.
    """

    replaced: float
    drawn_to_training: float


def memorisation(
    drawn: ArrayLike, items: ArrayLike, training: ArrayLike, fresh: ArrayLike
) -> Memorisation:
    """Test whether drawings of new items are drawn towards the training items.

    The second measure has an exact null: if the model had not seen the training items, these and
    the fresh ones would be exchangeable, and a drawing would be as likely to lie nearest to one of
    either. The first has none, and is best compared between models.

    Args:
        drawn: what the model makes of new items, [m, d].
        items: the new items as the model was given them, [m, d].
        training: the items it was trained on, [n, d].
        fresh: as many items of the same kind that neither trained it nor are drawn here, [n, d].

    Returns:
        The :class:`Memorisation`.

    Raises:
        ValueError: if a shape does not fit.

    >>> import numpy as np
    >>> draw = np.random.default_rng(0).normal
    >>> training, fresh, new = draw(size=(50, 5)), draw(size=(50, 5)), draw(size=(30, 5))
    >>> memorisation(training[:30], new, training, fresh)
    Memorisation(replaced=1.0, drawn_to_training=1.0)
    >>> memorisation(new, new, training, fresh).replaced
    0.0
    """
    new = check_matrix("items", items)
    outputs = check_pair("drawn", drawn, "items", new)
    known = check_columns("training", training, new.shape[1])
    others = check_columns("fresh", fresh, new.shape[1])
    if known.shape != others.shape:
        raise ValueError(
            f"fresh: expected as many items as training, {len(known)}, got {len(others)}"
        )
    to_itself = ((outputs - new) ** 2).sum(axis=1)
    to_known, to_others = _nearest(outputs, known), _nearest(outputs, others)
    tie = 0.5 * (to_known == to_others)
    return Memorisation(
        replaced=float((to_known < to_itself).mean()),
        drawn_to_training=float(((to_known < to_others) + tie).mean()),
    )


def _nearest(points: Array, items: Array) -> Array:
    """Squared distance of each point to the nearest of the items, [m]."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(points, items, "sqeuclidean").min(axis=1))
