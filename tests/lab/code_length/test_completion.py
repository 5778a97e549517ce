"""Halves of texts, and what a model says of the other half."""

import jax.numpy as jnp
import numpy as np
import pytest

from aelib.lab import code_length
from aelib.likelihoods import Bernoulli, Multinomial, Poisson

COUNTS = np.random.default_rng(0).poisson(1.0, (6, 9))
OUTPUTS = np.random.default_rng(1).normal(size=(6, 9)).astype(np.float32)


def test_halves_add_up_and_are_fair():
    counts = np.full((200, 50), 4)
    first, second = code_length.halves(counts, seed=3)
    assert (first + second == counts).all()
    # 40,000 coins: the share of heads has a standard deviation of 0.0025.
    assert abs(first.sum() / counts.sum() - 0.5) < 0.01


def test_losses_differ_from_the_likelihoods_by_what_depends_on_the_counts_alone():
    length = COUNTS.sum(axis=1)
    pairs = [
        (code_length.multinomial, lambda o: Multinomial().log_prob(o, COUNTS)),
        (code_length.poisson, lambda o: Poisson().log_prob(o, COUNTS, exposure=length)),
        (code_length.presence, lambda o: Bernoulli().log_prob(o, np.minimum(COUNTS, 1))),
    ]
    for loss, log_prob in pairs:
        rest = [loss(o, COUNTS) + log_prob(o) for o in (jnp.asarray(OUTPUTS), jnp.zeros((6, 9)))]
        np.testing.assert_allclose(rest[0], rest[1], atol=2e-4)


def test_readings_are_distributions():
    for reading in ("softmax", "sigmoid", "softplus", "clip"):
        np.testing.assert_allclose(code_length.shares(OUTPUTS, reading).sum(axis=1), 1)
    with pytest.raises(ValueError, match="reading: expected"):
        code_length.shares(OUTPUTS, "argmax")


def test_nats_per_word_against_a_loop():
    q, base = code_length.shares(OUTPUTS, "softmax"), np.full(9, 1 / 9)
    expected = sum(
        -COUNTS[i, v] * np.log(0.8 * q[i, v] + 0.2 / 9) for i in range(6) for v in range(9)
    )
    found = code_length.nats_per_word(q, COUNTS, base, 0.2)
    assert found == pytest.approx(expected / COUNTS.sum())


def test_a_word_ruled_out_costs_infinity_unless_mixed():
    certain, base = np.array([[1.0, 0.0]]), np.array([0.5, 0.5])
    assert code_length.nats_per_word(certain, [[0, 1]], base, 0.0) == np.inf
    assert code_length.best_mix(certain, [[0, 1]], base) == 1.0


def test_what_is_refused():
    with pytest.raises(ValueError, match="at least 0, got -1"):
        code_length.halves([[-1]], seed=0)
    with pytest.raises(ValueError, match="mix: expected"):
        code_length.nats_per_word([[1.0]], [[1]], [1.0], 2.0)
    with pytest.raises(ValueError, match="background"):
        code_length.nats_per_word([[1.0, 0.0]], [[1, 0]], [1.0, 0.0], 0.5)
