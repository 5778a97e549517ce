"""One of several likelihoods, chosen by a number."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib.lab.code_length import SwitchedLikelihood
from aelib.likelihoods import Bernoulli, Categorical, Gaussian

X = np.array([[0.0, 1.0, 1.0]], np.float32)
OUTPUTS = np.array([[0.3, -2.0, 4.0]], np.float32)


def both():
    return [Gaussian("shared", initial=0.5), Bernoulli()]


@nnx.jit
def value_and_slopes(likelihood):
    def value(likelihood, outputs):
        return likelihood.log_prob(outputs, X).sum()

    return nnx.value_and_grad(value, argnums=(0, 1))(likelihood, OUTPUTS)


def test_it_is_the_chosen_one_and_the_others_learn_nothing():
    for use, alone in enumerate(both()):
        value, (own, slope) = value_and_slopes(SwitchedLikelihood(both(), use))
        expected, (own_expected, slope_expected) = value_and_slopes(alone)
        np.testing.assert_array_equal(value, expected)
        np.testing.assert_array_equal(slope, slope_expected)
        scale = jax.tree.leaves(own_expected) or [0.0]  # the coin's view of the bell's scale
        np.testing.assert_array_equal(*jax.tree.leaves(own), *scale)


def test_mean_sample_and_check_are_those_of_the_chosen_one():
    bell, coin = SwitchedLikelihood(both(), 0), SwitchedLikelihood(both(), 1)
    np.testing.assert_array_equal(bell.mean(OUTPUTS), OUTPUTS)
    assert set(np.unique(coin.sample(jax.random.key(0), OUTPUTS))) <= {0.0, 1.0}
    bell.check(OUTPUTS)
    with pytest.raises(ValueError, match=r"values in \{0, 1\}"):
        coin.check(OUTPUTS)


def test_one_structure_whichever_is_chosen():
    assert (
        nnx.split(SwitchedLikelihood(both(), 0))[0] == nnx.split(SwitchedLikelihood(both(), 1))[0]
    )


def test_bad_input():
    with pytest.raises(ValueError, match="likelihoods: expected at least one"):
        SwitchedLikelihood([], 0)
    with pytest.raises(ValueError, match="same number of outputs"):
        SwitchedLikelihood([Bernoulli(), Categorical(3)], 0)
    with pytest.raises(ValueError, match="use: expected a whole number from 0 to 1, got 2"):
        SwitchedLikelihood(both(), 2)
    assert jnp.issubdtype(SwitchedLikelihood(both(), 0).use[...].dtype, jnp.integer)


def test_what_is_no_likelihood_is_named():
    with pytest.raises(TypeError, match=r"likelihoods\[0\]: expected a likelihood, got 3"):
        SwitchedLikelihood([3], 0)
    with pytest.raises(ValueError, match=r"use: expected a whole number from 0 to 1, got 0\.5"):
        SwitchedLikelihood([Gaussian(), Bernoulli()], 0.5)
