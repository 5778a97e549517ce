"""Infinite logits, log-rates and dispersions: the limit, in value and gradient.

The limits are those of the textbook formulas in `oracle.py`, at 400 digits: where value or slope
still grows between two far points, the limit is infinite.
"""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax import Array

from aelib import losses
from tests.losses import oracle

INF = float("inf")
NEAR, FAR = 200, 400


def at(distance: int, values: tuple[float, ...]) -> list[mpmath.mpf]:
    return [mpmath.mpf(np.sign(v) * distance if np.isinf(v) else v) for v in values]


def limit(near: mpmath.mpf, far: mpmath.mpf) -> float:
    return float(mpmath.sign(far)) * INF if abs(far - near) > 1 else float(far)


def limits(
    textbook: Callable, values: tuple[float, ...], fixed: tuple[float, ...]
) -> tuple[float, list[float]]:
    """Value and slopes as the infinite ones among ``values`` grow."""
    with mpmath.workdps(400):
        near, far = (
            textbook(*at(distance, values), *map(mpmath.mpf, fixed)) for distance in (NEAR, FAR)
        )
        return limit(near[0], far[0]), [limit(a, b) for a, b in zip(near[1], far[1], strict=True)]


def assert_limit(
    loss: Callable[..., Array],
    textbook: Callable,
    values: tuple[float, ...],
    fixed: tuple[float, ...],
    slopes: int,
) -> None:
    """``loss(*values, *fixed)`` and its first ``slopes`` partials, plainly, under jit and vmap."""
    value, gradient = limits(textbook, values, fixed)
    arrays = [jnp.float32(v) for v in values]
    both = jax.value_and_grad(lambda *a: loss(*a, *map(jnp.float32, fixed)), tuple(range(slopes)))
    together = jax.jit(jax.vmap(both))(*(a[None] for a in arrays))
    for got, slope in (both(*arrays), jax.tree.map(lambda a: a[0], together)):
        np.testing.assert_allclose(got, value, rtol=1e-5, atol=1e-6, err_msg=str((values, fixed)))
        np.testing.assert_allclose(
            slope, gradient[:slopes], rtol=1e-5, atol=1e-6, err_msg=str((values, fixed))
        )


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("logit", [-INF, INF])
def test_bernoulli(logit: float, target: float) -> None:
    assert_limit(losses.bernoulli_nll, oracle.bernoulli, (logit,), (target,), 1)
    # The slope by a target is minus the logit, whatever the target.
    slope = jax.grad(losses.bernoulli_nll, argnums=1)(logit, jnp.float32(target))
    assert float(slope) == -logit


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("logit", [-INF, INF])
def test_continuous_bernoulli(logit: float, target: float) -> None:
    """All mass at one end: an infinite density there, none elsewhere."""
    end = float(logit > 0)
    value, slope = jax.value_and_grad(losses.continuous_bernoulli_nll)(logit, target)
    assert float(value) == (-INF if target == end else INF)
    assert float(slope) == pytest.approx(end - target, rel=1e-6)
    assert float(jax.grad(losses.continuous_bernoulli_nll, 1)(logit, target)) == -logit


@pytest.mark.parametrize("count", [0.0, 1.0, 1e5])
@pytest.mark.parametrize("log_rate", [-INF, INF])
def test_poisson(log_rate: float, count: float) -> None:
    assert_limit(losses.poisson_nll, oracle.poisson, (log_rate,), (count,), 1)


# A mean without bounds and a dispersion without bounds have no joint limit at a count of zero.
NB = [
    (mean, theta, count)
    for mean, theta, count in itertools.product((-INF, 1.5, INF), (-INF, 0.5, INF), (0, 1, 7))
    if np.isinf([mean, theta]).any() and not (mean == INF and theta != 0.5)
]


@pytest.mark.parametrize(("log_mean", "log_theta", "count"), NB)
def test_negative_binomial(log_mean: float, log_theta: float, count: int) -> None:
    values = (log_mean, log_theta)
    if np.isinf(values).all():  # the slopes depend on which of the two is faster
        nats = losses.negative_binomial_nll(log_mean, log_theta, float(count))
        expected = limits(oracle.negative_binomial, values, (float(count),))[0]
        assert float(nats) == pytest.approx(expected, abs=1e-6)
        return
    assert_limit(losses.negative_binomial_nll, oracle.negative_binomial, values, (float(count),), 2)


