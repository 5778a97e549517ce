import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import data, models
from aelib.perceptual import SmallFeatures, train_classifier
from aelib.training import TrainingDiverged

DIGITS = data.load("digits")
IMAGES = np.asarray(DIGITS.images, np.float32)[..., None]
IMAGES = IMAGES / IMAGES.max()
OPTIONS = {"channels": (8, 16), "steps": 100, "batch_size": 64}


def train():
    return train_classifier(IMAGES[:1200], DIGITS.labels[:1200], key=jax.random.key(0), **OPTIONS)


def test_it_learns_to_tell_digits_apart():
    result = train()
    assert result.loss.shape == (100,)
    held_out = result.features.accuracy(IMAGES[1200:], DIGITS.labels[1200:])
    # A nearest-neighbor classifier of pixels gets about 0.95 here; guessing gets 0.1.
    assert held_out > 0.85
    control = SmallFeatures((8, 8), 10, channels=(8, 16), rngs=nnx.Rngs(0))
    assert control.accuracy(IMAGES[1200:], DIGITS.labels[1200:]) < 0.4
    again = train()
    np.testing.assert_array_equal(result.loss, again.loss)


@pytest.mark.parametrize(
    ("images", "labels", "options", "error", "message"),
    [
        (IMAGES, DIGITS.labels[:-1], {}, ValueError, r"labels: expected shape \(1797,\), one for"),
        (
            IMAGES,
            DIGITS.labels - 1,
            {},
            ValueError,
            r"labels: expected 0 \.\.\. .* got -1 at index",
        ),
        (IMAGES, DIGITS.labels, {"num_classes": 9}, ValueError, r"got 9 at index \(9,\)"),
        (IMAGES, DIGITS.labels / 2, {}, TypeError, r"labels: expected whole numbers, got float"),
        (IMAGES * 16, DIGITS.labels, {}, ValueError, r"images: expected values in \[0, 1\]"),
        (DIGITS.x / 16, DIGITS.labels, {}, ValueError, r"images: expected shape \[batch, height"),
        (
            IMAGES,
            DIGITS.labels,
            {"steps": 0},
            ValueError,
            "steps: expected a whole number of at least 1, got 0",
        ),
    ],
)
def test_what_it_does_not_take(images, labels, options, error, message):
    with pytest.raises(error, match=message):
        train_classifier(images, labels, key=jax.random.key(0), **options)


def test_it_comes_back_from_a_file_as_it_was(tmp_path):
    path = tmp_path / "network"
    network = train().features
    network.save(path)
    again = SmallFeatures.load(path)
    assert nnx.graphdef(again) == nnx.graphdef(network)
    np.testing.assert_array_equal(again.logits(IMAGES[:9]), network.logits(IMAGES[:9]))
    for before, after in zip(network(IMAGES[:9]), again(IMAGES[:9]), strict=True):
        np.testing.assert_array_equal(before, after)
    network.convolutions[0].activation = "tanh"
    with pytest.raises(ValueError, match="changed afterwards, and the change would be lost"):
        network.save(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        SmallFeatures.load(path)
    models.linear(4, 2, rngs=nnx.Rngs(0)).save(path)
    with pytest.raises(ValueError, match="holds a model, not a classifier"):
        SmallFeatures.load(path)


@pytest.mark.parametrize("labels", [[[0], [1], [2]], 0, [0, 1], [0, 1, 10], [0.0, 1.0, 2.0]])
def test_accuracy_is_of_one_class_for_each_image(labels):
    network = SmallFeatures((8, 8), 10, channels=(2,), rngs=nnx.Rngs(0))
    with pytest.raises((TypeError, ValueError), match="labels: expected"):
        network.accuracy(IMAGES[:3], labels)


def test_nan_is_the_right_class_of_nothing():
    network = SmallFeatures((8, 8), 10, channels=(2,), rngs=nnx.Rngs(0))
    network.readout.bias[...] = jnp.full(10, jnp.nan)
    assert network.accuracy(IMAGES[:3], [0, 1, 2]) == 0.0


def test_a_classifier_that_was_trained_to_nan_is_not_returned():
    with pytest.raises(TrainingDiverged, match="training stopped at step"):
        train_classifier(
            IMAGES[:64], DIGITS.labels[:64], channels=(2,), steps=5, batch_size=8,
            learning_rate=1e30, key=jax.random.key(0),
        )  # fmt: skip
