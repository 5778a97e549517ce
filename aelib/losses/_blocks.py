"""Elementwise work on large arrays, a cache's worth at a time."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

# What XLA computes for a CPU passes through a dozen arrays of the size of the data. With this many
# numbers in each they stay in the cache, and the operating system has no memory to hand out.
_BLOCK = 2**17

Elementwise = Callable[..., tuple[Array, ...]]


def in_blocks(function: Elementwise, *arguments: Array) -> tuple[Array, ...]:
    """``function(*arguments)``, on a CPU a block of rows at a time where that is faster.

    Args:
        function: elementwise; its arguments broadcast against the first, as do its results.
        *arguments: the first of shape [n, ...], the others of this shape or of trailing axes of it.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(2.0**19).reshape(-1, 4)
        >>> doubled, moved = in_blocks(lambda x, by: (2 * x, x + by), x, jnp.ones(4))
        >>> bool((doubled == 2 * x).all() and (moved == x + 1).all())
        True
    """
    shape = arguments[0].shape
    # Inside of shard_map the work is divided already, and a loop's types would have to say how.
    divided = bool(jax.sharding.get_abstract_mesh().manual_axes)
    if arguments[0].size < 2 * _BLOCK or shape[0] < 2 or divided:
        return function(*arguments)
    return jax.lax.platform_dependent(
        *arguments, cpu=lambda *given: _by_rows(function, given), default=function
    )


def _by_rows(function: Elementwise, arguments: tuple[Array, ...]) -> tuple[Array, ...]:
    first = arguments[0]
    rows = first.shape[0]
    size = max(1, _BLOCK * rows // first.size)

    def block_at(start: Array) -> tuple[Array, ...]:
        return function(
            *(
                jax.lax.dynamic_slice_in_dim(a, start, size) if a.ndim == first.ndim else a
                for a in arguments
            )
        )

    kinds = jax.eval_shape(block_at, jnp.int32(0))

    def nothing(start: Array) -> tuple[Array, ...]:
        del start
        return tuple(jnp.zeros(kind.shape, kind.dtype) for kind in kinds)

    def fill(index: Array, filled: tuple[Array, ...]) -> tuple[Array, ...]:
        start = jnp.minimum(index * size, rows - size)  # the last may compute some rows again
        # Always true. Without a branch XLA computes and stores in one go, which takes one core.
        block = jax.lax.cond(start >= 0, block_at, nothing, start)
        return tuple(
            jax.lax.dynamic_update_slice_in_dim(whole, part, start, 0)
            for whole, part in zip(filled, block, strict=True)
        )

    # Not all zeros: of equal arrays XLA would make one, and copy it.
    fresh = tuple(jnp.full(first.shape, index, kind.dtype) for index, kind in enumerate(kinds))
    return jax.lax.fori_loop(0, -(-rows // size), fill, fresh)
