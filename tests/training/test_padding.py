"""Padding of parameters."""

import jax.numpy as jnp
import numpy as np

from aelib.training import _padding


def test_numbers_and_matrices_are_stacked():
    """A likelihood's scale is a single number, with no axis to be padded along."""
    trees = [
        {"scale": jnp.float32(1), "weight": jnp.ones((1, 2))},
        {"scale": jnp.float32(2), "weight": 3 * jnp.ones((2, 1))},
    ]
    like = {"scale": jnp.float32(0), "weight": jnp.zeros((2, 2))}
    stacked = _padding.stack(trees, like)
    np.testing.assert_array_equal(stacked["scale"], [1, 2])
    np.testing.assert_array_equal(stacked["weight"], [[[1, 1], [0, 0]], [[3, 0], [3, 0]]])
