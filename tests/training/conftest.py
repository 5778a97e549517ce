import jax
import numpy as np
import pytest

from tests.training.cases import ADAM, D, K, N


@pytest.fixture
def x():
    """Data near a plane."""
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(N, K)) @ rng.normal(size=(K, D))
    return (plane + 0.1 * rng.normal(size=(N, D))).astype(np.float32)


@pytest.fixture
def options():
    """Small and quiet; without shuffling there is less to compile."""
    return {
        "optimizer": ADAM,
        "batch_size": None,
        "steps": 20,
        "tick_every": 5,
        "progress": False,
        "key": jax.random.key(1),
    }
