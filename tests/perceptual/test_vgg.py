import hashlib
import json

import jax
import numpy as np
import pytest
import safetensors.numpy
from flax import nnx

from aelib import perceptual
from aelib.perceptual import _weights
from aelib.perceptual._layout import STEPS
from tests.perceptual.make_vgg_fixture import PATH, summary
from tests.perceptual.vgg_reference import (
    HEAD_WIDTHS,
    WIDTHS,
    formula_image,
    formula_weights,
    timm_layout,
)

SIZES = {"widths": WIDTHS, "head_widths": HEAD_WIDTHS}
STATE = {
    name: value.astype(np.float32) for name, value in formula_weights(WIDTHS, HEAD_WIDTHS).items()
}
SMALL = {name: value for name, value in STATE.items() if name.startswith("features")}


@pytest.fixture(scope="module")
def network():
    return perceptual.load_vgg16(STATE, taps=("relu1_2",), head=True, **SIZES)


def write(folder, state, name="vgg16.safetensors"):
    path = folder / name
    safetensors.numpy.save_file(
        {name: np.ascontiguousarray(value) for name, value in state.items()}, path
    )
    return path


def parameters(network):
    return jax.tree.leaves(nnx.as_pure(nnx.state(network)))


@pytest.mark.exact
def test_every_tap_is_that_of_pytorch(network):
    """PyTorch in float64 wrote the fixture; ``test_vgg_parity`` compares with it directly."""
    expected = json.loads(PATH.read_text())
    assert set(expected) == {step.names[2] for step in STEPS}
    images = formula_image().astype(np.float32)
    found = jax.jit(lambda images: network(images, taps=list(expected)))(images)
    for (name, wanted), maps in zip(expected.items(), found, strict=True):
        got = summary(maps)
        assert got["shape"] == wanted["shape"], name
        for part in ("mean", "rms", "values"):
            np.testing.assert_allclose(got[part], wanted[part], rtol=0, atol=1e-4 * wanted["rms"])


@pytest.mark.parametrize("layout", [dict, timm_layout], ids=["torchvision", "timm"])
def test_both_layouts_are_read_from_a_file(layout, network, tmp_path):
    path = write(tmp_path, layout(STATE))
    read = perceptual.load_vgg16(path, head=True, **SIZES)
    for ours, theirs in zip(parameters(read), parameters(network), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(perceptual.load_vgg16(str(path), widths=WIDTHS).convolutions) == 13


def test_tensors_with_gradients_are_read():
    class Parameter:
        def __init__(self, value):
            self.value = value

        def detach(self):
            return self

        def cpu(self):
            return self.value

    read = perceptual.load_vgg16({n: Parameter(v) for n, v in SMALL.items()}, widths=WIDTHS)
    np.testing.assert_array_equal(read.convolutions[0].bias[...], SMALL["features.0.bias"])


def test_names_of_taps(network):
    images = formula_image(40, 36).astype(np.float32)
    names = ["conv1_1", "features.0", "relu1_2", "features.3", "pool1", "features.4"]
    maps = jax.jit(lambda images: (*network(images, names), *network(images)))(images)
    for a, b in ((0, 1), (2, 3), (4, 5), (2, 6)):
        np.testing.assert_array_equal(maps[a], maps[b])
    assert (np.asarray(maps[0]) < 0).any()
    assert (np.asarray(maps[2]) >= 0).all()


def test_gray_is_the_same_in_all_colors(network):
    gray = formula_image(8, 8)[..., :1].astype(np.float32)
    run = jax.jit(lambda images: network(images)[0])
    np.testing.assert_array_equal(run(gray), run(np.repeat(gray, 3, axis=-1)))


@pytest.mark.parametrize(
    ("taps", "message"),
    [
        (("relu1_2", "relu6_1"), r"taps\[1\]: expected conv1_1.*got 'relu6_1' \(did you mean"),
        ("relu1_2", r"taps: expected a sequence of names, got the text 'relu1_2'"),
        ((), "taps: expected at least one name"),
        (("fc7",), r"taps\[0\]: 'fc7' is in the head; pass head=True"),
    ],
)
def test_taps_that_are_not_there(taps, message):
    with pytest.raises(ValueError, match=message):
        perceptual.load_vgg16(SMALL, taps=taps, widths=WIDTHS)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x: 2 * x - 1, ValueError, r"got -\S+ at index \(0, .*\(images \+ 1\) / 2"),
        (lambda x: 255 * x, ValueError, r"images / 255"),
        (lambda x: np.where(x > 0.9, np.nan, x), ValueError, r"got nan at index"),
        (lambda x: (255 * x).astype(np.uint8), TypeError, r"got uint8; divide bytes by 255"),
        (lambda x: x[0], ValueError, r"\[batch, height, width, 1 or 3\], got \(40, 36, 3\)"),
        (lambda x: x[..., :2], ValueError, r"got \(1, 40, 36, 2\)"),
    ],
)
def test_images_that_it_does_not_take(change, error, message, network):
    with pytest.raises(error, match=message):
        network(change(formula_image(40, 36)))


