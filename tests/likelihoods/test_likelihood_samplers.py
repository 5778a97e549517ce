"""Samples have the mean and the variance that the likelihood announces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import likelihoods

DRAWS = 50_000
# About 200 moments are compared in this file. Were every one normal, the chance that any lies
# more than 5 standard errors out is about 1e-4; the keys are fixed, so it happens always or never.
STANDARD_ERRORS = 5.0

CASES = {
    "gaussian": (likelihoods.Gaussian(0.3), [[-2.0], [5.0]]),
    "gaussian per feature": (likelihoods.Gaussian([0.3, 4.0]), [[-2.0], [5.0]]),
    "gaussian from decoder": (likelihoods.Gaussian("example"), [[1.0, -3.0], [0.0, 2.0]]),
    "laplace": (likelihoods.Laplace(2.0), [[-2.0], [5.0]]),
    "laplace from decoder": (likelihoods.Laplace("example"), [[1.0, -3.0], [0.0, 2.0]]),
    # Above 8 degrees of freedom the standard error of the variance itself has a variance.
    "student t": (likelihoods.StudentT(12.0, 0.5), [[-2.0], [5.0]]),
    "bernoulli": (likelihoods.Bernoulli(), [[-3.0], [0.0], [4.0]]),
    "continuous bernoulli": (
        likelihoods.ContinuousBernoulli(),
        [[-200.0], [-3.0], [-0.3], [-0.01], [0.0], [1e-4], [0.06], [8.0], [80.0]],
    ),
    "poisson": (likelihoods.Poisson(), [[-3.0], [0.0], [6.0]]),
    # The last two are nearly Poisson.
    "negative binomial": (
        likelihoods.NegativeBinomial([0.4, 0.4, 5.0, 1e-6, 1e-6]),
        [[-2.0], [0.0], [5.0], [-2.0], [3.0]],
    ),
    "zinb from decoder": (
        likelihoods.ZeroInflatedNegativeBinomial("example"),
        [[1.0, 0.3, -2.0], [3.0, -1.0, 1.0]],
    ),
}


def assert_moments(draws, mean, variance):
    """Compare the first two moments over the first axis, within stated standard errors."""
    draws = np.asarray(draws, np.float64)
    mean, variance = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    n = draws.shape[0]
    # float32 arithmetic in mean and variance themselves:
    slack = 1e-6 * (np.abs(mean) + np.sqrt(variance))
    error = np.abs(draws.mean(0) - mean)
    assert (error <= STANDARD_ERRORS * np.sqrt(variance / n) + slack).all(), (error, variance)
    squares = (draws - mean) ** 2
    error = np.abs(squares.mean(0) - variance)
    spread = squares.std(0) / np.sqrt(n)
    assert (error <= STANDARD_ERRORS * spread + 1e-5 * variance).all(), (error, spread)


@pytest.mark.parametrize("name", CASES)
def test_moments(name):
    likelihood, outputs = CASES[name]
    outputs = jnp.array(outputs)
    tiled = jnp.broadcast_to(outputs, (DRAWS, *outputs.shape))
    draws = jax.jit(likelihood.sample)(jax.random.key(7), tiled)
    assert draws.shape == (DRAWS, len(outputs))
    assert_moments(draws, likelihood.mean(outputs[None])[0], likelihood.variance(outputs[None])[0])
    likelihood.check(np.asarray(draws))


def test_exposure_scales_the_counts():
    outputs, exposure = jnp.zeros((DRAWS, 2)), jnp.full((DRAWS,), 7.0)
    poisson = likelihoods.Poisson()
    draws = poisson.sample(jax.random.key(3), outputs, exposure=exposure)
    mean = poisson.mean(outputs[:1], exposure=7.0)[0]
    assert mean.tolist() == pytest.approx([7.0, 7.0])
    assert_moments(draws, mean, poisson.variance(outputs[:1], exposure=7.0)[0])
    # Var = mean + dispersion * mean^2, and the mean is what the exposure multiplies.
    variance = likelihoods.NegativeBinomial(0.2).variance(outputs[:1], exposure=7.0)
    assert variance == pytest.approx(np.full((1, 2), 7 + 0.2 * 49), rel=1e-6)


def test_categorical_frequencies():
    logits = jnp.array([[0.0, 2.0, -3.0], [1.0, 1.0, 1.0]])
    likelihood = likelihoods.Categorical(3)
    draws = likelihood.sample(jax.random.key(5), jnp.broadcast_to(logits, (DRAWS, 2, 3)))
    one_hot = np.asarray(draws)[..., None] == np.arange(3)
    assert_moments(one_hot, likelihood.mean(logits[None])[0], likelihood.variance(logits[None])[0])


def test_multinomial_counts_and_covariance():
    logits = jnp.array([0.0, 2.0, -1.0, 0.5])
    likelihood = likelihoods.Multinomial()
    tiled = jnp.broadcast_to(logits, (DRAWS, 4))
    draws = np.asarray(likelihood.sample(jax.random.key(5), tiled, exposure=30.0))
    assert (draws.sum(-1) == 30).all()
    likelihood.check(draws, exposure=30.0)
    mean = likelihood.mean(logits[None], exposure=30.0)[0]
    assert_moments(draws, mean, likelihood.variance(logits[None], exposure=30.0)[0])
    p = jax.nn.softmax(logits)
    covariance = np.cov(draws[:, 0], draws[:, 1])[0, 1]
    # Standard error of a covariance is at most sqrt(2 * variance * variance / n) here.
    assert covariance == pytest.approx(float(-30 * p[0] * p[1]), abs=5 * 10 / np.sqrt(DRAWS))


def test_one_number_per_document_may_differ():
    exposure = jnp.array([1.0, 5.0, 9.0])
    draws = likelihoods.Multinomial().sample(
        jax.random.key(0), jnp.zeros((3, 6)), exposure=exposure
    )
    assert draws.sum(-1).tolist() == [1.0, 5.0, 9.0]


def test_student_t_without_moments_says_so():
    outputs = jnp.zeros((1, 2))
    assert jnp.isnan(likelihoods.StudentT(1.0).mean(outputs)).all()
    assert jnp.isinf(likelihoods.StudentT(1.5).variance(outputs)).all()
    assert jnp.isnan(likelihoods.StudentT(0.5).variance(outputs)).all()


def test_samples_depend_on_the_key_only():
    likelihood, outputs = likelihoods.Gaussian(), jnp.zeros((4, 3))
    first = likelihood.sample(jax.random.key(0), outputs)
    assert (first == likelihood.sample(jax.random.key(0), outputs)).all()
    assert (first != likelihood.sample(jax.random.key(1), outputs)).any()


@pytest.mark.parametrize("eta", [1e-7, 1e-3, 0.0499, 0.0501, 0.499, 0.501, 3.0, 60.0, 1e4])
def test_continuous_bernoulli_moments_against_high_precision(eta):
    import mpmath

    for sign in (-1, 1):
        value = sign * float(np.float32(eta))
        with mpmath.workdps(60):
            e = mpmath.mpf(value)
            mean = mpmath.mpf("0.5") + mpmath.coth(e / 2) / 2 - 1 / e
            variance = 1 / e**2 - 1 / (4 * mpmath.sinh(e / 2) ** 2)
        outputs = jnp.array([[value]])
        cb = likelihoods.ContinuousBernoulli()
        # Both are at most 1; near the ends the variance is small and float32 is near it.
        assert float(cb.mean(outputs)[0, 0]) == pytest.approx(float(mean), abs=2e-6)
        assert float(cb.variance(outputs)[0, 0]) == pytest.approx(float(variance), rel=2e-5)
        assert jnp.isfinite(jax.grad(lambda o, cb=cb: cb.mean(o).sum())(outputs)).all()
