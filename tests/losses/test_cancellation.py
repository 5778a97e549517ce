"""The rearranged differences against forty digits: relative precision wherever they vanish."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from mpmath import mpf

from aelib.losses import _cancellation, _stirling
from aelib.losses._partials import derivative, with_partials

pytestmark = pytest.mark.exact

DTYPES = [np.float32, np.float64]
SMALL = np.concatenate([-np.logspace(-0.01, -12, 60), [0.0], np.logspace(-12, 1.2, 60)])


def relative_error(
    function: Callable, exact: Callable, points: list[np.ndarray], dtype: type
) -> float:
    """The worst, in units of the last place."""
    points = [p.astype(dtype) for p in points]
    with jax.enable_x64(dtype == np.float64), jax.numpy_dtype_promotion("strict"):
        got = np.asarray(jax.jit(function)(*map(jnp.asarray, points)))
    assert got.dtype == dtype
    worst = 0.0
    with mpmath.workdps(40):
        for value, *point in zip(got, *points, strict=True):
            true = exact(*(mpf(float(p)) for p in point))
            error = abs(mpf(float(value)) - true)
            if error > np.finfo(dtype).tiny:
                worst = max(worst, float(error / abs(true)))
    return worst / np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
def test_exponential_remainder(dtype: type) -> None:
    def exact(t: mpf) -> mpf:
        return mpmath.expm1(t) - t

    points = SMALL[np.abs(SMALL) <= 1.0]
    assert relative_error(_cancellation.exponential_remainder, exact, [points], dtype) < 6


@pytest.mark.parametrize("dtype", DTYPES)
def test_logarithm_remainder(dtype: type) -> None:
    def exact(u: mpf) -> mpf:
        return u - mpmath.log1p(u)

    def function(u: jax.Array) -> jax.Array:
        return _cancellation.logarithm_remainder(u, 1 + u)

    # near -1 the rounding of 1 + u is the caller's business
    points = SMALL[SMALL > -0.6]
    assert relative_error(function, exact, [points], dtype) < 6


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_ratio_beside_the_logarithm(dtype: type) -> None:
    """Absolute error far below the spacing of the logarithms themselves."""
    numbers = np.concatenate([np.arange(1, 400), np.logspace(-6, 7, 200)]).astype(dtype)
    close = np.log(numbers.astype(np.float64)).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        got = np.asarray(jax.jit(_cancellation.log_ratio)(jnp.asarray(close), jnp.asarray(numbers)))
    with mpmath.workdps(40):
        errors = [
            abs(mpf(float(g)) - mpf(float(a)) + mpmath.log(mpf(float(b))))
            for g, a, b in zip(got, close, numbers, strict=True)
        ]
    assert float(max(errors)) < 0.05 * np.finfo(dtype).eps


def test_log_ratio_differentiates() -> None:
    a, b = jnp.float32(0.3), jnp.float32(1.7)
    slopes = jax.grad(_cancellation.log_ratio, argnums=(0, 1))(a, b)
    np.testing.assert_allclose(slopes, (1.0, -1 / 1.7), rtol=1e-6)


def _stirling_error(k: mpf) -> mpf:
    with mpmath.workdps(60):
        return mpmath.loggamma(k + 1) - k * mpmath.log(k) + k - mpmath.log(2 * mpmath.pi * k) / 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_stirling_error_and_its_derivative(dtype: type) -> None:
    points = np.concatenate([np.linspace(1, 20, 77), np.logspace(1.3, 8, 40)])

    def slope(k: mpf) -> mpf:
        with mpmath.workdps(60):
            return mpmath.digamma(k + 1) - mpmath.log(k) - 1 / (2 * k)

    assert relative_error(_stirling.stirling_error, _stirling_error, [points], dtype) < 6

    def derivative_of(k: jax.Array) -> jax.Array:
        return derivative(_stirling.stirling_error, k)

    assert relative_error(derivative_of, slope, [points], dtype) < 12


def test_the_interpolating_polynomial_is_what_it_says() -> None:
    with mpmath.workdps(40):
        n = len(_stirling._INTERPOLATED)
        nodes = [(1 + mpmath.cos((mpf(i) + mpf(1) / 2) * mpmath.pi / n)) / 2 for i in range(n)]
        powers = mpmath.matrix([[node**j for j in range(n)] for node in nodes])
        values = [_stirling_error(1 / node) / node for node in nodes]
        exact = mpmath.lu_solve(powers, mpmath.matrix(values))
    np.testing.assert_allclose(_stirling._INTERPOLATED, [float(c) for c in exact], rtol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_step_excess(dtype: type) -> None:
    points = np.logspace(-3, 8, 80)

    def exact(a: mpf) -> mpf:
        with mpmath.workdps(60):
            return mpmath.log(a) / 2 - mpmath.loggamma(a + mpf(1) / 2) + mpmath.loggamma(a)

    assert relative_error(_stirling.half_step_excess, exact, [points], dtype) < 6


def test_a_partial_nobody_asked_for_is_not_evaluated() -> None:
    def by_x(*arguments: jax.Array) -> jax.Array:
        return arguments[1]

    def never(*arguments: jax.Array) -> jax.Array:
        raise AssertionError(f"evaluated at {arguments}")

    @with_partials(by_x, never)
    def product(x: jax.Array, y: jax.Array) -> jax.Array:
        return x * y

    assert jax.grad(product)(2.0, 3.0) == 3.0
    assert jax.jit(jax.grad(lambda x: product(x, 3.0)))(2.0) == 3.0
    with pytest.raises(AssertionError, match="evaluated"):
        jax.grad(product, argnums=1)(2.0, 3.0)
