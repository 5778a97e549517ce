"""Initial weights, sampled so that little has to be compiled.

JAX compiles its random number generator anew for every shape, which for a handful of layers takes
longer than training a small model. Here normal numbers come in blocks of one size, so that the
generator is compiled once for all shapes of all models, and are brought into shape on the host.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

_BLOCK = 16384


def next_key(rngs: nnx.Rngs) -> jax.Array:
    """The next key for parameters.

    Raises:
        TypeError: if ``rngs`` is something else, such as a seed.
        ValueError: if it has no keys for parameters.
    """
    if not isinstance(rngs, nnx.Rngs):
        raise TypeError(f"rngs: expected an nnx.Rngs such as nnx.Rngs(0), got {rngs!r}")
    if "params" not in rngs and "default" not in rngs:
        raise ValueError(f"rngs: expected a stream params, as in nnx.Rngs(0), got {rngs!r}")
    return rngs.params()


def normal(key: jax.Array, shape: tuple[int, ...], scale: float, dtype: jnp.dtype) -> jax.Array:
    """Independent normal draws with standard deviation ``scale``.

    Args:
        key: the key.
        shape: any shape.
        scale: standard deviation.
        dtype: floating type.
    """
    size = math.prod(shape)
    count = math.ceil(size / _BLOCK)
    if isinstance(key, jax.core.Tracer):
        # Inside somebody's jit a loop would be written out in full: the same blocks, all at once.
        numbers = jnp.arange(count, dtype=jnp.uint32)
        values = jax.vmap(_block, in_axes=(None, 0, None))(key, numbers, dtype).ravel()
        return values[:size].reshape(shape) * jnp.asarray(scale, dtype)
    values = np.empty((count, _BLOCK), dtype)
    for number in range(count):
        values[number] = _block(key, np.uint32(number), dtype)
    values *= np.asarray(scale, dtype)
    return jax.device_put(values.ravel()[:size].reshape(shape))


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


@jax.jit
def _orthonormal(matrix: jax.Array) -> jax.Array:
    q, r = jnp.linalg.qr(matrix)
    return q * jnp.where(jnp.diagonal(r) < 0, -1, 1).astype(q.dtype)
