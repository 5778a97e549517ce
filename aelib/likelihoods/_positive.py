"""A positive parameter: fixed, learned, or sent by the decoder."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from aelib._checks import check_array, check_counts, check_number

_LEARNED = ("shared", "feature", "example")


class PositiveParameter(nnx.Module):
    r"""A scale, a dispersion or a number of degrees of freedom.

    A learned value is :math:`\text{floor} + \operatorname{softplus}(r)` of an unconstrained
    :math:`r`: without a floor, one feature that the decoder reproduces exactly sends its scale to
    0 and the log-likelihood of the whole data set to infinity.

    Args:
        kind: a positive number or array of them (one per feature): fixed. ``"shared"``: one
            learned number. ``"feature"``: one learned number per feature. ``"example"``: from the
            decoder, one per example and feature; costs one raw output.
        name: what to call it in error messages.
        num_features: features (or their shape), needed by ``"feature"``.
        floor: smallest value a learned parameter can take, in the parameter's own unit.
        initial: where a learned parameter starts (``"shared"``, ``"feature"``) or its value at a
            raw output of zero (``"example"``).

    Attributes:
        raw: the ``nnx.Param`` that ``fit`` trains, or ``None``.
        shape: the features' shape it was made for, or ``None`` when any will do.

    Raises:
        ValueError: an unknown kind, a value or floor that is not positive, an initial value at or
            below the floor, or ``"feature"`` without ``num_features``.

    Example:
        >>> import jax.numpy as jnp
        >>> scale = PositiveParameter("feature", "scale", num_features=3, floor=0.1, initial=0.5)
        >>> values = scale(None, (2, 3), jnp.float32)
        >>> values.shape, round(float(values[1, 2]), 4)
        ((2, 3), 0.5)
    """

    def __init__(
        self,
        kind: ArrayLike | str,
        name: str,
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-3,
        initial: float = 1.0,
    ) -> None:
        self.name = name
        self.per_example = isinstance(kind, str) and kind == "example"
        shape = None
        if num_features is not None:
            several = isinstance(num_features, Sequence)
            sizes = num_features if several else (num_features,)
            shape = check_counts("num_features", sizes)
        if isinstance(kind, str):
            if kind not in _LEARNED:
                raise ValueError(f"{name}: expected a number, an array or {_LEARNED}, got {kind!r}")
            check_number(f"{name}: floor", floor)
            check_number(f"{name}: initial", initial)
            if not 0 < floor < initial:
                raise ValueError(
                    f"{name}: expected 0 < floor < initial, got floor {floor}, initial {initial}"
                )
            if kind == "feature" and shape is None:
                raise ValueError(f'num_features: {name}="feature" needs it, got None')
            self.fixed = None
            start = _softplus_inverse(initial - floor)
            spread = shape if kind == "feature" and shape is not None else ()
            # With a type of its own: one that JAX may weaken would be compiled for twice.
            dtype = jnp.result_type(float)
            self.raw = None if self.per_example else nnx.Param(jnp.full(spread, start, dtype))
        else:
            values = _positive(kind, name, shape)
            shape = values.shape or shape
            self.fixed = nnx.Variable(jnp.asarray(values)) if values.ndim else float(values)
            self.raw = None
            start = 0.0
        self.shape = shape
        self.floor = check_number(f"{name}: floor", floor)
        self.initial, self.start = check_number(f"{name}: initial", initial), start

    def __call__(self, raw_output: Array | None, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """The values, spread over ``shape`` (that of the data).

        Raises:
            ValueError: the features of ``shape`` are not those it was made for.
        """
        if self.per_example and raw_output is not None:
            return self.floor + jax.nn.softplus(raw_output + self.start)
        if self.raw is not None:
            value = self.floor + jax.nn.softplus(self.raw[...].astype(dtype))
        elif isinstance(self.fixed, nnx.Variable):
            value = self.fixed[...].astype(dtype)
        else:
            value = jnp.asarray(self.fixed, dtype)
        if value.ndim and value.shape != shape[1:]:
            raise ValueError(
                f"{self.name}: made for features of shape {value.shape}, got data {shape}"
            )
        return jnp.broadcast_to(value, shape)


def _positive(value: ArrayLike, name: str, shape: tuple[int, ...] | None) -> np.ndarray:
    array = check_array(name, value, finite=False).astype(np.float64)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError(f"{name}: expected positive, finite values, got {value}")
    if array.ndim and shape is not None and array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape} (num_features), got {array.shape}")
    return array


def _softplus_inverse(value: float) -> float:
    return float(value + np.log(-np.expm1(-value)))
