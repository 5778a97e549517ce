"""Data are held to the support of a likelihood of one's own where they were observed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import likelihoods
from aelib.training import fit
from tests.training.cases import D, make_linear


class Exponential:
    """A likelihood of one's own, whose check knows nothing of masks."""

    num_outputs = 1

    def log_prob(self, outputs, x, *, mask=None, exposure=None):
        del exposure
        return -jnp.where(mask, x * jnp.exp(outputs) - outputs, 0.0).sum(axis=-1)

    def check(self, x):
        if (x <= 0).any():
            raise ValueError("x: expected positive values")


class PositiveLogistic(likelihoods.Factorized):
    """One whose check does."""

    num_outputs, inside = 1, 1.0

    def elementwise_nll(self, parts, x):
        return jax.nn.softplus(x - parts[0]) + jax.nn.softplus(parts[0] - x)

    def check_values(self, x, observed):
        if (x[observed] <= 0).any():
            raise ValueError("x: expected positive values")


@pytest.mark.parametrize("loss", [Exponential(), PositiveLogistic()])
def test_support_is_asked_of_observed_values_only(loss, x, options):
    mask = np.ones((40, D), bool)
    mask[3, 2] = False
    positive = np.where(mask, np.exp(x), np.nan)
    fit(make_linear(nnx.Rngs(0)), positive, loss, mask=mask, **options)
    with pytest.raises(ValueError, match="x: expected positive values"):
        fit(make_linear(nnx.Rngs(0)), -positive, loss, mask=mask, **options)
