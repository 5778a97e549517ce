"""The loss whose feature network is data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import perceptual

SHAPE = (6, 6)
OPTIONS = {"shape": SHAPE, "features": (2.0, 3.0), "normalize": False}


def network(seed):
    return perceptual.SmallFeatures(SHAPE, 3, channels=(2, 3), rngs=nnx.Rngs(seed))


def test_it_is_the_weighted_sum_of_its_parts():
    x, outputs = jax.random.uniform(jax.random.key(0), (2, 4, 36))
    loss = perceptual.PixelFeatureLoss(network(0), pixels=0.5, **OPTIONS)
    seen = perceptual.PerceptualLoss(
        network(0), shape=SHAPE, weights=[2, 3], link="identity", normalize=False
    )

    @jax.jit
    def both(outputs, x):
        parts = 0.5 * ((outputs - x) ** 2).sum(axis=1) + seen(outputs, x)
        return -loss.log_prob(outputs, x), parts

    np.testing.assert_allclose(*both(outputs, x), rtol=1e-5)


def test_other_numbers_are_the_same_program_and_nothing_is_trained():
    first, second = (
        nnx.split(perceptual.PixelFeatureLoss(network(seed), pixels=seed, **OPTIONS))
        for seed in (0, 1)
    )
    assert first[0] == second[0]
    assert hash(first[0]) == hash(second[0])
    assert not jax.tree.leaves(nnx.state(nnx.merge(*first), nnx.Param))


def test_bad_input():
    with pytest.raises(ValueError, match="pixels: expected a finite number, at least 0"):
        perceptual.PixelFeatureLoss(network(0), pixels=-1.0, **OPTIONS)
    loss = perceptual.PixelFeatureLoss(network(0), **OPTIONS)
    with pytest.raises(ValueError, match="mask, exposure"):
        loss.log_prob(jnp.ones((1, 36)), jnp.ones((1, 36)), mask=jnp.ones((1, 36), bool))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        loss.check(2 * jnp.ones((1, 36)))
