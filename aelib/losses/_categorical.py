"""The categorical distribution: one of K."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int

from aelib._arrays import as_jax, as_real
from aelib.losses._arguments import compute_dtype
from aelib.losses._logistic import certain


def _odds(logits: Array, chosen: Array) -> tuple[Array, Array, Array, Array]:
    """Every other class against the chosen one.

    Returns:
        ``exp(logit - chosen logit - m)`` with zero for the chosen class, their sum, ``m``, the
        largest exponent or zero, and ``exp(-m)``, all with the last axis kept. Where the chosen
        class is ruled out, the others are measured against the largest of them, the last number
        is 0, and ``m`` infinite.
    """
    logits = certain(logits)
    picked = jnp.sum(jnp.where(chosen, logits, 0.0), axis=-1, keepdims=True)
    # A label outside 0 .. K-1 chooses nothing; NaN says so, no other class is taken for it.
    picked = jnp.where(jnp.any(chosen, axis=-1, keepdims=True), picked, jnp.nan)
    most = jnp.max(jnp.where(chosen, -jnp.inf, logits), axis=-1, keepdims=True)
    impossible = (picked == -jnp.inf) & (logits.shape[-1] > 1)
    differences = logits - jnp.where(impossible, most, picked)
    differences = jnp.where(chosen, -jnp.inf, differences)
    largest = jnp.maximum(jnp.max(differences, axis=-1, keepdims=True), 0.0)
    odds = jnp.exp(differences - largest)
    total, own = jnp.sum(odds, axis=-1, keepdims=True), jnp.exp(-largest)
    beyond = jnp.where(impossible, jnp.inf + most * 0.0, largest)
    return odds, total, beyond, jnp.where(impossible, 0.0, own)


@jax.custom_jvp
def _categorical(logits: Array, chosen: Array) -> Array:
    """``log(1 + sum of odds)``, so that a confident right answer keeps its digits.

    The derivative by the chosen logit is written as minus the sum of the other probabilities,
    because ``softmax - 1`` is rounded to zero when the model is surer than one in 10^7.
    """
    _, total, largest, own = _odds(logits, chosen)
    ahead = largest > 0.0
    behind = jnp.log1p(jnp.where(ahead, 0.0, total))
    wrong = largest + jnp.log(jnp.where(ahead, total, 1.0) + own)
    return jnp.where(ahead, wrong, behind)[..., 0]


@_categorical.defjvp
def _categorical_jvp(
    primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    logits, chosen = primals
    odds, total, _, own = _odds(logits, chosen)
    others = odds / (total + own)
    slope = jnp.where(chosen, -jnp.sum(others, axis=-1, keepdims=True), others)
    return _categorical(logits, chosen), jnp.sum(slope * tangents[0], axis=-1)


_compiled = jax.jit(_categorical)  # so that a call outside of jit is one kernel


def categorical_nll(
    logits: Float[ArrayLike, "*batch classes"], labels: Int[ArrayLike, "*batch"]
) -> Float[Array, "*batch"]:
    r"""Negative log-probability of a class, per example, in nats.

    .. math:: \ln \sum_j e^{\ell_j} - \ell_y

    Args:
        logits: shape ``[..., K]``. One of -inf rules its class out: a label there costs
            infinitely many nats. An infinite one is a certain class; several, or none that is
            not ruled out, are no distribution and give NaN.
        labels: integers in 0 … K-1, shape ``[...]``. Any other label gives NaN.

    Returns:
        Nats, shape ``[...]``; float32, or float64 when ``logits`` is.

    Raises:
        ValueError: ``labels`` does not have the leading shape of ``logits``.
        TypeError: ``labels`` are not integers, or ``logits`` not real.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{categorical_nll(jnp.zeros(4), 2):.6f}")  # log 4
        1.386294
    """
    dtype = compute_dtype(logits=logits)
    logits = as_jax("logits", logits, dtype)
    given = as_real("labels", labels)
    if not jnp.issubdtype(given.dtype, jnp.integer):
        raise TypeError(f"labels: expected integers, got dtype {given.dtype}")
    labels = as_jax("labels", given)
    if logits.shape[-1:] in ((), (0,)):
        raise ValueError(f"logits: expected shape [..., K], got {logits.shape}")
    if logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"labels: expected the leading shape of logits, {logits.shape[:-1]}, got {labels.shape}"
        )
    return _compiled(logits, labels[..., None] == jnp.arange(logits.shape[-1]))
