"""Several families on one kind of data, trained side by side."""

import jax
import numpy as np
import pytest
from flax import nnx

import aelib
from aelib.data import Column
from aelib.lab import code_length
from aelib.likelihoods import Bernoulli, Columns, Composite, Gaussian, Poisson

COINS = np.random.default_rng(0).integers(0, 2, (2, 40, 3))


def test_each_member_is_trained_as_if_alone():
    """The sum of losses with nothing shared: the Bernoulli's run is that of a fit by itself."""
    settings = {"code_size": 1, "seeds": range(2), "steps": 6, "batch_size": 8}
    both = {"Bernoulli": Bernoulli(), "Poisson": Poisson()}
    pair = code_length.compare(both, COINS, COINS, **settings)
    alone = code_length.compare({"Bernoulli": Bernoulli()}, COINS, COINS, **settings)
    np.testing.assert_allclose(pair.nats["Bernoulli"], alone.nats["Bernoulli"], rtol=1e-4)
    model, likelihood = pair.panels[1], pair.likelihoods[1]
    outputs = model(COINS[1])
    by_hand = -np.asarray(Poisson().log_prob(outputs[1], COINS[1])).mean()
    assert pair.nats["Poisson"][1] == pytest.approx(by_hand, rel=1e-5)
    assert likelihood.names == ("Bernoulli", "Poisson")


def test_data_outside_a_support_name_the_family():
    with pytest.raises(ValueError, match=r"Bernoulli: x: expected values in \{0, 1\}, got 2"):
        code_length.compare(
            {"Bernoulli": Bernoulli()}, COINS + 1, COINS, code_size=1, seeds=range(2)
        )
    with pytest.raises(ValueError, match="expected at least one"):
        code_length.PanelLikelihood({})


def test_the_compiler_is_left_as_it_was():
    before = jax.config.read("jax_disable_most_optimizations")
    with pytest.raises(ValueError, match="seeds, n, d"):
        code_length.compare({"Gaussian": Gaussian(1.0)}, COINS[0], COINS[0], code_size=1)
    assert jax.config.read("jax_disable_most_optimizations") == before


COLUMNS = Columns(
    (Column("vote", "binary", levels=("a", "b")), Column("age", "continuous", spread=9.0))
)


def test_the_plain_sum_is_a_likelihood_plus_a_weighted_square():
    x = np.array([[0, 40.0], [1, 20.0]], np.float32)
    outputs = {"vote": np.array([[0.3], [0.1]], np.float32), "age": np.ones((2, 1), np.float32)}
    mask = np.array([[True, True], [True, False]])
    plain = code_length.PlainSum(COLUMNS, {"age": 0.5})
    terms = np.asarray(plain.log_prob_per_feature(outputs, x, mask=mask))
    complete = np.asarray(Composite(COLUMNS).log_prob_per_feature(outputs, x, mask=mask))
    np.testing.assert_allclose(terms[:, 0], complete[:, 0])
    np.testing.assert_allclose(terms[:, 1], [-0.5 * (31 / 0.5) ** 2, 0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"units: expected a positive one for each of \['age'\]"):
        code_length.PlainSum(COLUMNS, {})


def test_gaps_are_scored_where_nothing_was_seen():
    x = np.array([[0, 1.0], [1, 2.0], [1, 30.0], [0, 4.0]], np.float32)
    seen = np.array([[True, False], [False, True], [False, True], [True, False]])
    model = aelib.models.table(COLUMNS, 1, hidden=(), rngs=nnx.Rngs(0))
    likelihood = Composite(COLUMNS)
    gaps = code_length.fill_gaps(COLUMNS, likelihood, x, seen, model=model)
    nats = -np.asarray(likelihood.log_prob_per_feature(model.predict(x, mask=seen), x))
    np.testing.assert_allclose(gaps.nats, [nats[1:3, 0].mean(), nats[[0, 3], 1].mean()], rtol=1e-5)
    assert gaps.mistakes[0] in (0.0, 0.5, 1.0)
