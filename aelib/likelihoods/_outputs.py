"""Raw decoder outputs: their shape against the data's, and their parts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from aelib._arrays import as_floating, as_jax, as_real

# One number for each feature of each example; a tuple of them for p raw outputs per feature.
Values = Float[Array, "batch *features"]
Parts = tuple[Values, ...]


def floating(name: str, value: ArrayLike) -> Array:
    """``value`` as float32 or wider.

    Raises:
        TypeError: not floating-point numbers.
    """
    array = as_real(name, value)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(f"{name}: expected floating-point numbers, got dtype {array.dtype}")
    return as_floating(name, array)


def split_like(
    outputs: ArrayLike, x: ArrayLike, num_outputs: int
) -> tuple[tuple[Array, ...], Array]:
    """Outputs as ``num_outputs`` arrays shaped like ``x``, and ``x`` in their dtype.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: ``outputs`` are not floating-point numbers, or ``x`` is not real.
    """
    outputs = floating("outputs", outputs)
    x = as_real("x", x)
    if x.ndim == 0:
        raise ValueError("x: expected [batch, ...], got a single number")
    if num_outputs == 1 and outputs.shape == x.shape:
        outputs = outputs[..., None]
    if outputs.shape != (*x.shape, num_outputs):
        plain = f"{x.shape} or " if num_outputs == 1 else ""
        raise ValueError(
            f"outputs: expected shape {plain}{(*x.shape, num_outputs)} for data of shape "
            f"{x.shape}, got {outputs.shape}"
        )
    dtype = outputs.dtype
    if jnp.issubdtype(x.dtype, jnp.floating):
        dtype = jax.dtypes.canonicalize_dtype(jnp.promote_types(dtype, x.dtype))
    parts = tuple(outputs[..., i].astype(dtype) for i in range(num_outputs))
    return parts, as_jax("x", x, dtype)


def real(name: str, value: ArrayLike) -> Array:
    """``value`` as an array with a batch axis.

    Raises:
        TypeError: not real numbers.
        ValueError: no batch axis.
    """
    array = real_or_scalar(name, value, bool_too=True)
    if array.ndim == 0:
        raise ValueError(f"{name}: expected [batch, ...], got a single number")
    return array


def per_feature(outputs: ArrayLike, num_outputs: int) -> tuple[Array, ...]:
    """Outputs as ``num_outputs`` arrays when there is no data to compare shapes with.

    With one output per feature, 2 or 4 axes are ``[batch, d]`` or ``[batch, h, w, c]``; otherwise
    a last axis of length 1 is the output axis.

    Raises:
        ValueError: the last axis is not of length ``num_outputs``.
    """
    outputs = floating("outputs", outputs)
    if num_outputs == 1 and (outputs.ndim in (1, 2, 4) or outputs.shape[-1:] != (1,)):
        return (outputs,)
    if outputs.ndim < 2 or outputs.shape[-1] != num_outputs:
        raise ValueError(
            f"outputs: expected [batch, ..., {num_outputs}], got shape {outputs.shape}"
        )
    return tuple(outputs[..., i] for i in range(num_outputs))


def check_mask(mask: ArrayLike, x: Array) -> Array:
    """The mask as an array.

    Raises:
        TypeError: not boolean.
        ValueError: not shaped like ``x``.
    """
    mask = as_real("mask", mask)
    if mask.dtype != jnp.bool_:
        raise TypeError(f"mask: expected booleans (True = observed), got dtype {mask.dtype}")
    if mask.shape != x.shape:
        raise ValueError(f"mask: expected the shape of x, {x.shape}, got {mask.shape}")
    return jnp.asarray(mask)


def align_exposure(exposure: ArrayLike, x: Array) -> Array:
    """Exposure spread over the shape of ``x``, in its dtype.

    Raises:
        ValueError: not a scalar, ``[batch]``, or shaped like ``x``.
    """
    exposure = real_or_scalar("exposure", exposure)
    dtype = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.float32
    if exposure.shape == x.shape[:1]:
        exposure = exposure.reshape(x.shape[:1] + (1,) * (x.ndim - 1))
    elif exposure.shape not in ((), x.shape):
        raise ValueError(
            f"exposure: expected shape (), {x.shape[:1]} or {x.shape}, got {exposure.shape}"
        )
    return jnp.broadcast_to(exposure.astype(dtype), x.shape)


def real_or_scalar(name: str, value: ArrayLike, *, bool_too: bool = False) -> Array:
    """``value`` as an array.

    Raises:
        TypeError: not real numbers.
        ValueError: a whole number that 32 bits do not hold.
    """
    array = as_real(name, value)
    if array.dtype == jnp.bool_ and not bool_too:
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return as_jax(name, array)