def test_images_that_are_too_small(network):
    with pytest.raises(ValueError, match="pool5 needs at least 32 x 32 pixels, got 40 x 31"):
        network(formula_image(40, 31), ["pool5"])
    with pytest.raises(ValueError, match="the head takes 224 x 224 pixels, got 64 x 224"):
        network(formula_image(64, 224), ["fc8"])


def test_what_is_wrong_with_a_file_is_named(tmp_path):
    def load(state, **options):
        return perceptual.load_vgg16(write(tmp_path, state), **{"widths": WIDTHS, **options})

    missing = {name: value for name, value in SMALL.items() if name != "features.5.weight"}
    with pytest.raises(ValueError, match=r"vgg16\.safetensors: has no tensor features\.5\.weight"):
        load(missing)
    missing = {name: value for name, value in SMALL.items() if name != "features.7.bias"}
    with pytest.raises(ValueError, match=r"has no tensor features\.7\.bias"):
        load(missing)
    shape = r"features\.2\.weight: expected shape \(4, 4, 3, 3\), got \(3, 3, 4, 4\)"
    with pytest.raises(ValueError, match=shape):
        load({**SMALL, "features.2.weight": np.zeros((3, 3, 4, 4), np.float32)})
    broken = SMALL["features.2.bias"].copy()
    broken[1] = np.inf
    with pytest.raises(
        ValueError, match=r"features\.2\.bias: expected finite .* inf at index \(1,"
    ):
        load({**SMALL, "features.2.bias": broken})
    with pytest.raises(
        ValueError, match=r"has no tensor pre_logits\.fc1\.weight or classifier\.0\.weight"
    ):
        load(SMALL, head=True)
    with pytest.raises(ValueError, match=r"features\.0\.weight: expected shape \(64, 3, 3, 3\)"):
        perceptual.load_vgg16(SMALL)


def test_files_that_are_not_read(tmp_path):
    path = write(tmp_path, SMALL)
    whole = path.read_bytes()
    for length in (0, 7, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"vgg16\.safetensors: not a whole safetensors file"):
            perceptual.load_vgg16(path, widths=WIDTHS)
    with pytest.raises(ValueError, match=r"vgg16\.pth: a pickled checkpoint"):
        perceptual.load_vgg16(tmp_path / "vgg16.pth")
    with pytest.raises(FileNotFoundError, match=r"absent\.safetensors"):
        perceptual.load_vgg16(tmp_path / "absent.safetensors")


def test_a_hash_is_checked(tmp_path):
    path = write(tmp_path, SMALL)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    perceptual.load_vgg16(path, widths=WIDTHS, sha256=digest.upper())
    with pytest.raises(ValueError, match=rf"expected SHA-256 {'0' * 64}, got {digest}"):
        perceptual.load_vgg16(path, widths=WIDTHS, sha256="0" * 64)
    with pytest.raises(ValueError, match="weights is a state dict"):
        perceptual.load_vgg16(SMALL, widths=WIDTHS, sha256=digest)


def test_the_published_file_is_looked_for_and_never_fetched_unasked(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"pass download=True to fetch it from https://hug"):
        perceptual.load_vgg16(root=tmp_path)
    folder = tmp_path / "vgg16.tv_in1k"
    folder.mkdir()
    path = write(folder, SMALL, "model.safetensors")
    with pytest.raises(ValueError, match="expected SHA-256 57b026918159a6bf"):
        perceptual.load_vgg16(root=tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(_weights, "TIMM_VGG16", _weights.TIMM_VGG16._replace(digest=digest))
    assert len(perceptual.load_vgg16(root=tmp_path, widths=WIDTHS).convolutions) == 13
