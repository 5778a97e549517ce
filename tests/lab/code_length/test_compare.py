"""Several families on one kind of data, trained side by side."""

import contextlib

import jax
import numpy as np
import pytest
from flax import nnx

import aelib
from aelib.data import Column
from aelib.lab import code_length
from aelib.likelihoods import Bernoulli, Columns, Composite, Gaussian, Poisson

COINS = np.random.default_rng(0).integers(0, 2, (2, 40, 3))


def test_each_family_is_trained_as_if_alone():
    """The sum of losses with nothing shared: the Bernoulli's run is that of a fit by itself."""
    settings = {"code_size": 1, "seeds": range(2), "steps": 6, "batch_size": 8}
    both = {"Bernoulli": Bernoulli(), "Poisson": Poisson()}
    pair = code_length.compare_likelihoods(both, COINS, COINS, **settings)
    alone = code_length.compare_likelihoods({"Bernoulli": Bernoulli()}, COINS, COINS, **settings)
    np.testing.assert_allclose(pair.nats["Bernoulli"], alone.nats["Bernoulli"], rtol=1e-4)
    outputs = pair.models["Poisson"][1](COINS[1].astype(np.float32))
    by_hand = -np.asarray(pair.likelihoods["Poisson"][1].log_prob(outputs, COINS[1])).mean()
    assert pair.nats["Poisson"][1] == pytest.approx(by_hand, rel=1e-5)
    assert pair.losses.shape == (2, 6)


def test_a_scale_is_trained_in_a_copy_for_each_seed():
    family = Gaussian("feature", num_features=3, initial=4.0)
    found = code_length.compare_likelihoods(
        {"Gaussian": family}, COINS, COINS, code_size=1, seeds=range(2), steps=6, batch_size=8
    )
    first, second = (each.scale.raw[...] for each in found.likelihoods["Gaussian"])
    assert (first != second).any()
    assert (first != family.scale.raw[...]).all()


def test_data_outside_a_support_name_the_family():
    with pytest.raises(ValueError, match=r"Bernoulli: x: expected values in \{0, 1\}, got 2"):
        code_length.compare_likelihoods(
            {"Bernoulli": Bernoulli()}, COINS + 1, COINS, code_size=1, seeds=range(2)
        )
    with pytest.raises(ValueError, match="expected at least one"):
        code_length.compare_likelihoods({}, COINS, COINS, code_size=1)
    with pytest.raises(ValueError, match="seeds, n, d"):
        code_length.compare_likelihoods(
            {"Gaussian": Gaussian(1.0)}, COINS[0], COINS[0], code_size=1
        )


@pytest.mark.parametrize(("steps", "error"), [(2, None), (2, "batch_size")])
def test_the_compiler_is_left_as_it_was(steps, error):
    name = "jax_disable_most_optimizations"
    seen = []

    def corruption(_, x):
        seen.append(jax.config.read(name))
        return x

    batch_size = 99 if error else 8  # more than there are examples: refused where it trains
    outcome = pytest.raises(ValueError, match=error) if error else contextlib.nullcontext()
    jax.config.update(name, False)  # the fixture of this folder puts back what it found
    with outcome:
        code_length.compare_likelihoods(
            {"Bernoulli": Bernoulli()},
            COINS,
            COINS,
            code_size=1,
            seeds=range(2),
            steps=steps,
            batch_size=batch_size,
            corruption=corruption,
        )
    assert jax.config.read(name) is False
    assert error or (seen and all(seen))


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


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_imputation_is_scored_where_nothing_was_seen(wrong):
    x = np.array([[0, 1.0], [1, 2.0], [1, 30.0], [0, 4.0]], np.float32)
    seen = np.array([[True, False], [False, True], [False, True], [True, False]])
    model = aelib.models.table(COLUMNS, 1, hidden=(), rngs=nnx.Rngs(0))
    likelihood = Composite(COLUMNS)
    outputs = model.predict(x, mask=seen)  # does not depend on what is hidden
    imputed = COLUMNS.nearest(np.asarray(likelihood.predict(outputs)))
    x[1:3, 0] = imputed[1:3, 0]
    x[1 : 1 + wrong, 0] = 1 - x[1 : 1 + wrong, 0]
    score = code_length.score_imputation(COLUMNS, likelihood, x, seen, model=model)
    nats = -np.asarray(likelihood.log_prob_per_feature(outputs, x))
    expected = [nats[1:3, 0].mean(), nats[[0, 3], 1].mean()]
    np.testing.assert_allclose(score.nats, expected, rtol=1e-5)
    squared = np.square(imputed[[0, 3], 1] - x[[0, 3], 1]).mean() / x[:, 1].var()
    np.testing.assert_allclose(score.errors, [wrong / 2, squared], rtol=1e-5)
