import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.signal import correlate2d

from aelib import models


def make(**options):
    arguments = {"channels": (3, 4), "outputs_per_feature": 2, "rngs": nnx.Rngs(0), **options}
    return models.conv((9, 7, 2), 5, **arguments)


def by_hand(images, layer, stride, same):
    """SciPy's correlation, channel by channel; zeros around as XLA's SAME has them."""
    weight, bias = (np.asarray(p[...], np.float64) for p in (layer.weight, layer.bias))
    side = weight.shape[0]
    pads = [(0, 0)]
    for n in images.shape[1:3]:
        total = max((-(-n // stride) - 1) * stride + side - n, 0) if same else 0
        pads.append((total // 2, total - total // 2))
    images = np.pad(images.astype(np.float64), [*pads, (0, 0)])
    maps = [
        sum(
            correlate2d(image[..., i], weight[..., i, o], mode="valid")
            for i in range(weight.shape[2])
        )[::stride, ::stride]
        + bias[o]
        for image in images
        for o in range(weight.shape[3])
    ]
    return (
        np.stack(maps).reshape(len(images), weight.shape[3], *maps[0].shape).transpose(0, 2, 3, 1)
    )


@pytest.mark.parametrize(
    ("stride", "padding", "side"), [(2, "SAME", 3), (2, "VALID", 2), (3, "SAME", 4)]
)
def test_both_ways_to_convolve(stride, padding, side):
    images = np.random.default_rng(0).normal(size=(2, 9, 8, 2)).astype(np.float32)
    options = {"side": side, "stride": stride, "padding": padding}
    layers = [
        models.Convolution(2, 3, unfold=unfold, **options, rngs=nnx.Rngs(0))
        for unfold in (False, True)
    ]
    for layer in layers:
        layer.bias[...] = jnp.array([0.5, -1.0, 2.0])
    expected = by_hand(images, layers[0], stride, padding == "SAME")
    for found in jax.jit(lambda images: [layer(images) for layer in layers])(images):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_shapes_description_and_file(tmp_path):
    model = make()
    x = np.random.default_rng(0).normal(size=(6, 9, 7, 2)).astype(np.float32)
    outputs = model.predict(x)

    @jax.jit
    def otherwise(x):
        codes = model.encode(x)
        return codes, model.decode(codes), model(x[0]), model(x.reshape(2, 3, 9, 7, 2))

    codes, decoded, one, more = otherwise(x)
    assert codes.shape == (6, 5)
    assert outputs.shape == (6, 9, 7, 2, 2)
    # He's initialization: from standardized images to outputs of order one.
    assert 0.2 < float(np.std(outputs)) < 5
    np.testing.assert_allclose(decoded, outputs, atol=1e-5)
    np.testing.assert_allclose(one, outputs[0], atol=1e-5)
    np.testing.assert_allclose(more[1, 2], outputs[5], atol=1e-5)
    assert repr(model).startswith("Autoencoder(conv: [9, 7, 2] -> 5x4x3 relu -> 3x2x4 relu -> 5 |")
    assert "5 | 3x2x4 relu -> 5x4x3 relu -> 9x7x4 -> [9, 7, 2, 2];" in repr(model)
    model.save(tmp_path / "model.safetensors")
    loaded = models.load(tmp_path / "model.safetensors")
    assert nnx.graphdef(loaded) == nnx.graphdef(model)
    for saved, read in zip(parameters(model), parameters(loaded), strict=True):
        np.testing.assert_array_equal(saved, read)


def parameters(model):
    return jax.tree.leaves(nnx.as_pure(nnx.state(model)))


def test_every_parameter_has_a_gradient_that_leads_down():
    x = np.random.default_rng(0).normal(size=(16, 6, 6)).astype(np.float32)
    model = models.conv((6, 6), 4, channels=(4,), rngs=nnx.Rngs(0))
    graphdef, state = nnx.split(model)

    @jax.jit
    @jax.value_and_grad
    def error(state):
        return jnp.mean((nnx.merge(graphdef, state)(x) - x) ** 2)

    before, gradient = error(state)
    assert all((np.asarray(leaf) != 0).any() for leaf in jax.tree.leaves(gradient))
    lower = jax.tree.map(lambda value, slope: value - 1e-2 * slope, state, gradient)
    assert error(lower)[0] < before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (9,)}, r"shape: expected \(h, w\) or \(h, w, c\), got \(9,\)"),
        ({"shape": 81}, r"shape: expected \(h, w\) or \(h, w, c\), got 81"),
        ({"shape": (9, 0)}, r"shape\[1\]: expected a whole number of at least 1, got 0"),
        ({"channels": ()}, "channels: expected at least one convolution"),
        ({"channels": (4, 2.5)}, r"channels\[1\]: expected a whole number"),
        ({"latent": 0}, "latent: expected a whole number"),
        ({"activation": "rule"}, "activation: expected 'identity', .*'rule'"),
        ({"dtype": "int32"}, "dtype: expected a floating type"),
    ],
)
def test_what_it_does_not_take(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.conv(**{"shape": (9, 9), "latent": 2, "rngs": nnx.Rngs(0), **arguments})


def test_items_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"x: expected shape \[..., 9, 7, 2\]"):
        make()(np.zeros((3, 7, 9, 2), np.float32))
