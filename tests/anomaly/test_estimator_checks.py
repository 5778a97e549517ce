"""scikit-learn's own checks of an estimator, on all three detectors."""

import functools

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from sklearn.utils.estimator_checks import check_estimator

from aelib import anomaly


class Line(nnx.Module):
    """Projection on one axis: as little to compile as an autoencoder can have."""

    def __init__(self, num_features, *, rngs):
        del rngs
        self.axis = nnx.Param(jnp.full((num_features, 1), num_features**-0.5))

    def encode(self, x):
        return x @ self.axis[...]

    def decode(self, codes):
        return codes @ self.axis[...].T

    def __call__(self, x):
        return self.decode(self.encode(x))


# The checks fit some sixty times, on data of thirteen shapes. Below the batch size one compiled
# program serves any number of examples, so that only the six numbers of features compile anew.
TRAINED = anomaly.ReconstructionDetector(
    Line,
    steps=3,
    batch_size=256,
    fit_options={"optimizer": functools.partial(optax.sgd, 1e-4), "tick_every": 3},
)


# Many of the checks fit on twenty examples, of which too few are held out for a rate of 5 %.
@pytest.mark.filterwarnings("ignore::aelib.anomaly.CalibrationWarning")
@pytest.mark.parametrize(
    "detector",
    [anomaly.PCADetector(), anomaly.GaussianDetector(), TRAINED],
    ids=lambda detector: type(detector).__name__,
)
def test_estimator_checks(detector):
    results = check_estimator(detector, on_skip=None, on_fail="raise")
    skipped = [r["check_name"] for r in results if r["status"] != "passed"]
    # Wants SCIPY_ARRAY_API in the environment, and asks about array types other than NumPy's.
    assert skipped == ["check_array_api_input"]
    assert len(results) > 40
    assert "check_outliers_train" in {r["check_name"] for r in results}


@pytest.mark.filterwarnings("ignore::aelib.anomaly.CalibrationWarning")
def test_trained_detector_trains(monkeypatch):
    """The checks above went through `fit`: it is not skipped on so little data."""
    calls = []
    original = anomaly._autoencoder.training.fit

    @functools.wraps(original)  # the detector reads the names of its arguments
    def recorded(*args, **options):
        calls.append(options)
        return original(*args, **options)

    monkeypatch.setattr(anomaly._autoencoder.training, "fit", recorded)
    x = np.random.default_rng(0).normal(size=(40, 3))
    TRAINED.fit(x)
    assert len(calls) == 1
    assert calls[0]["weights"].sum() == 28
