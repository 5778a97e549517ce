"""Initial weights, drawn so that little has to be compiled.

JAX compiles its random number generator anew for every shape, which for a handful of layers takes
longer than training a small model. Here normal numbers come in blocks of one size, so that the
generator is compiled once for all shapes of all models.
"""

import functools
import math

import jax
import jax.numpy as jnp

_BLOCK = 16384


def normal(key: jax.Array, shape: tuple[int, ...], scale: float, dtype: jnp.dtype) -> jax.Array:
    """Independent normal draws with standard deviation ``scale``.

    Args:
        key: the key.
        shape: any shape.
        scale: standard deviation.
        dtype: floating type.
    """
    count = math.ceil(math.prod(shape) / _BLOCK)
    numbers = jnp.arange(count, dtype=jnp.uint32)
    if isinstance(key, jax.core.Tracer):
        # Inside somebody's jit a loop would be written out in full: the same blocks, all at once.
        blocks = jax.vmap(_block, in_axes=(None, 0, None))(key, numbers, dtype)
    else:
        blocks = jnp.stack([_block(key, number, dtype) for number in numbers])
    return _shaped(blocks, shape, scale)


def orthogonal(key: jax.Array, shape: tuple[int, int], scale: float, dtype: jnp.dtype) -> jax.Array:
    """``scale`` times a uniformly random matrix with orthonormal columns, or rows if it is wide.

    It is the Q of a normal matrix, with the signs of R's diagonal (Mezzadri 2007).

    Args:
        key: the key.
        shape: rows and columns.
        scale: common singular value.
        dtype: floating type.
    """
    tall = (max(shape), min(shape))
    exact = jnp.promote_types(dtype, jnp.float32)  # there is no QR in bfloat16
    q = _orthonormal(normal(key, tall, 1.0, exact)) * scale
    return (q if shape == tall else q.T).astype(dtype)


@functools.partial(jax.jit, static_argnums=2)
def _block(key: jax.Array, number: jax.Array, dtype: jnp.dtype) -> jax.Array:
    return jax.random.normal(jax.random.fold_in(key, number), (_BLOCK,), dtype)


@functools.partial(jax.jit, static_argnums=1)
def _shaped(blocks: jax.Array, shape: tuple[int, ...], scale: float) -> jax.Array:
    return blocks.ravel()[: math.prod(shape)].reshape(shape) * jnp.asarray(scale, blocks.dtype)


@jax.jit
def _orthonormal(matrix: jax.Array) -> jax.Array:
    q, r = jnp.linalg.qr(matrix)
    return q * jnp.where(jnp.diagonal(r) < 0, -1, 1).astype(q.dtype)
