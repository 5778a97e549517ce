"""Samplers over the whole range that they accept, against NumPy's; beyond it an error."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import likelihoods

DRAWS = 20_000
# About 150 pairs of moments are compared; that any normal one lies this far out has a chance of
# 1e-4, and the keys are fixed.
STANDARD_ERRORS = 5.0
RATES = np.array([1e-6, 0.01, 1, 9, 11, 99, 101, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e11])


def assert_alike(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Mean and variance over the first axis."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert np.isfinite(ours).all()
    for power in (1, 2):
        a, b = ((draws - theirs.mean(0)) ** power for draws in (ours, theirs))
        error = np.sqrt((a.var(0) + b.var(0)) / DRAWS)
        # float32 rounds the rate itself, in 24 bits, and where nothing was drawn nothing is known.
        slack = 2e-7 * theirs.mean(0) if power == 1 else 1e-3 * b.mean(0)
        np.testing.assert_array_less(
            np.abs(a.mean(0) - b.mean(0)), STANDARD_ERRORS * error + slack + 2e-3
        )


def draw(likelihood: likelihoods.Factorized, outputs: np.ndarray) -> np.ndarray:
    tiled = jnp.broadcast_to(jnp.float32(outputs), (DRAWS, *np.shape(outputs)))
    return np.asarray(jax.jit(likelihood.sample)(jax.random.key(3), tiled))


def test_poisson() -> None:
    log_rates = np.float32(np.log(RATES))
    theirs = np.random.default_rng(0).poisson(np.exp(np.float64(log_rates)), (DRAWS, len(RATES)))
    ours = draw(likelihoods.Poisson(), log_rates)
    assert (ours == np.round(ours)).all()
    assert (ours >= 0).all()
    assert_alike(ours, theirs)


@pytest.mark.parametrize("dispersion", [1e-12, 1e-6, 1e-3, 0.3, 5.0])
def test_negative_binomial(dispersion: float) -> None:
    log_rates = np.float32(np.log(RATES[1:-1]))
    rng, mean = np.random.default_rng(0), np.exp(np.float64(log_rates))
    rates = rng.gamma(1 / dispersion, mean * dispersion, (DRAWS, len(mean)))
    ours = draw(likelihoods.NegativeBinomial(dispersion), log_rates)
    assert_alike(ours, rng.poisson(rates))


def test_zero_inflated() -> None:
    log_rates, logits = np.meshgrid(
        np.float32(np.log(RATES[2:-1])), [-30.0, -12.0, 0.0, 12.0, 30.0]
    )
    outputs = np.stack([log_rates.ravel(), logits.ravel()], -1)
    rng = np.random.default_rng(0)
    mean, kept = np.exp(np.float64(outputs[:, 0])), 1 / (1 + np.exp(outputs[:, 1]))
    theirs = rng.poisson(rng.gamma(4.0, mean / 4, (DRAWS, len(mean))))
    theirs = np.where(rng.uniform(size=theirs.shape) < kept, theirs, 0)
    assert_alike(draw(likelihoods.ZeroInflatedNegativeBinomial(0.25), outputs), theirs)


@pytest.mark.parametrize("number", [1, 30, 1000, 10**5, 10**7, 10**9])
def test_multinomial(number: int) -> None:
    # From a word in a billion to nearly all of them.
    logits = np.float32([[0, -20, -12, -6, -3, 15], [0, 0, 0, 0, 0, 0], [2, 1, 0, -1, -2, -80]])
    p = np.exp(np.float64(logits))
    p /= p.sum(1, keepdims=True)
    for row, probabilities in zip(logits, p, strict=True):
        tiled = jnp.broadcast_to(row, (DRAWS, 6))
        sample = jax.jit(likelihoods.Multinomial().sample)
        ours = np.asarray(sample(jax.random.key(1), tiled, exposure=float(number)))
        # Counts beyond 2^24 are rounded to float32 one by one.
        np.testing.assert_allclose(ours.sum(1, dtype=np.float64), number, rtol=1e-7)
        theirs = np.random.default_rng(0).multinomial(number, probabilities, DRAWS)
        assert_alike(ours, theirs)


def test_rare_and_certain_coins() -> None:
    """Two million draws at logits of 15: 23 random bits would never tell 3e-7 from 1e-7."""
    outputs = jnp.full((2_000_000, 2), jnp.array([-13.8, 13.8]))
    rare = 1 / (1 + np.exp(13.8))
    draws = np.asarray(likelihoods.Bernoulli().sample(jax.random.key(0), outputs), np.float64)
    for found in (draws[:, 0].sum(), (1 - draws[:, 1]).sum()):
        assert abs(found - 2e6 * rare) < STANDARD_ERRORS * np.sqrt(2e6 * rare)


@pytest.mark.parametrize("df", [4.5, 30.0, 1e6, 1e30])
def test_student_t(df: float) -> None:
    ours = draw(likelihoods.StudentT(df, 2.0), np.zeros(1))
    assert_alike(ours, 2 * np.random.default_rng(0).standard_t(df, (DRAWS, 1)))


OUTSIDE: dict[str, Callable[[], object]] = {
    "poisson": lambda: likelihoods.Poisson().sample(jax.random.key(0), jnp.full((2, 1), 26.0)),
    "poisson, infinite": lambda: likelihoods.Poisson().sample(
        jax.random.key(0), jnp.full((2, 1), 100.0)
    ),
    "negative binomial": lambda: likelihoods.NegativeBinomial(0.1).sample(
        jax.random.key(0), jnp.full((2, 1), 26.0)
    ),
    "bernoulli": lambda: likelihoods.Bernoulli().sample(
        jax.random.key(0), jnp.full((2, 1), jnp.nan)
    ),
    "continuous bernoulli": lambda: likelihoods.ContinuousBernoulli().sample(
        jax.random.key(0), jnp.full((2, 1), jnp.nan)
    ),
    "ordinal": lambda: likelihoods.Ordinal([3]).sample(
        jax.random.key(0), jnp.full((2, 1), jnp.nan)
    ),
    "categorical": lambda: likelihoods.Categorical(3).sample(
        jax.random.key(0), jnp.full((2, 3), jnp.nan)
    ),
    "categorical, all ruled out": lambda: likelihoods.Categorical(3).sample(
        jax.random.key(0), jnp.full((2, 3), -jnp.inf)
    ),
    "multinomial": lambda: likelihoods.Multinomial().sample(
        jax.random.key(0), jnp.full((2, 3), jnp.nan)
    ),
    "multinomial, too many": lambda: likelihoods.Multinomial().sample(
        jax.random.key(0), jnp.zeros((2, 3)), exposure=2e9
    ),
    "multinomial, half a word": lambda: likelihoods.Multinomial().sample(
        jax.random.key(0), jnp.zeros((2, 3)), exposure=2.5
    ),
    "gaussian": lambda: likelihoods.Gaussian().sample(jax.random.key(0), jnp.full((2, 1), jnp.nan)),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_of_the_range_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="outputs: expected outputs of which a sample can be"):
        OUTSIDE[name]()


def test_while_traced_what_cannot_be_drawn_is_no_number() -> None:
    key = jax.random.key(0)
    assert jnp.isnan(jax.jit(likelihoods.Poisson().sample)(key, jnp.full((2, 1), 100.0))).all()
    labels = jax.jit(likelihoods.Categorical(3).sample)(key, jnp.full((2, 3), jnp.nan))
    assert (labels == -1).all()


def test_a_certain_class_is_drawn() -> None:
    logits = jnp.array([[0.0, jnp.inf, -jnp.inf]])
    key = jax.random.key(0)
    assert likelihoods.Categorical(3).sample(key, logits).tolist() == [1]
    counts = likelihoods.Multinomial().sample(key, logits, exposure=9.0)
    assert counts.tolist() == [[0.0, 9.0, 0.0]]
    assert likelihoods.Bernoulli().sample(key, jnp.array([[jnp.inf]])).tolist() == [[1.0]]


def test_a_key_is_asked_for() -> None:
    for likelihood in (likelihoods.Poisson(), likelihoods.Multinomial()):
        with pytest.raises(TypeError, match="key: expected a key such as"):
            likelihood.sample(0, jnp.zeros((1, 2)))
