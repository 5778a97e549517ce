"""The Bernoulli distribution: cross-entropy of a coin."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Shaped

from aelib.losses._arguments import compute_dtype, same_shape, where_fractions
from aelib.losses._logistic import sigmoid
from aelib.losses._partials import with_partials


def _slope_logits(logits: Array, targets: Array) -> Array:
    return (1.0 - targets) * sigmoid(logits) - targets * sigmoid(-logits)


def _slope_targets(logits: Array, targets: Array) -> Array:
    del targets
    return -logits


@with_partials(_slope_logits, _slope_targets)
def _bernoulli(logits: Array, targets: Array) -> Array:
    """Two terms, neither negative; one that is not asked for costs nothing even if infinite.

    The partials are given so that a target of exactly one leaves ``-sigmoid(-logits)``, which
    ``sigmoid(logits) - 1`` rounds to zero from a logit of 17 on.
    """
    one, zero = jax.nn.softplus(-logits), jax.nn.softplus(logits)
    known = targets * jnp.where((targets == 0.0) & (logits == -jnp.inf), 0.0, one)
    return known + (1.0 - targets) * jnp.where((targets == 1.0) & (logits == jnp.inf), 0.0, zero)


def bernoulli_nll(
    logits: Float[ArrayLike, " ..."], targets: Shaped[ArrayLike, " ..."]
) -> Float[Array, " ..."]:
    r"""Negative log-probability of a Bernoulli distribution, elementwise, in nats.

    .. math:: x \ln(1 + e^{-\ell}) + (1 - x) \ln(1 + e^{\ell})

    For ``targets`` in {0, 1} this is a likelihood. In between it is a cross-entropy and no
    likelihood: it does not integrate to one over [0, 1]; see :func:`continuous_bernoulli_nll`.

    Args:
        logits: :math:`\ell = \ln p / (1 - p)`, any shape. An infinite one is a certainty: 0 nats
            where it is right, infinitely many where it is wrong.
        targets: :math:`x`, the same shape, in {0, 1} (boolean and integer accepted) or [0, 1].

    Returns:
        Nats, in the shape of ``logits``; float32, or float64 when an argument is.
        NaN where a target is outside [0, 1].

    Raises:
        ValueError: the shapes differ.
        TypeError: an argument is not real.

    Example:
        >>> print(f"{bernoulli_nll(40.0, 1):.4g}")
        4.248e-18
    """
    dtype = compute_dtype(logits=logits, targets=targets)
    logits, targets = same_shape(dtype, logits=logits, targets=targets)
    return where_fractions(targets, _bernoulli(logits, targets))
