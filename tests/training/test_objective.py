"""What validation looks at."""

import jax
import numpy as np
from flax import nnx

from aelib import likelihoods
from aelib.training import _objective, fit
from tests.training.cases import D, make_linear


def test_validation_data_of_several_blocks_are_those_of_one(x, options, monkeypatch):
    """40 rows in blocks of 7, the last of which has to be filled up."""
    validation = {
        "x": x,
        "mask": np.random.default_rng(0).random(x.shape) < 0.8,
        "weights": np.linspace(1.0, 3.0, len(x)),
    }
    gaussian = likelihoods.Gaussian(scale="feature", num_features=D)
    given = options | {"validation": validation, "mask": np.ones(x.shape, bool)}
    found = []
    for block in (1024, 7):
        monkeypatch.setattr(_objective, "_BLOCK", block)
        result = fit(make_linear(nnx.Rngs(0)), x, gaussian, **given)
        found.append(result.history.validation)
    np.testing.assert_allclose(*found, rtol=1e-5)
    nats = -result.likelihood.log_prob(
        result.model(jax.numpy.where(validation["mask"], x, 0)), x, mask=validation["mask"]
    )
    expected = np.average(nats, weights=validation["weights"])
    np.testing.assert_allclose(found[1][-1], expected, rtol=1e-5)
