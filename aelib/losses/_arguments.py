"""Shape and type rules shared by every loss, applied while tracing.

``aelib._checks`` looks at values, on the host; here there are only shapes and types to look at,
except of what is not a JAX array yet.
"""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from aelib._arrays import as_jax, as_real


def compute_dtype(**arguments: ArrayLike) -> jnp.dtype:
    """The floating type a loss computes and answers in.

    ``float64`` when any array argument is ``float64`` (only possible with x64 enabled),
    ``float32`` otherwise: half precision is widened, integers and booleans follow, and Python
    numbers have no say.

    Raises:
        TypeError: an argument is not a real number or array.

    Example:
        >>> import jax.numpy as jnp
        >>> compute_dtype(mean=jnp.zeros(3, jnp.bfloat16), targets=jnp.arange(3), scale=0.5)
        dtype('float32')
    """
    dtype = jnp.dtype(jnp.float32)
    for name, value in arguments.items():
        kind = jax.dtypes.canonicalize_dtype(as_real(name, value).dtype)
        if kind == jnp.float64 and not isinstance(value, (int, float)):
            dtype = jnp.dtype(jnp.float64)
    return dtype


def same_shape(dtype: jnp.dtype, **arrays: ArrayLike) -> tuple[jax.Array, ...]:
    """Cast the arrays to ``dtype``; they must all have the shape of the first.

    Raises:
        ValueError: two shapes differ. Nothing is broadcast, because a ``[batch, 1]`` against a
            ``[batch]`` would silently become ``[batch, batch]``.
    """
    cast = {name: as_jax(name, value, dtype) for name, value in arrays.items()}
    first, *rest = cast
    for name in rest:
        if cast[name].shape != cast[first].shape:
            raise ValueError(
                f"{name}: expected the shape of {first}, {cast[first].shape}, "
                f"got {cast[name].shape}"
            )
    return tuple(cast.values())


def parameter(dtype: jnp.dtype, shape: tuple[int, ...], name: str, value: ArrayLike) -> jax.Array:
    """Cast a distribution parameter to ``dtype``; its shape must fit that of the data.

    A parameter may be a scalar, one number per feature (the shape of the trailing axes of
    ``shape``), or have the full shape. It is not spread over the data, so that a formula computes
    what depends on it alone as often as there are numbers.

    Raises:
        ValueError: it has any other shape.
    """
    array = as_jax(name, value, dtype)
    if array.ndim > len(shape) or shape[len(shape) - array.ndim :] != array.shape:
        features = f"{shape[-1:]} (features) or " if len(shape) > 1 else ""
        raise ValueError(f"{name}: expected shape (), {features}{shape}, got {array.shape}")
    return array


def where_fractions(targets: jax.Array, nats: jax.Array) -> jax.Array:
    """``nats`` where the targets are in [0, 1], NaN where they are not.

    Example:
        >>> import jax.numpy as jnp
        >>> where_fractions(jnp.array([0.5, 16.0]), jnp.array([2.0, 2.0]))
        Array([ 2., nan], dtype=float32)
    """
    return jnp.where((targets >= 0) & (targets <= 1), nats, jnp.nan)


def where_counts(counts: jax.Array, nats: jax.Array, *, joint: bool = False) -> jax.Array:
    """``nats`` where the counts are counts, NaN where one is negative or NaN itself.

    The formulas pick a branch by ``counts > 0``, which would quietly take either for a zero, and
    under jit nothing can be raised.

    Args:
        counts: [..., V] or any shape.
        nats: shaped like ``counts``, or without the last axis for a joint loss.
        joint: whether one loss covers the last axis of the counts.

    Example:
        >>> import jax.numpy as jnp
        >>> where_counts(jnp.array([0.0, -1.0]), jnp.array([2.0, 2.0]))
        Array([ 2., nan], dtype=float32)
    """
    valid = counts >= 0
    return jnp.where(valid.all(-1) if joint else valid, nats, jnp.nan)