@pytest.mark.parametrize("theta", [-INF, INF])
def test_a_mean_without_bounds_makes_every_count_impossible(theta: float) -> None:
    assert losses.negative_binomial_nll(INF, theta, 3.0) == INF
    assert (losses.negative_binomial_nll(INF, theta, 0.0) == INF) == (theta == INF)


ZERO_INFLATED = [
    values
    for values in itertools.product((-INF, 1.5, INF), (0.5,), (-INF, 0.3, INF))
    if np.isinf(values).any()
]


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize("values", ZERO_INFLATED)
def test_zero_inflated(values: tuple[float, ...], count: int) -> None:
    def textbook(*arguments: mpmath.mpf) -> tuple:
        return oracle.zero_inflated(count, *arguments)

    def loss(*arguments: Array) -> Array:
        return losses.zero_inflated_negative_binomial_nll(*arguments, jnp.float32(count))

    # With two at once the slope by the dispersion depends on which is faster.
    if np.isinf(values).sum() == 1:
        assert_limit(loss, textbook, values, (), 3)
    else:
        assert float(loss(*values)) == pytest.approx(limits(textbook, values, ())[0], abs=1e-6)


LOGITS = [
    (0.0, -INF, 1.0), (-INF, -INF, 1.0), (0.0, INF, 1.0), (-INF, INF, 1.0), (-INF, 0.0, -INF),
]  # fmt: skip


@pytest.mark.parametrize("label", range(3))
@pytest.mark.parametrize("logits", LOGITS)
def test_categorical(logits: tuple[float, ...], label: int) -> None:
    def textbook(*arguments: mpmath.mpf) -> tuple:
        return oracle.categorical(label, *arguments)

    assert_limit(
        lambda *a: losses.categorical_nll(jnp.stack(a), label), textbook, logits, (), len(logits)
    )


@pytest.mark.parametrize("counts", [(1.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 3.0), (0, 0, 0)])
@pytest.mark.parametrize("logits", LOGITS)
def test_multinomial(logits: tuple[float, ...], counts: tuple[float, ...]) -> None:
    def loss(*arguments: Array) -> Array:
        return losses.multinomial_nll(jnp.stack(arguments), jnp.float32(counts))

    def textbook(*arguments: mpmath.mpf) -> tuple:
        return oracle.multinomial(*arguments, *map(mpmath.mpf, counts))

    assert_limit(loss, textbook, logits, (), len(logits))


def test_a_ruled_out_class_is_infinitely_dear_even_beside_another() -> None:
    nats = losses.categorical_nll(jnp.array([-INF, -INF, 0.0]), 0)
    assert float(nats) == INF


def test_what_is_no_distribution_is_nan() -> None:
    for logits in ([INF, INF, 0.0], [-INF, -INF, -INF], [INF, float("nan"), 0.0]):
        assert jnp.isnan(losses.categorical_nll(jnp.array(logits), 0))
        assert jnp.isnan(losses.multinomial_nll(jnp.array(logits), jnp.array([1.0, 0.0, 0.0])))
    # NaN outputs are never free, not even where nothing was counted.
    assert jnp.isnan(losses.multinomial_nll(jnp.full(3, jnp.nan), jnp.zeros(3)))


@pytest.mark.parametrize("residual", [0.0, 1e-3, 0.1, 3.0])
@pytest.mark.parametrize("df", [1e30, 1e38, INF])
def test_degrees_of_freedom_without_bounds_are_gaussian(df: float, residual: float) -> None:
    def student(x: Array, scale: Array, df: Array) -> Array:
        return losses.student_t_nll(0.0 * x, x, df=df, scale=scale)

    def gaussian(x: Array, scale: Array) -> Array:
        return losses.gaussian_nll(0.0 * x, x, scale=scale)

    x, scale = jnp.float32(residual), jnp.float32(2.0)
    got, (by_x, by_scale, by_df) = jax.value_and_grad(student, (0, 1, 2))(x, scale, jnp.float32(df))
    value, slopes = jax.value_and_grad(gaussian, (0, 1))(x, scale)
    np.testing.assert_allclose([got, by_x, by_scale], [value, *slopes], rtol=1e-6, atol=1e-9)
    assert abs(float(by_df)) < 1e-30


def test_an_infinite_residual() -> None:
    x = jnp.array([INF, -INF])
    assert (losses.gaussian_nll(jnp.zeros(2), x) == INF).all()
    assert (losses.laplace_nll(jnp.zeros(2), x) == INF).all()
    assert (losses.student_t_nll(jnp.zeros(2), x, df=3.0) == INF).all()
