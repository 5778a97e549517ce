"""Steps without a slope, and a way round them."""

from __future__ import annotations

from collections.abc import Callable

import jax


def straight_through(function: Callable[[jax.Array], jax.Array]) -> Callable[..., jax.Array]:
    r"""The same values, with the slope of the identity.

    For a step whose gradient says nothing, such as rounding: on the way forward the step is
    applied, on the way back it is left out (backward pass differentiable approximation, BPDA). An
    attacker may do this to any step that gives back nearly what it got.

    Args:
        function: ``[...] -> [...]``, of the same shape.

    Returns:
        A function with the values of ``function`` and the derivative of :math:`x \mapsto x`.

    Source: A. Athalye, N. Carlini & D. Wagner (2018), *Obfuscated gradients give a false sense of
    security*; for rounding in networks, Y. Bengio, N. Léonard & A. Courville (2013).

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> step = straight_through(jnp.round)
        >>> [float(jax.grad(f)(0.7)) for f in (jnp.round, step)], float(step(0.7))
        ([0.0, 1.0], 1.0)
    """

    @jax.custom_jvp
    def through(x: jax.Array) -> jax.Array:
        return function(x)

    @through.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        return function(primals[0]), tangents[0]

    return through
