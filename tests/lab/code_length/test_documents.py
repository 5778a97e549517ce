"""Losses of words, and what a model says of the other half of a text."""

import jax.numpy as jnp
import numpy as np
import pytest

from aelib.lab import code_length
from aelib.lab.code_length._documents import _best_smoothing, nats_per_word, word_probabilities
from aelib.likelihoods import Bernoulli, Multinomial, Poisson

COUNTS = np.random.default_rng(0).poisson(1.0, (6, 9))
OUTPUTS = np.random.default_rng(1).normal(size=(6, 9)).astype(np.float32)


def test_losses_differ_from_the_likelihoods_by_what_depends_on_the_counts_alone():
    length = COUNTS.sum(axis=1)
    pairs = [
        ("multinomial", lambda o: Multinomial().log_prob(o, COUNTS)),
        ("poisson", lambda o: Poisson().log_prob(o, COUNTS, exposure=length)),
        ("bernoulli", lambda o: Bernoulli().log_prob(o, np.minimum(COUNTS, 1))),
    ]
    for name, log_prob in pairs:
        loss = code_length.WordLoss(name)
        rest = [
            log_prob(o) - loss.log_prob(o, COUNTS)
            for o in (jnp.asarray(OUTPUTS), jnp.zeros((6, 9)))
        ]
        np.testing.assert_allclose(rest[0], rest[1], atol=2e-4)


def test_links_give_distributions():
    for link in ("softmax", "sigmoid", "softplus", "clip"):
        np.testing.assert_allclose(word_probabilities(OUTPUTS, link).sum(axis=1), 1)
    with pytest.raises(ValueError, match="link: expected"):
        word_probabilities(OUTPUTS, "argmax")


def test_nats_per_word_against_a_loop():
    q, base = word_probabilities(OUTPUTS, "softmax"), np.full(9, 1 / 9)
    expected = sum(
        -COUNTS[i, v] * np.log(0.8 * q[i, v] + 0.2 / 9) for i in range(6) for v in range(9)
    )
    found = nats_per_word(q, COUNTS, base, 0.2)
    assert found == pytest.approx(expected / COUNTS.sum())


def test_a_word_ruled_out_costs_infinity_unless_smoothed():
    certain, base = np.array([[1.0, 0.0]]), np.array([0.5, 0.5])
    assert nats_per_word(certain, [[0, 1]], base, 0.0) == np.inf
    assert _best_smoothing(certain, [[0, 1]], base) == 1.0


def test_what_is_refused():
    with pytest.raises(ValueError, match="at least 0, got -1"):
        code_length.WordLoss("poisson").check([[-1]])
    with pytest.raises(ValueError, match=r"name: expected .multinomial.* got .normal"):
        code_length.WordLoss("normal")
    with pytest.raises(ValueError, match="smoothing: expected"):
        nats_per_word([[1.0]], [[1]], [1.0], 2.0)
    with pytest.raises(ValueError, match="corpus: expected a positive frequency"):
        nats_per_word([[1.0, 0.0]], [[1, 0]], [1.0, 0.0], 0.5)


def test_nothing_is_broadcast():
    for name in ("multinomial", "poisson", "bernoulli", "squared_error"):
        with pytest.raises(ValueError, match="outputs: expected the shape of x"):
            code_length.WordLoss(name).log_prob(OUTPUTS, COUNTS[:1])


def test_nats_are_of_probabilities():
    base, thirds = np.full(3, 1 / 3), np.full((2, 3), 1 / 3)
    counts = np.ones((2, 3), int)
    assert nats_per_word(thirds, counts, base, 0.1) == pytest.approx(np.log(3))
    for predicted, corpus, message in (
        (np.full((5, 3), 1 / 3), base, "predicted: expected shape"),
        (np.full((2, 3), 10.0), base, "predicted: expected probabilities that sum to 1"),
        (np.full((2, 3), np.nan), base, "predicted: expected finite"),
        (thirds, np.full(3, 2.0), "corpus: expected frequencies that sum to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            nats_per_word(predicted, counts, corpus, 0.1)
