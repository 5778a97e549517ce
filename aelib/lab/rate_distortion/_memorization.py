"""Does a model reconstruct new examples, or examples that it was trained on?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_matrix
from aelib._lazy import require


@dataclass(frozen=True)
class Memorization:
    """What :func:`memorization` found, each a fraction of the new examples.

    Attributes:
        replaced: reconstructions nearer to some training example than to the example they are of.
        nearest_is_training: reconstructions whose nearest example, among training examples and as
            many fresh ones, is a training example. One half without memory.
    """

    replaced: float
    nearest_is_training: float


def memorization(
    reconstructions: Float[ArrayLike, "m d"],
    examples: Float[ArrayLike, "m d"],
    training: Float[ArrayLike, "n d"],
    fresh: Float[ArrayLike, "n d"],
) -> Memorization:
    """Test whether reconstructions of new examples are pulled towards the training examples.

    The second measure has an exact null: if the model had not seen the training examples, these and
    the fresh ones would be exchangeable, and a reconstruction would be as likely to lie nearest to
    one of either. The first has none, and is best compared between models.

    Args:
        reconstructions: what the model makes of new examples.
        examples: the new examples as the model was given them.
        training: the examples it was trained on.
        fresh: as many examples of the same kind that neither trained it nor are reconstructed here.

    Raises:
        ValueError: if a shape does not fit.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal
        >>> training, fresh, new = draw(size=(50, 5)), draw(size=(50, 5)), draw(size=(30, 5))
        >>> memorization(training[:30], new, training, fresh)
        Memorization(replaced=1.0, nearest_is_training=1.0)
        >>> memorization(new, new, training, fresh).replaced
        0.0
    """
    new = check_matrix("examples", examples)
    outputs = check_array("reconstructions", reconstructions, shape=new.shape).astype(np.float64)
    known = check_matrix("training", training, columns=new.shape[1])
    others = check_array("fresh", fresh, shape=known.shape).astype(np.float64)
    to_itself = ((outputs - new) ** 2).sum(axis=1)
    to_known, to_others = _nearest(outputs, known), _nearest(outputs, others)
    tie = 0.5 * (to_known == to_others)
    return Memorization(
        replaced=float((to_known < to_itself).mean()),
        nearest_is_training=float(((to_known < to_others) + tie).mean()),
    )


def _nearest(points: NDArray[np.float64], examples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distance of each point to the nearest of the examples, [m]."""
    metrics = require("sklearn.metrics", purpose="memorization")
    # The search works by chunks of products; the distance found is computed again, so that it is
    # exactly 0 where a point is one of the examples, and equal where two examples are.
    nearest = metrics.pairwise_distances_argmin(points, examples)
    return np.asarray(((points - examples[nearest]) ** 2).sum(axis=1))
