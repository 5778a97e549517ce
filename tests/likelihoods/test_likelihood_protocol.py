"""Users write their own likelihoods, with or without our base class."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import likelihoods
from aelib.likelihoods import Factorized, Likelihood


class LogNormal:
    """Written from scratch: no base class, no parameters."""

    num_outputs = 1

    def log_prob(self, outputs, x, *, mask=None, exposure=None):
        assert exposure is None
        log_x = jnp.log(jnp.where(mask, x, 1.0) if mask is not None else x)
        nll = 0.5 * (log_x - outputs) ** 2 + log_x + 0.5 * np.log(2 * np.pi)
        return -(nll if mask is None else jnp.where(mask, nll, 0.0)).sum(-1)

    def mean(self, outputs, *, exposure=None):
        assert exposure is None
        return jnp.exp(outputs + 0.5)

    def sample(self, key, outputs, *, exposure=None):
        assert exposure is None
        return jnp.exp(outputs + jax.random.normal(key, outputs.shape))

    def check(self, x):
        if not (np.asarray(x) > 0).all():
            raise ValueError("x: expected positive values")


class Logistic(Factorized):
    """Written on our base class, with a learned scale."""

    num_outputs = 1

    def __init__(self):
        self.log_scale = nnx.Param(jnp.log(0.5))

    def elementwise_nll(self, parts, x):
        log_scale = self.log_scale[...]
        z = (x - parts[0]) / jnp.exp(log_scale)
        return jax.nn.softplus(z) + jax.nn.softplus(-z) + log_scale

    def elementwise_mean(self, parts):
        return parts[0]


def test_every_family_fulfills_the_protocol():
    for likelihood in (
        likelihoods.Gaussian(),
        likelihoods.Laplace(),
        likelihoods.StudentT(3.0),
        likelihoods.Bernoulli(),
        likelihoods.ContinuousBernoulli(),
        likelihoods.Categorical(3),
        likelihoods.Multinomial(),
        likelihoods.Poisson(),
        likelihoods.NegativeBinomial(),
        likelihoods.ZeroInflatedNegativeBinomial(),
        LogNormal(),
        Logistic(),
    ):
        assert isinstance(likelihood, Likelihood)
    assert not isinstance(lambda outputs, x: x - outputs, Likelihood)


def test_a_likelihood_on_the_base_class_gets_masks_shapes_and_parameters():
    likelihood = Logistic()
    x = jnp.array([[0.3, jnp.nan], [1.0, -2.0]])
    mask = ~jnp.isnan(x)
    got, grads = nnx.value_and_grad(lambda m: m.log_prob(jnp.zeros((2, 2)), x, mask=mask).sum())(
        likelihood
    )
    z = np.array([0.3, 1.0, -2.0]) / 0.5
    assert got == pytest.approx(-(np.logaddexp(0, z) + np.logaddexp(0, -z) + np.log(0.5)).sum())
    assert all(jnp.isfinite(g).all() for g in jax.tree.leaves(grads))
    assert likelihood.mean(jnp.ones((2, 2, 1))).shape == (2, 2)
    with pytest.raises(ValueError, match=r"got nan at index \(0, 1\)"):
        likelihood.check(np.asarray(x))
    with pytest.raises(NotImplementedError):
        likelihood.sample(jax.random.key(0), jnp.zeros((2, 2)))
