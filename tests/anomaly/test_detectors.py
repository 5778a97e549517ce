"""What the detectors compute, and what they say when they cannot."""

import functools
import pickle

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from aelib import anomaly, models
from aelib.likelihoods import Gaussian
from tests.anomaly.test_estimator_checks import TRAINED, Line

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=(200, 3)) * [2.0, 1.0, 0.1] + 1.0
STRANGE = NORMAL[:20] + np.array([0.0, 0.0, 5.0])


def test_pca_scores_are_log_densities_around_the_reconstruction():
    detector = anomaly.PCADetector(1, scale="feature").fit(NORMAL)
    center = detector.pca_(NORMAL)
    expected = stats.norm.logpdf(NORMAL, center, detector.scale_)
    np.testing.assert_allclose(detector.score_features(NORMAL), expected, rtol=1e-12)
    np.testing.assert_allclose(detector.score_samples(NORMAL), expected.sum(axis=1), rtol=1e-12)
    shared = anomaly.PCADetector(1).fit(NORMAL)
    assert len(set(shared.scale_)) == 1
    np.testing.assert_array_equal(anomaly.PCADetector(1, scale=0.5).fit(NORMAL).scale_, 0.5)
    assert (detector.predict(STRANGE) == -1).all()


def test_gaussian_scores_are_log_densities():
    scale = np.array([1e-3, 1.0, 1e4])  # features of very different sizes
    detector = anomaly.GaussianDetector(functools.partial(np.multiply, scale)).fit(NORMAL)
    covariance = detector.covariance_ / np.outer(scale, scale)
    expected = stats.multivariate_normal(detector.mean_ / scale, covariance).logpdf(NORMAL)
    scores = detector.score_samples(NORMAL)
    np.testing.assert_allclose(scores, expected - np.log(scale).sum(), rtol=1e-9)
    # Rescaling changes the unit of the density and nothing else.
    plain = anomaly.GaussianDetector().fit(NORMAL)
    shift = plain.score_samples(NORMAL) - detector.score_samples(NORMAL)
    np.testing.assert_allclose(shift, np.log(scale).sum(), rtol=1e-9)
    np.testing.assert_array_equal(plain.predict(STRANGE), detector.predict(STRANGE))
    constant = np.c_[NORMAL, np.full(200, 7.0)]
    changed = constant + np.array([0, 0, 0, 1e-2])
    assert (anomaly.GaussianDetector().fit(constant).predict(changed) == -1).all()


def test_alarms_are_p_values_of_at_most_alpha():
    for alpha in (0.05, 0.1, 0.3):
        detector = anomaly.PCADetector(1, alpha=alpha).fit(NORMAL)
        p = detector.p_values(NORMAL)
        np.testing.assert_array_equal(detector.predict(NORMAL) == -1, p <= alpha)
        held_out = 60
        assert len(detector.calibration_.losses) == held_out
        # Of the calibration losses exactly those above the threshold are alarms.
        alarms = (detector.calibration_.losses > -detector.offset_).sum()
        assert alarms == int(alpha * (held_out + 1)) - 1


