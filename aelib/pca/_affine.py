"""The affine map that a model computes, read off the model itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import PyTree
from numpy.typing import NDArray

from aelib.pca._angles import unit_roundoff

Matrix = NDArray[np.float64]
#: [n, inputs] to [n, outputs], of JAX or NumPy.
Function = Callable[[Any], ArrayLike]


@dataclass(frozen=True)
class Affine:
    r"""The map :math:`v \mapsto A v + b`, in float64.

    Attributes:
        matrix: A, [outputs, inputs].
        offset: b, [outputs].
    """

    matrix: Matrix
    offset: Matrix

    def __call__(self, rows: Matrix) -> Matrix:
        """Apply the map to each row, [n, inputs] to [n, outputs]."""
        return rows @ self.matrix.T + self.offset


def linearize(name: str, function: Function, num_inputs: int, dtype: DTypeLike) -> Affine:
    """Return value and Jacobian of ``function`` at zero: the function itself, if it is affine.

    The Jacobian of a JAX function comes from forward differentiation, in which a bias takes no
    part, so that the weights of a linear layer come out bit by bit. A NumPy function (known by
    what it returns) is evaluated at zero and at the unit vectors instead.

    Args:
        name: what the function is called in error messages.
        function: maps [n, num_inputs] to [n, num_outputs].
        num_inputs: its input width.
        dtype: floating dtype in which to call it.

    Raises:
        ValueError: if it does not return a matrix with one row per row.
    """
    zero = np.zeros((1, num_inputs), dtype)
    units = np.eye(num_inputs, dtype=dtype)
    # Without this, products on recent GPUs would round the weights to ten bits.
    with jax.default_matmul_precision("highest"):
        parts = _parts_of(function)
        if parts is not None:
            at_zero, columns = _linearized_method(*parts, zero, units)
        elif isinstance(at_zero := function(zero), jax.Array):
            at_zero, columns = _linearized(function, zero, units)
        else:
            columns = np.asarray(function(units)) - at_zero
    if np.ndim(at_zero) != 2 or at_zero.shape[0] != 1:
        raise ValueError(
            f"{name}: expected a map of [n, {num_inputs}] to a matrix [n, outputs], "
            f"got outputs of shape {np.shape(at_zero)} for n = 1"
        )
    return Affine(np.asarray(columns, np.float64).T, np.asarray(at_zero, np.float64)[0])


def call(function: Function, rows: Matrix) -> ArrayLike:
    """``function(rows)`` to full precision; of a Flax module in one compiled call."""
    # Without this, products on recent GPUs would round the weights to ten bits.
    with jax.default_matmul_precision("highest"):
        parts = _parts_of(function)
        return function(rows) if parts is None else _method(*parts, rows)


def _parts_of(function: Function) -> tuple[nnx.GraphDef, str, PyTree] | None:
    """Structure, name of the method and variables of a Flax module, or None for what is none.

    With the variables as arguments, all models of one structure share one compiled program; run
    operation by operation, the first of them would compile thirty small ones.
    """
    module = getattr(function, "__self__", function)
    if not isinstance(module, nnx.Module):
        return None
    graphdef, state = nnx.split(module)
    return graphdef, getattr(function, "__name__", "__call__"), nnx.as_pure(state)


@partial(jax.jit, static_argnums=(0, 1))
def _method(graphdef: nnx.GraphDef, name: str, state: PyTree, rows: Matrix) -> ArrayLike:
    return getattr(nnx.merge(graphdef, state), name)(rows)


@partial(jax.jit, static_argnums=(0, 1))
def _linearized_method(
    graphdef: nnx.GraphDef, name: str, state: PyTree, zero: Matrix, units: Matrix
) -> tuple[jax.Array, jax.Array]:
    return _linearized(getattr(nnx.merge(graphdef, state), name), zero, units)


def _linearized(function: Function, zero: Matrix, units: Matrix) -> tuple[jax.Array, jax.Array]:
    at_zero, push = jax.linearize(function, jnp.asarray(zero))
    return at_zero, jax.vmap(push)(jnp.asarray(units)[:, None, :])[:, 0]


def check_affine(
    name: str, function: Function, affine: Affine, rows: Matrix, dtype: DTypeLike
) -> None:
    """Raise unless ``function`` agrees with its linearization on rows near and far.

    Each row is tried where it is and eight times further from the mean, so that a network whose
    units happen not to saturate on the data is still recognized.

    Raises:
        ValueError: if it does not agree to rounding, or returns values that are not finite.
    """
    mean = rows.mean(axis=0)
    tried = np.concatenate([rows, mean + 8.0 * (rows - mean)]).astype(dtype)
    raw = call(function, tried)
    actual = np.asarray(raw, np.float64)
    expected = affine(tried.astype(np.float64))
    # Rounding of a sum grows with the sizes that are summed, not with the sum.
    size = np.abs(tried).astype(np.float64) @ np.abs(affine.matrix.T) + np.abs(affine.offset)
    # Sums of d rounded terms err by about sqrt(d) roundings; whatever the dtype, a twentieth is
    # no rounding any more.
    tolerance = min(64 * np.sqrt(rows.shape[1]) * unit_roundoff(np.asarray(raw)), 0.05) * size.max()
    error = np.abs(actual - expected)
    if not np.isfinite(error).all():
        raise ValueError(
            f"{name}: expected finite outputs, got NaN or an infinity: training may have diverged"
        )
    if error.max() > tolerance:
        raise ValueError(
            f"{name}: expected an affine map, such as a linear or tied autoencoder; its outputs "
            f"differ from its linearization by up to {error.max():.2g}. A network with "
            "a non-linear activation has no principal axes to compare"
        )
