"""Where one loss runs into another, and beyond the grids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from scipy.integrate import quad

from aelib import losses

pytestmark = pytest.mark.exact

COUNTS = jnp.arange(8.0)


def test_a_large_theta_is_poisson() -> None:
    """The first correction is ((x - mu)^2 - x) / (2 theta): 1e-8 nats at 1e9, below float32."""
    log_mean = jnp.full(8, jnp.log(3.0))
    poisson = losses.poisson_nll(log_mean, COUNTS)
    slope = jax.grad(lambda m: losses.poisson_nll(m, COUNTS).sum())(log_mean)
    for log_theta in (21.0, 40.0, 80.0, 1000.0):
        nats = losses.negative_binomial_nll(log_mean, log_theta, COUNTS)
        np.testing.assert_allclose(nats, poisson, rtol=3e-7)
        got = jax.grad(lambda m, t=log_theta: losses.negative_binomial_nll(m, t, COUNTS).sum())
        np.testing.assert_allclose(got(log_mean), slope, rtol=3e-7, atol=1e-7)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_gradient_by_theta_keeps_its_digits_as_it_vanishes(count: int) -> None:
    """To leading order -((x - mu)^2 - x) / (2 theta), at 1e8 a few times 1e-8."""
    log_theta = jnp.float32(np.log(1e8))
    slope = jax.grad(losses.negative_binomial_nll, argnums=1)(jnp.log(3.0), log_theta, count)
    leading = ((count - 3.0) ** 2 - count) / 2e8
    assert float(slope) == pytest.approx(leading, rel=1e-5)


def test_the_theta_that_other_formulas_get_wrong() -> None:
    log_mean, counts = jnp.log(3.0), 5
    for theta in (1e6, 1e7, 1e8):
        exact = -scipy.stats.poisson.logpmf(5, 3.0)
        got = losses.negative_binomial_nll(log_mean, jnp.log(theta), counts)
        assert float(got) == pytest.approx(exact, abs=1e-6)


def test_many_degrees_of_freedom_are_gaussian() -> None:
    z = jnp.linspace(-4.0, 4.0, 9)
    gaussian = losses.gaussian_nll(jnp.zeros(9), z, scale=0.3)
    np.testing.assert_allclose(
        losses.student_t_nll(jnp.zeros(9), z, df=1e12, scale=0.3), gaussian, rtol=3e-7
    )


def test_zero_inflation_off_is_the_negative_binomial() -> None:
    log_mean = jnp.linspace(-3.0, 3.0, 8)
    plain = losses.negative_binomial_nll(log_mean, 0.5, COUNTS)
    inflated = losses.zero_inflated_negative_binomial_nll(log_mean, 0.5, jnp.full(8, -1e4), COUNTS)
    np.testing.assert_allclose(inflated, plain, rtol=3e-7)


def test_two_categories_are_bernoulli_and_binomial() -> None:
    logits = jnp.array([0.0, 1.7])
    for label in (0, 1):
        expected = losses.bernoulli_nll(logits[1], label)
        assert losses.categorical_nll(logits, label) == pytest.approx(float(expected), rel=1e-6)
    exact = -scipy.stats.binom.logpmf(90, 110, 1 / (1 + np.exp(-np.float64(logits[1]))))
    nats = losses.multinomial_nll(logits, jnp.array([20, 90]))
    assert nats == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("logit", [-300.0, -5.0, 0.0, 0.3, 2.0, 40.0])
def test_continuous_bernoulli_integrates_to_one(logit: float) -> None:
    def density(x: float) -> float:
        with jax.enable_x64(True):
            return float(
                jnp.exp(-losses.continuous_bernoulli_nll(jnp.float64(logit), np.float64(x)))
            )

    assert quad(density, 0, 1, points=[0.01, 0.99])[0] == pytest.approx(1.0, abs=1e-7)


def test_outputs_gone_wild_stay_numbers() -> None:
    """Where the value is representable so is the gradient, far outside any sensible range."""
    wild = jnp.array([-1e4, -300.0, -90.0, 90.0, 300.0, 1e4])

    counts = jnp.array([0.0, 1.0, 7.0, 1e5])
    points = [a.ravel() for a in jnp.meshgrid(wild, wild, counts)]
    both = jax.value_and_grad(losses.negative_binomial_nll, argnums=(0, 1))
    value, slopes = jax.jit(jax.vmap(both))(*points)
    assert not jnp.isnan(value).any()
    assert jnp.isfinite(jnp.stack(slopes)).all()
    few = wild[:3]  # a Poisson rate of e^90 is out of float32's range, and so is its loss
    assert jnp.isfinite(losses.poisson_nll(few, jnp.array([0.0, 1.0, 1e5]))).all()
    assert jnp.isfinite(jax.grad(lambda r: losses.poisson_nll(r, jnp.zeros(3)).sum())(few)).all()


def test_a_residual_whose_square_overflows() -> None:
    slope = jax.grad(lambda s: losses.student_t_nll(0.0, 1e30, df=3.0, scale=s))(1e-6)
    assert float(slope) == pytest.approx(-3e6, rel=1e-5)


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_what_is_no_count_costs_nan_and_not_what_zero_costs(bad: float) -> None:
    counts, zeros = jnp.array([2.0, bad]), jnp.zeros(2)
    for nats in (
        losses.poisson_nll(zeros, counts),
        losses.negative_binomial_nll(zeros, zeros, counts),
        losses.zero_inflated_negative_binomial_nll(zeros, zeros, zeros, counts),
    ):
        assert jnp.isnan(nats).tolist() == [False, True]
    assert jnp.isnan(losses.multinomial_nll(zeros, counts))