def test_reconstruction_score_is_the_likelihoods():
    detector = clone(TRAINED).fit(NORMAL)
    axis = np.asarray(detector.model_.axis[...], np.float64)
    expected = stats.norm.logpdf(NORMAL, NORMAL @ axis @ axis.T)
    scores = detector.score_samples(NORMAL)
    np.testing.assert_allclose(scores, expected.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(detector.score_features(NORMAL), expected, rtol=1e-5)
    many = np.tile(NORMAL, (2, 1))  # more than one batch of 256
    np.testing.assert_array_equal(detector.score_samples(many)[200:], scores)


def test_the_seed_decides_everything_and_pickles_keep_it():
    first, second = (clone(TRAINED).fit(NORMAL) for _ in range(2))
    np.testing.assert_array_equal(first.score_samples(NORMAL), second.score_samples(NORMAL))
    assert first.offset_ == second.offset_
    other = clone(TRAINED).set_params(random_state=1).fit(NORMAL)
    assert set(first.calibration_.losses) != set(other.calibration_.losses)
    again = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(again.p_values(STRANGE), first.p_values(STRANGE))


def test_filling_up_a_batch_does_not_change_what_is_minimized():
    """Three steps down the gradient on the thirty examples alone, by finite differences."""
    x = NORMAL[:30]
    detector = clone(TRAINED).set_params(calibration_fraction=0).fit(x)

    def half_squares(axis):
        return 0.5 * np.square(x - (x @ axis)[:, None] * axis).sum(axis=1).mean()

    axis = start = np.full(3, 3**-0.5)
    for _ in range(3):
        steps = 1e-5 * np.eye(3)
        slope = [half_squares(axis + h) - half_squares(axis - h) for h in steps]
        axis = axis - 1e-4 * np.array(slope) / 2e-5
    moved = detector.model_.axis[...][:, 0] - start.astype(np.float32)
    assert np.abs(axis - start).max() > 2e-4
    # The axis is kept in float32, in which its move of some 1e-4 has three digits.
    np.testing.assert_allclose(moved, axis - start, atol=3e-7)


def test_a_learned_scale_weighs_errors_by_what_is_usual():
    """The axis keeps neither of two features well; one of them is usually much quieter."""
    quiet = functools.partial(Gaussian, "feature", initial=0.5)
    detector = clone(TRAINED).set_params(likelihood=quiet, steps=300)
    adam = functools.partial(optax.adam, 1e-2)
    detector.set_params(fit_options={"optimizer": adam, "tick_every": 300})
    detector.fit(NORMAL - NORMAL.mean(axis=0))
    scale = np.logaddexp(0, np.asarray(detector.likelihood_.scale.raw[...]))
    assert scale[2] < 0.5 * scale[1]
    assert (detector.predict(STRANGE - NORMAL.mean(axis=0)) == -1).all()


class Flat(nnx.Module):
    """Encoder of 2 x 2 images: their mean."""

    input_shape = (2, 2)

    def __call__(self, x):
        return x.mean(axis=(1, 2))[:, None]


class Mean(nnx.Module):
    """Every pixel of an image is its mean: a trained model of images."""

    def __init__(self):
        self.encoder = Flat()

    def encode(self, x):
        return self.encoder(x)

    def decode(self, codes):
        return jnp.broadcast_to(codes[:, :, None], (len(codes), 2, 2))

    def __call__(self, x):
        return self.decode(self.encode(x))


def test_a_trained_model_is_taken_as_it_is():
    images = np.random.default_rng(1).normal(size=(100, 4))
    detector = anomaly.ReconstructionDetector.from_model(Mean(), Gaussian(0.5), alpha=0.1)
    assert detector.n_features_in_ == 4
    expected = stats.norm.logpdf(images, images.mean(axis=1, keepdims=True), 0.5).sum(axis=1)
    np.testing.assert_allclose(detector.score_samples(images), expected, rtol=1e-5)
    with pytest.raises(NotFittedError, match="no threshold yet: call calibrate"):
        detector.predict(images)
    detector.calibrate(images)
    assert len(detector.calibration_.losses) == 100
    fitted = clone(detector).fit(images)  # the same: there is nothing to train
    assert fitted.offset_ == detector.offset_
    assert fitted.history_ is None
    detector.calibrate(images, groups=np.arange(100) // 10)
    assert detector.calibration_.num_groups == 10


def test_calibration_in_blocks_of_its_own():
    detector = anomaly.PCADetector(1, calibration_fraction=0).fit(NORMAL[:100])
    with pytest.raises(NotFittedError, match="no threshold yet"):
        detector.p_values(NORMAL)
    detector.calibrate(NORMAL[100:])
    assert len(detector.calibration_.losses) == 100
    detector.fit(NORMAL[:100])  # does not keep the old threshold
    with pytest.raises(NotFittedError):
        detector.decision_function(NORMAL)


def test_too_few_normal_items_never_alarm():
    with pytest.warns(anomaly.CalibrationWarning, match="n = 9 .* at least 19"):
        detector = anomaly.PCADetector(1).fit(NORMAL[:30])
    assert detector.offset_ == -np.inf
    assert (detector.predict(STRANGE * 1e200) == 1).all()
    assert (detector.decision_function(STRANGE * 1e200) == np.inf).all()
    assert detector.p_values(STRANGE).max() == 0.1


def test_overflow_is_strange_and_not_an_error():
    detector = clone(TRAINED).fit(NORMAL)
    far = np.full((2, 3), 1e300)  # infinite in float32
    assert (detector.score_samples(far) == -np.inf).all()
    assert (detector.predict(far) == -1).all()


def test_bad_parameters():
    fit = {"X": NORMAL}
    with pytest.raises(ValueError, match=r"alpha: expected a number in \(0, 1\), got 0"):
        anomaly.PCADetector(alpha=0).fit(**fit)
    with pytest.raises(ValueError, match=r"calibration_fraction: expected a number in \[0, 1\)"):
        anomaly.PCADetector(calibration_fraction=1).fit(**fit)
    with pytest.raises(ValueError, match="num_components"):
        anomaly.PCADetector(4).fit(**fit)
    with pytest.raises(ValueError, match="scale: expected 'shared', 'feature' or a number"):
        anomaly.PCADetector(1, scale="pixel").fit(**fit)
    with pytest.raises(ValueError, match="scale: expected a finite number, above 0, got -1"):
        anomaly.PCADetector(1, scale=-1).fit(**fit)
    with pytest.raises(ValueError, match=r"features: expected shape \[140, k\], got \(140,\)"):
        anomaly.GaussianDetector(lambda x: x[:, 0]).fit(**fit)
    with pytest.raises(TypeError, match="model: expected a function that makes a model, got 3"):
        anomaly.ReconstructionDetector(3).fit(**fit)
    with pytest.raises(TypeError, match="likelihood: expected one or a function"):
        anomaly.ReconstructionDetector(Line, 3).fit(**fit)
    with pytest.raises(ValueError, match="fit_options: weights is set by the detector"):
        anomaly.ReconstructionDetector(Line, fit_options={"weights": 1}).fit(**fit)
    with pytest.raises(ValueError, match="batch_size: expected a whole number of at least 1"):
        anomaly.ReconstructionDetector(Line, batch_size=0).fit(**fit)
    with pytest.raises(TypeError, match=r"model: expected a trained nnx\.Module"):
        anomaly.ReconstructionDetector.from_model(Line)
    with pytest.raises(ValueError, match="num_features: expected it"):
        anomaly.ReconstructionDetector.from_model(Line(3, rngs=None))


def test_what_a_detector_cannot_use_is_named():
    with pytest.raises(TypeError, match=r"fit_options: expected arguments of .*, got 'optimzer'"):
        anomaly.ReconstructionDetector(fit_options={"optimzer": 1}, steps=2).fit(NORMAL)
    wide = models.linear(5, 2, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="X: expected 5 features, as the model takes"):
        anomaly.ReconstructionDetector(wide).fit(NORMAL)
    with pytest.raises(ValueError, match="floor: expected a finite number"):
        anomaly.PCADetector(1, floor=np.nan).fit(NORMAL)
