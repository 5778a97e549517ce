"""What an attacker wants: a number for each item, larger for a better attack."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from aelib.adversarial._checks import check_labels


def margin(logits: Any, labels: Any) -> jax.Array:
    r"""How far the best wrong class is ahead of the right one, in nats.

    .. math:: m = \max_{j \ne y} \ell_j - \ell_y

    Positive exactly where the classifier is wrong. Unlike the cross-entropy its slope does not
    fade where the classifier is sure, which is why attacks climb it.

    Args:
        logits: ``[n, classes]``, at least two classes.
        labels: the right classes, whole numbers from 0, ``[n]``.

    Returns:
        ``[n]``.

    Raises:
        TypeError: if the labels are not whole numbers.
        ValueError: if shapes do not fit, or, unless traced by JAX, a label is out of range.

    Source: N. Carlini & D. Wagner (2017), *Towards evaluating the robustness of neural networks*.

    Example:
        >>> import jax.numpy as jnp
        >>> margin(jnp.array([[2.0, 0.5, 1.0], [0.0, 3.0, 1.0]]), jnp.array([0, 2]))
        Array([-1.,  2.], dtype=float32)
    """
    logits = jnp.asarray(logits)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(
            f"logits: expected shape [n, classes], 2 or more classes, got {logits.shape}"
        )
    labels = check_labels(labels, len(logits))
    right = jax.nn.one_hot(labels, logits.shape[1], dtype=bool)
    own = jnp.sum(jnp.where(right, logits, 0), axis=1)
    # A label beyond the last class chooses nothing; NaN says so.
    own = jnp.where(right.any(axis=1), own, jnp.nan)
    return jnp.max(jnp.where(right, -jnp.inf, logits), axis=1) - own
