"""The squared Frobenius norm of any map's Jacobian, from its rows: all, or random mixtures."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

Batched = Callable[[jax.Array], jax.Array]


def exact(encode: Batched, x: jax.Array) -> jax.Array:
    r"""Sum of squares of the Jacobian's rows, one vector-Jacobian product for each latent unit.

    Memory is that of one product at a time, for the gradient as well: each is computed again when
    its turn comes on the way back.

    Args:
        encode: [batch, ...] -> [batch, k], each code from its own example alone.
        x: [batch, ...].

    Returns:
        [batch].
    """
    codes, pullback = jax.vjp(encode, x)

    @jax.checkpoint
    def add_row(total: jax.Array, unit: jax.Array) -> tuple[jax.Array, None]:
        row = jax.nn.one_hot(unit, codes.shape[1], dtype=codes.dtype)
        return total + _squared_length(pullback(jnp.broadcast_to(row, codes.shape))[0]), None

    start = jnp.zeros(x.shape[0], x.dtype)
    return jax.lax.scan(add_row, start, jnp.arange(codes.shape[1]))[0]


def hutchinson(encode: Batched, x: jax.Array, num_probes: int, key: jax.Array) -> jax.Array:
    r"""Unbiased draws of the squared norm: :math:`\lVert J^\top v\rVert^2` for random signs v.

    :math:`\operatorname E\, v v^\top = I` gives :math:`\operatorname E \lVert J^\top v\rVert^2 =
    \operatorname{tr} J J^\top = \lVert J\rVert_F^2`, and of all v with independent entries signs
    have the least variance (Hutchinson 1990). They are drawn on the side of the code, where there
    are fewer directions to mix, anew for each example.

    Args:
        encode: [batch, ...] -> [batch, k], each code from its own example alone.
        x: [batch, ...].
        num_probes: draws for each example.
        key: a ``jax.random`` key.

    Returns:
        [num_probes, batch].
    """
    codes, pullback = jax.vjp(encode, x)

    @jax.checkpoint
    def draw(probe_key: jax.Array) -> jax.Array:
        signs = jax.random.rademacher(probe_key, codes.shape, codes.dtype)
        return _squared_length(pullback(signs)[0])

    return jax.lax.map(draw, jax.random.split(key, num_probes))


def _squared_length(rows: jax.Array) -> jax.Array:
    return jnp.sum(jnp.square(rows), axis=tuple(range(1, rows.ndim)))
