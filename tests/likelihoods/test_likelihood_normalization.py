"""Every likelihood integrates, or sums, to 1 over its support."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import likelihoods

# What a float64 sum of up to a million terms, or a double-exponential quadrature, leaves over.
TOLERANCE = 1e-9


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def totals(likelihood, outputs, x, weights):
    """Sums of weight times probability over the points of each column, in one compiled call.

    ``x`` and ``weights`` are [points, columns], ``outputs`` [columns, p]: a case for each column.
    """
    outputs = jnp.broadcast_to(jnp.asarray(outputs, float), (*x.shape, np.shape(outputs)[-1]))
    log_prob = jax.jit(likelihood.log_prob_per_feature)(outputs, jnp.asarray(x))
    return (np.exp(np.asarray(log_prob)) * weights).sum(axis=0)


def real_line(scales):
    """Exp-sinh quadrature outwards from 0, one column for each scale.

    Kinks and heavy tails are both harmless. Near a far center the offsets themselves would round.
    """
    t = np.linspace(-4.5, 4.5, 4001)
    distance = np.exp(0.5 * np.pi * np.sinh(t))
    weights = distance * 0.5 * np.pi * np.cosh(t) * (t[1] - t[0])
    points = np.concatenate([-distance, distance])
    return np.outer(points, scales), np.outer(np.tile(weights, 2), scales)


def unit_interval():
    """Tanh-sinh quadrature: a boundary layer at either end is resolved."""
    t = np.linspace(-6.0, 6.0, 6001)
    u = 0.5 * np.pi * np.sinh(t)
    x = 1 / (1 + np.exp(-2 * u))
    weights = 0.5 * np.pi * np.cosh(t) / (2 * np.cosh(u) ** 2) * 2 * 0.5 * (t[1] - t[0])
    return x, weights


@pytest.mark.parametrize(
    "make",
    [
        likelihoods.Gaussian,
        likelihoods.Laplace,
        lambda scale: likelihoods.StudentT(df=1.0, scale=scale),
        lambda scale: likelihoods.StudentT(df=3.5, scale=scale),
        lambda scale: likelihoods.StudentT(df=1e6, scale=scale),
    ],
)
def test_real_families_integrate_to_one(make):
    scales = np.array([1e-6, 1e-2, 1.0, 1e6])
    found = totals(make(scales), np.zeros((4, 1)), *real_line(scales))
    assert found == pytest.approx(1.0, abs=TOLERANCE)


@pytest.mark.parametrize(
    "family",
    [
        lambda **kwargs: likelihoods.Gaussian("example", **kwargs),
        lambda **kwargs: likelihoods.Laplace("example", **kwargs),
        lambda **kwargs: likelihoods.StudentT(4.0, "example", **kwargs),
    ],
)
def test_a_scale_from_the_decoder_integrates_to_one(family):
    raw = np.array([-30.0, -2.0, 0.0, 50.0])
    scales = 1e-3 + np.logaddexp(0, raw + np.log(np.expm1(0.2 - 1e-3)))
    outputs = np.stack([np.zeros(4), raw], axis=-1)
    found = totals(family(floor=1e-3, initial=0.2), outputs, *real_line(scales))
    assert found == pytest.approx(1.0, abs=TOLERANCE)


def test_continuous_bernoulli_integrates_to_one():
    logits = np.array([-1e4, -40.0, -0.3, -1e-2, -1e-9, 0.0, 1e-5, 2.0, 700.0])
    x, weights = unit_interval()
    # Close to 1 the nodes round to 1; close to 0 they do not. Fold the upper half onto the lower.
    x, weights = x[x <= 0.5], weights[x <= 0.5]
    weights[-1] *= 0.5  # the node in the middle belongs to both halves
    both = np.concatenate([logits, -logits])
    halves = totals(
        likelihoods.ContinuousBernoulli(),
        both[:, None],
        np.tile(x[:, None], len(both)),
        weights[:, None],
    )
    assert halves.reshape(2, -1).sum(axis=0) == pytest.approx(1.0, abs=TOLERANCE)


def test_bernoulli_sums_to_one():
    logits = np.array([-1e4, -20.0, 0.0, 3.0, 1e4])
    x = np.tile([[0.0], [1.0]], len(logits))
    found = totals(likelihoods.Bernoulli(), logits[:, None], x, 1.0)
    assert found == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("logits", [[0.0, 0.0, 0.0], [900.0, -900.0, 3.0], [1e4, 1e4, -1e4]])
def test_categorical_sums_to_one(logits):
    log_prob = likelihoods.Categorical(3).log_prob(
        jnp.tile(jnp.array(logits)[None, None], (3, 1, 1)), jnp.arange(3)[:, None]
    )
    assert float(jnp.exp(log_prob).sum()) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("logits", [[0.0, 0.0, 0.0, 0.0], [3.0, -2.0, 0.0, -50.0]])
@pytest.mark.parametrize("draws", [0, 6])
def test_multinomial_sums_to_one(logits, draws):
    counts = [c for c in itertools.product(range(draws + 1), repeat=4) if sum(c) == draws]
    outputs = jnp.tile(jnp.array(logits), (len(counts), 1))
    for exposure in (None, float(draws)):
        log_prob = likelihoods.Multinomial().log_prob(outputs, jnp.array(counts), exposure=exposure)
        assert float(jnp.exp(log_prob).sum()) == pytest.approx(1.0, abs=TOLERANCE)


def test_masked_multinomial_sums_to_one_over_the_observed_words():
    counts = [c for c in itertools.product(range(6), repeat=3) if sum(c) == 5]
    x = jnp.array([(*c[:1], 99.0, *c[1:]) for c in counts])
    outputs = jnp.tile(jnp.array([1.0, 7.0, -1.0, 0.5]), (len(counts), 1))
    mask = jnp.tile(jnp.array([True, False, True, True]), (len(counts), 1))
    log_prob = likelihoods.Multinomial().log_prob(outputs, x, mask=mask)
    assert float(jnp.exp(log_prob).sum()) == pytest.approx(1.0, abs=TOLERANCE)


def test_poisson_sums_to_one():
    log_rates = np.array([-12.0, 0.0, 3.0, 9.0])
    largest = np.exp(log_rates.max())
    x = np.tile(np.arange(largest + 60 * np.sqrt(largest) + 60)[:, None], len(log_rates))
    found = totals(likelihoods.Poisson(), log_rates[:, None], x, 1.0)
    assert found == pytest.approx(1.0, abs=TOLERANCE)


def test_negative_binomial_families_sum_to_one():
    log_rates, dispersions = np.array([-6.0, 0.0, 5.0]), np.array([1e-8, 1e-3, 1.0, 10.0])
    each, log_rate = np.tile(dispersions, 3), np.repeat(log_rates, 4)
    # The tail falls by a factor e every (1 + dispersion * mean) counts, a Poisson's much faster.
    mean = np.exp(log_rates.max())
    last = 60 * (1 + dispersions.max() * mean) + mean + 60 * np.sqrt(mean)
    counts = np.tile(np.arange(last)[:, None], len(each))
    plain = totals(likelihoods.NegativeBinomial(each), log_rate[:, None], counts, 1.0)
    assert plain == pytest.approx(1.0, abs=TOLERANCE)
    # The zeros' logits with two orders of the dispersions, so that more pairs meet.
    zero_logit = np.concatenate([np.tile([-40.0, 0.0, 25.0, -3.0], 3), np.repeat([25, -40, 0], 4)])
    outputs = np.stack([np.tile(log_rate, 2), zero_logit], axis=-1)
    inflated = likelihoods.ZeroInflatedNegativeBinomial(np.concatenate([each, each[::-1]]))
    found = totals(inflated, outputs, np.tile(counts, 2), 1.0)
    assert found == pytest.approx(1.0, abs=TOLERANCE)


def test_dispersion_from_the_decoder_sums_to_one():
    x = np.arange(20_000.0)[:, None]
    nb = likelihoods.NegativeBinomial("example")
    assert totals(nb, [[2.0, 1.5]], x, 1.0) == pytest.approx(1.0, abs=TOLERANCE)
    zinb = likelihoods.ZeroInflatedNegativeBinomial("example")
    assert zinb.num_outputs == 3
    assert totals(zinb, [[2.0, 1.5, -1.0]], x, 1.0) == pytest.approx(1.0, abs=TOLERANCE)
