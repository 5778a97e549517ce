"""The categorical distribution: one of K."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int

from aelib.losses._arguments import compute_dtype


def _odds(logits: Array, chosen: Array) -> tuple[Array, Array, Array]:
    """Every other class against the chosen one.

    Returns:
        ``exp(logit - chosen logit - m)`` with zero for the chosen class, their sum, and ``m``, the
        largest exponent or zero, all with the last axis kept.
    """
    picked = jnp.sum(jnp.where(chosen, logits, 0.0), axis=-1, keepdims=True)
    # A label outside 0 .. K-1 chooses nothing; NaN says so, no other class is taken for it.
    picked = jnp.where(jnp.any(chosen, axis=-1, keepdims=True), picked, jnp.nan)
    differences = jnp.where(chosen, -jnp.inf, logits - picked)
    largest = jnp.maximum(jnp.max(differences, axis=-1, keepdims=True), 0.0)
    odds = jnp.exp(differences - largest)
    return odds, jnp.sum(odds, axis=-1, keepdims=True), largest


@jax.custom_jvp
def _categorical(logits: Array, chosen: Array) -> Array:
    """``log(1 + sum of odds)``, so that a confident right answer keeps its digits.

    The derivative by the chosen logit is written as minus the sum of the other probabilities,
    because ``softmax - 1`` is rounded to zero when the model is surer than one in 10^7.
    """
    _, total, largest = _odds(logits, chosen)
    ahead = largest > 0.0
    behind = jnp.log1p(jnp.where(ahead, 0.0, total))
    wrong = largest + jnp.log(jnp.where(ahead, total, 1.0) + jnp.exp(-largest))
    return jnp.where(ahead, wrong, behind)[..., 0]


@_categorical.defjvp
def _categorical_jvp(
    primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    logits, chosen = primals
    odds, total, largest = _odds(logits, chosen)
    others = odds / (total + jnp.exp(-largest))
    slope = jnp.where(chosen, -jnp.sum(others, axis=-1, keepdims=True), others)
    return _categorical(logits, chosen), jnp.sum(slope * tangents[0], axis=-1)


_compiled = jax.jit(_categorical)  # so that a call outside of jit is one kernel


def categorical_nll(
    logits: Float[ArrayLike, "*batch classes"], labels: Int[ArrayLike, "*batch"]
) -> Float[Array, "*batch"]:
    r"""Negative log-probability of a class, per example, in nats.

    .. math:: \ln \sum_j e^{\ell_j} - \ell_y

    Args:
        logits: shape ``[..., K]``.
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
    logits = jnp.asarray(logits).astype(dtype)
    labels = jnp.asarray(labels)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise TypeError(f"labels: expected integers, got dtype {labels.dtype}")
    if logits.ndim == 0:
        raise ValueError("logits: expected shape [..., K], got ()")
    if logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"labels: expected the leading shape of logits, {logits.shape[:-1]}, got {labels.shape}"
        )
    return _compiled(logits, labels[..., None] == jnp.arange(logits.shape[-1]))
