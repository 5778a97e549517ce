"""The gate for arrays that JAX may be tracing: what is none yet is looked at before it becomes one.

JAX itself drops what it does not know (the upper half of an integer of 64 bits) or raises errors
that name no argument.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from aelib._checks import check_array, check_cast


def as_real(name: str, value: Any) -> jax.Array | np.ndarray:
    """``value`` as an array of real numbers, of JAX where it was one, else of NumPy.

    Args:
        name: the argument's name, for the message.
        value: anything with numbers; values may be NaN or infinite, and traced.

    Raises:
        TypeError: it is not real, or nothing that has numbers: text, objects, a masked array.

    Example:
        >>> as_real("counts", [1, 2]).shape
        (2,)
    """
    if not isinstance(value, jax.Array):
        return check_array(name, value, finite=False)
    if not any(
        jnp.issubdtype(value.dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)
    ):
        raise TypeError(f"{name}: expected real numbers, got dtype {value.dtype}")
    return value


def as_jax(name: str, value: Any, dtype: DTypeLike | None = None) -> jax.Array:
    """``value`` as a JAX array of real numbers.

    Args:
        name: the argument's name, for the message.
        value: see :func:`as_real`.
        dtype: the type wanted; by default its own, in as many bits as JAX has for it.

    Raises:
        TypeError: see :func:`as_real`.
        ValueError: a whole number that ``dtype`` does not hold: 2^32 + 3 would come out as 3.

    Example:
        >>> as_jax("counts", [1, 2], "float32")
        Array([1., 2.], dtype=float32)
    """
    array = as_real(name, value)
    wanted = jax.dtypes.canonicalize_dtype(array.dtype if dtype is None else dtype)
    if isinstance(array, jax.Array):
        return array.astype(wanted)
    return jnp.asarray(check_cast(name, array, wanted))


def as_floating(name: str, value: Any) -> jax.Array:
    """``value`` as a JAX array in float32, or wider where it is; whole numbers are turned into it.

    Raises:
        TypeError: see :func:`as_real`.
        ValueError: see :func:`as_jax`.

    Example:
        >>> as_floating("x", [1, 2])
        Array([1., 2.], dtype=float32)
    """
    array = as_real(name, value)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        return as_jax(name, array, jnp.zeros(()).dtype)
    return as_jax(name, array, jnp.promote_types(array.dtype, jnp.float32))
