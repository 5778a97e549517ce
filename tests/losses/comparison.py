"""A loss against its oracle: the worst errors of value and gradient."""

from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from tests.losses.cases import CASES, Case
from tests.losses.oracle import evaluate

# Gradients are held to relative digits however small they are, down to where a factor of one (a
# probability, say, times a mean of up to 1e5) underflows.
# One exception: the derivative of the negative binomial by a count contains
# digamma(x + 1) - digamma(x + theta), terms of order one that cancel exactly at theta = 1.
FLOOR = {"counts": 1.0}


@dataclass(frozen=True)
class Comparison:
    """Errors at every point.

    Attributes:
        value: ``|error| / max(1, |nats|)``, shape ``[n]``.
        gradient: per argument, ``|error|`` in units of what rounding the inputs to this type (by
            one unit, ``eps``, each) and the result changes, shape ``[n]`` (the worst entry).
        finite: whether every value and gradient entry is.
        points: the arguments.
    """

    value: np.ndarray
    gradient: dict[str, np.ndarray]
    finite: bool
    points: list[np.ndarray]


def value_and_gradients(
    case: Case, points: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Value and gradient at each point, in the dtype of the points, by one compiled call."""
    real = tuple(range(case.constants, len(points)))
    with jax.enable_x64(points[-1].dtype == np.float64), jax.numpy_dtype_promotion("strict"):
        function = jax.jit(jax.vmap(jax.value_and_grad(case.loss, argnums=real)))
        value, gradients = function(*map(jnp.asarray, points))
    assert value.dtype == points[-1].dtype
    return np.asarray(value), [np.asarray(g) for g in gradients]


def _flat(points: list[np.ndarray]) -> list[np.ndarray]:
    return [column for p in points for column in (p.T if p.ndim == 2 else [p])]


@cache
def compare(name: str, dtype: type) -> Comparison:
    """Compare a loss with its oracle at all of its points."""
    case = CASES[name]
    points = case.points(dtype)
    value, gradients = value_and_gradients(case, points)
    flat = _flat(points)
    true_value, true_gradient, conditioning = evaluate(
        case.oracle, *flat, perturb=len(flat) - case.constants
    )

    error = np.array(
        [
            abs(v - float(t)) if dtype == np.float32 else abs(float(v - t))
            for v, t in zip(value.astype(object), true_value, strict=True)
        ],
        float,
    )
    size = np.array([max(1.0, abs(float(t))) for t in true_value])
    errors, start = {}, 0
    for argument, gradient in zip(case.arguments, gradients, strict=True):
        columns = np.atleast_2d(gradient.T).T
        stop = start + columns.shape[1]
        exact = true_gradient[:, start:stop]
        miss = np.abs((columns.astype(object) - exact).astype(float))
        allowed = conditioning[:, start:stop] + np.abs(exact.astype(float))
        allowed += FLOOR.get(argument, 1e5 * np.finfo(dtype).tiny / np.finfo(dtype).eps)
        errors[argument] = (miss / (allowed * np.finfo(dtype).eps)).max(axis=1)
        start = stop
    finite = bool(np.isfinite(value).all() and all(np.isfinite(g).all() for g in gradients))
    return Comparison(error / size, errors, finite, points)
