"""What an attack maximizes, and the slope of steps that have none."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from aelib._arrays import as_jax
from aelib.adversarial._checks import check_labels


def margin(
    logits: Float[ArrayLike, "n classes"], labels: Int[ArrayLike, " n"]
) -> Float[Array, " n"]:
    r"""Logit of the best wrong class less that of the right class, in nats.

    .. math:: m = \max_{j \ne y} \ell_j - \ell_y

    Positive exactly where the classifier is wrong. Unlike that of the cross-entropy its gradient
    does not vanish where the classifier is confident, which is why attacks maximize it.

    Args:
        logits: logits of at least two classes.
        labels: the right classes, whole numbers from 0.

    Returns:
        One number for each example.

    Raises:
        TypeError: if the labels are not whole numbers.
        ValueError: if shapes do not fit, or a label is out of range. While JAX traces the labels
            they cannot be looked at; the margin is NaN then.

    Example:
        >>> import jax.numpy as jnp
        >>> margin(jnp.array([[2.0, 0.5, 1.0], [0.0, 3.0, 1.0]]), jnp.array([0, 2]))
        Array([-1.,  2.], dtype=float32)

    References:
        N. Carlini and D. Wagner (2017), *Towards evaluating the robustness of neural networks*.
    """
    logits = as_jax("logits", logits)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(
            f"logits: expected shape [n, classes], 2 or more classes, got {logits.shape}"
        )
    labels = check_labels(labels, len(logits), logits.shape[1])
    right = jax.nn.one_hot(labels, logits.shape[1], dtype=bool)
    own = jnp.sum(jnp.where(right, logits, 0), axis=1)
    # No logit belongs to a label beyond the last class: the margin is NaN there.
    own = jnp.where(right.any(axis=1), own, jnp.nan)
    return jnp.max(jnp.where(right, -jnp.inf, logits), axis=1) - own


def straight_through(
    function: Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]],
) -> Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]:
    r"""The same values, with the derivative of the identity.

    For a step whose gradient says nothing, such as rounding: the forward pass applies the step, the
    backward pass leaves it out (backward pass differentiable approximation, BPDA). An attacker may
    do this to any step whose output is close to its input.

    Args:
        function: a function whose output has the shape of its input.

    Returns:
        A function with the values of ``function`` and the derivative of :math:`x \mapsto x`.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> step = straight_through(jnp.round)
        >>> [float(jax.grad(f)(0.7)) for f in (jnp.round, step)], float(step(0.7))
        ([0.0, 1.0], 1.0)

    References:
        A. Athalye, N. Carlini and D. Wagner (2018), *Obfuscated gradients give a false sense of
        security*.

        Y. Bengio, N. Léonard and A. Courville (2013), *Estimating or propagating gradients through
        stochastic neurons for conditional computation*, for rounding in networks.
    """

    @jax.custom_jvp
    def through(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return function(x)

    @through.defjvp
    def _(
        primals: tuple[Float[Array, "*shape"]], tangents: tuple[Float[Array, "*shape"]]
    ) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
        return function(primals[0]), tangents[0]

    return through
