"""Losses of word counts, as their gradients need them, and the distributions they predict.

What depends on the counts alone (the logarithms of factorials) is left out: it does not change what
is learned, and over thousands of words it is most of the work. For numbers to be read, use
:mod:`aelib.likelihoods`.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike, NDArray


class WordLoss:
    """A loss of word counts for a :class:`Panel`: one raw output for each word.

    Attributes:
        num_outputs: 1.

    Args:
        loss: (outputs, counts) -> ``[batch]``, both ``[batch, words]``.

    >>> WordLoss(multinomial).log_prob(jnp.zeros((1, 2)), jnp.array([[1, 1]])).round(3)
    Array([-1.386], dtype=float32)
    """

    num_outputs = 1

    def __init__(self, loss: Callable[[Array, Array], Array]) -> None:
        self.loss = loss

    def log_prob(self, outputs: Array, x: Array) -> Array:
        """Minus the loss."""
        return -self.loss(outputs, x)

    def check(self, x: ArrayLike) -> None:
        """Counts: nothing below zero.

        Raises:
            ValueError: if there is.
        """
        least = np.asarray(x).min()
        if least < 0:
            raise ValueError(f"x: expected counts of at least 0, got {least}")


def multinomial(outputs: Array, counts: Array) -> Array:
    """Cross-entropy of the words: minus the sum of counts times log-softmax."""
    return (counts * (jax.nn.logsumexp(outputs, axis=-1, keepdims=True) - outputs)).sum(axis=-1)


def poisson(outputs: Array, counts: Array) -> Array:
    """Independent Poisson counts with the text's length as exposure; outputs are log-shares."""
    length = counts.sum(axis=-1, keepdims=True)
    return (length * jnp.exp(outputs) - counts * outputs).sum(axis=-1)


def presence(outputs: Array, counts: Array) -> Array:
    """Independent coins: does the word occur? Outputs are logits."""
    return (jax.nn.softplus(outputs) - jnp.minimum(counts, 1) * outputs).sum(axis=-1)


def squared_error(outputs: Array, counts: Array) -> Array:
    """Half the squared error of the counts; outputs are the counts themselves."""
    return 0.5 * jnp.square(counts - outputs).sum(axis=-1)


def shares(outputs: ArrayLike, reading: str) -> NDArray[np.float64]:
    r"""What a model that was not asked for it says about the next word: a distribution.

    Args:
        outputs: raw outputs, ``[n, words]``.
        reading: ``"softmax"``: proportional to :math:`e^o`. For a multinomial it is the model. For
            independent Poissons it is the exact distribution given the number of words, and for
            independent coins the exact one given that a single word occurs. ``"sigmoid"``:
            proportional to the coins' probabilities. ``"softplus"``: proportional to
            :math:`-\log(1 - p)`, the rate of the Poisson that is not 0 with probability p.
            ``"clip"``: proportional to the outputs themselves, negative ones set to 0.

    Returns:
        ``[n, words]``; each row sums to 1, or to 0 if nothing positive was left.

    Raises:
        ValueError: an unknown reading.

    >>> shares([[0.0, 0.0, 2.0]], "clip")
    array([[0., 0., 1.]])
    """
    o = np.asarray(outputs, np.float64)
    if reading == "softmax":
        size = np.exp(o - o.max(axis=-1, keepdims=True))
    elif reading == "sigmoid":
        size = np.exp(-np.logaddexp(0.0, -o))
    elif reading == "softplus":
        size = np.logaddexp(0.0, o)
    elif reading == "clip":
        size = np.maximum(o, 0.0)
    else:
        raise ValueError(
            f"reading: expected 'softmax', 'sigmoid', 'softplus' or 'clip', got {reading!r}"
        )
    total = size.sum(axis=-1, keepdims=True)
    return np.divide(size, total, out=np.zeros_like(size), where=total > 0)
