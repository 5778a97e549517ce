"""Detectors come back from a file with their thresholds, and raise the same alarms, bit for bit."""

import functools
import json

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from flax import nnx

from aelib import _storage, anomaly, likelihoods, models

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=(120, 6)) * [3.0, 2.0, 1.0, 0.5, 0.1, 0.1]
NEW = RANDOM.normal(size=(33, 6)) * 3
STATISTICS = functools.partial(anomaly.patch_statistics, shape=(2, 3))

DETECTORS = {
    "pca": lambda: anomaly.PCADetector(2, scale="feature", alpha=0.1),
    "pca of a given scale": lambda: anomaly.PCADetector(np.int64(2), scale=np.float64(0.3)),
    "gaussian": lambda: anomaly.GaussianDetector(random_state=None),
    "gaussian of features": lambda: anomaly.GaussianDetector(STATISTICS, alpha=0.1),
    "autoencoder": lambda: anomaly.ReconstructionDetector(
        functools.partial(models.linear, latent=2),
        functools.partial(likelihoods.Gaussian, "feature"),
        steps=5,
        batch_size=32,
    ),
}


def answers(detector):
    return (
        detector.score_samples(NEW),
        detector.decision_function(NEW),
        detector.predict(NEW),
        detector.p_values(NEW, randomized=True, random_state=1),
    )


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_answers_afterwards(tmp_path, name):
    detector = DETECTORS[name]().fit(NORMAL)
    detector.save(tmp_path / "detector")
    given = {"features": STATISTICS} if "features" in name else {}
    for kind in (type(detector), anomaly.ConformalDetector):
        again = kind.load(tmp_path / "detector", **given)
        assert type(again) is type(detector)
        for before, after in zip(answers(detector), answers(again), strict=True):
            np.testing.assert_array_equal(before, after)
        assert again.calibration_.false_alarm_range(0.1) == pytest.approx(
            detector.calibration_.false_alarm_range(0.1), abs=0
        )
        kept = {k: v for k, v in again.get_params().items() if k not in type(again)._not_kept}
        assert kept.items() <= detector.get_params().items()
        if hasattr(detector, "score_features"):
            np.testing.assert_array_equal(detector.score_features(NEW), again.score_features(NEW))


def test_groups_and_names_of_features_are_kept(tmp_path):
    frame = pd.DataFrame(NORMAL, columns=list("abcdef"))
    detector = anomaly.PCADetector(1, calibration_fraction=0, alpha=0.2).fit(frame[:60])
    detector.save(tmp_path / "without")
    assert not hasattr(anomaly.PCADetector.load(tmp_path / "without"), "offset_")
    detector.calibrate(frame[60:], groups=[f"block {i % 7}" for i in range(60)])
    detector.save(tmp_path / "with")
    again = anomaly.PCADetector.load(tmp_path / "with")
    new = pd.DataFrame(NEW, columns=list("abcdef"))
    np.testing.assert_array_equal(again.p_values(new), detector.p_values(new))
    assert again.calibration_.num_groups == 7
    assert again.calibration_.threshold(0.3) == detector.calibration_.threshold(0.3)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(new[list("fedcba")])


def test_a_threshold_that_is_infinite_is_kept(tmp_path):
    with pytest.warns(anomaly.CalibrationWarning):
        detector = anomaly.PCADetector(1, alpha=0.001).fit(NORMAL)
    detector.save(tmp_path / "detector")
    assert anomaly.PCADetector.load(tmp_path / "detector").offset_ == -np.inf


def test_an_autoencoder_is_calibrated_anew_and_not_trained(tmp_path):
    detector = DETECTORS["autoencoder"]().fit(NORMAL)
    detector.save(tmp_path / "detector")
    again = anomaly.ReconstructionDetector.load(tmp_path / "detector")
    scores = again.score_samples(NEW)
    again.fit(NEW)
    np.testing.assert_array_equal(again.score_samples(NEW), scores)
    np.testing.assert_array_equal(np.sort(-scores), again.calibration_.losses)


class Own(anomaly.PCADetector):
    pass


def test_what_cannot_be_kept_is_refused(tmp_path):
    path = tmp_path / "detector"
    with pytest.raises(TypeError, match=r"save: expected a detector of aelib.anomaly, got a Own"):
        Own().fit(NORMAL).save(path)
    with pytest.raises(ValueError, match="not fitted yet"):
        anomaly.PCADetector().save(path)
    with pytest.raises(ValueError, match="save: expected settings that JSON can hold"):
        anomaly.PCADetector(1, random_state=np.random.RandomState(0)).fit(NORMAL).save(path)
    own = models.Autoencoder(*(models.linear(6, 2, rngs=nnx.Rngs(0)).encoder,) * 2)
    with pytest.raises(ValueError, match="only a model made by a builder"):
        anomaly.ReconstructionDetector.from_model(own).save(path)
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_is_refused(tmp_path):
    path = tmp_path / "detector"
    DETECTORS["gaussian of features"]().fit(NORMAL).save(path)
    with pytest.raises(ValueError, match=r"features: expected the function it was fitted with"):
        anomaly.GaussianDetector.load(path)
    with pytest.raises(ValueError, match=r"features: expected 6|features: expected \d+, as in fit"):
        anomaly.GaussianDetector.load(path, features=lambda x: x[:, :1]).predict(NEW)
    with pytest.raises(ValueError, match="holds a GaussianDetector, expected a PCADetector"):
        anomaly.PCADetector.load(path)
    with pytest.raises(TypeError, match=r"alpha: expected none, .* holds what GaussianDetector"):
        anomaly.GaussianDetector.load(path, features=STATISTICS, alpha=0.2)
    DETECTORS["gaussian"]().fit(NORMAL).save(path)
    with pytest.raises(ValueError, match=r"features: expected none, as .* of plain features"):
        anomaly.GaussianDetector.load(path, features=STATISTICS)
    models.linear(6, 2, rngs=nnx.Rngs(0)).save(path)
    with pytest.raises(ValueError, match="holds a model, not a detector"):
        anomaly.PCADetector.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda about, _: about.update(detector="Forest"),
            "holds a Forest, expected a PCADetector",
        ),
        (lambda about, _: about["parameters"].update(depth=3), "cannot make a PCADetector of it"),
        (lambda about, _: about.pop("num_features"), "cannot make a PCADetector of it"),
        (lambda about, _: about.update(num_features=5), "expected arrays .*mean"),
        (lambda _, tensors: tensors.pop("scale"), "expected arrays"),
        (lambda _, tensors: tensors.update(extra=np.ones(1)), "expected arrays"),
        (lambda _, tensors: tensors.pop("calibration.losses"), "cannot make a PCADetector of it"),
    ],
)
def test_files_that_were_tampered_with(tmp_path, change, message):
    path = tmp_path / "detector"
    DETECTORS["pca"]().fit(NORMAL).save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["aelib.detector"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(about, tensors)
    about["checksum"] = _storage.checksum(about, tensors)
    safetensors.numpy.save_file(tensors, path, metadata={"aelib.detector": json.dumps(about)})
    with pytest.raises(ValueError, match=message):
        anomaly.PCADetector.load(path)
