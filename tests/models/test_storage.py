import json
import os

import jax
import numpy as np
import pytest
import safetensors.numpy
from flax import nnx

from aelib import _storage, likelihoods, models, training

MAKE = {
    "linear": lambda rngs: models.linear(6, 3, use_bias=False, outputs_per_feature=2, rngs=rngs),
    "tied": lambda rngs: models.tied(6, 3, rngs=rngs),
    "mlp": lambda rngs: models.mlp(
        6, 3, hidden=(5, 4), activation="tanh", code_activation="sigmoid", rngs=rngs
    ),
}


def leaves(model):
    return jax.tree.leaves(nnx.as_pure(nnx.state(model)))


def rewrite(path, change):
    """Save the file again with its description changed."""
    with safetensors.safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["aelib.model"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(about, tensors)
    about["checksum"] = _storage.checksum(about, tensors)
    safetensors.numpy.save_file(tensors, path, metadata={"aelib.model": json.dumps(about)})


@pytest.mark.parametrize("tree", [False, True], ids=["graph", "tree"])
@pytest.mark.parametrize("name", MAKE)
def test_what_is_loaded_is_what_was_saved(name, tree, tmp_path):
    with nnx.set_graph_mode(not tree), nnx.set_graph_updates(not tree):
        model = MAKE[name](nnx.Rngs(7))
        model.save(tmp_path / "model.safetensors")
        loaded = models.load(str(tmp_path / "model.safetensors"))
    assert type(loaded) is type(model)
    assert loaded.architecture == model.architecture
    assert nnx.graphdef(loaded) == nnx.graphdef(model)
    for before, after in zip(leaves(model), leaves(loaded), strict=True):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)


def test_float64_is_kept_and_refused_without_x64(tmp_path):
    path = tmp_path / "model.safetensors"
    with jax.enable_x64(True):
        model = models.linear(6, 3, rngs=nnx.Rngs(0))
        model.save(path)
        loaded = models.load(path)
        for before, after in zip(leaves(model), leaves(loaded), strict=True):
            assert after.dtype == np.float64
            np.testing.assert_array_equal(before, after)
    with pytest.raises(ValueError, match=r"cannot build linear.*float64 needs x64"):
        models.load(path)


def test_the_file_is_plain_safetensors_with_a_description(tmp_path):
    path = tmp_path / "model.safetensors"
    MAKE["mlp"](nnx.Rngs(0)).save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["aelib.model"])
        assert "encoder.layers.0.weight" in file.keys()  # noqa: SIM118
    assert about["architecture"] == "mlp"
    assert about["arguments"]["hidden"] == [5, 4]
    assert about["format"] == 1


def test_every_truncation_is_an_error(tmp_path):
    path = tmp_path / "model.safetensors"
    MAKE["tied"](nnx.Rngs(0)).save(path)
    whole = path.read_bytes()
    for length in [0, 4, 8, 50, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"model\.safetensors: not a whole safetensors file"):
            models.load(path)


def test_every_flipped_bit_is_an_error(tmp_path):
    path = tmp_path / "model.safetensors"
    MAKE["linear"](nnx.Rngs(0)).save(path)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"^.*model\.safetensors"):
            models.load(path)


@pytest.mark.parametrize("name", MAKE)
def test_what_was_changed_after_building_is_not_lost_in_silence(name, tmp_path):
    model = MAKE[name](nnx.Rngs(0))
    model.encoder.layers[0].activation = "softplus"
    with pytest.raises(ValueError, match=rf"as {name} made it, .* changed afterwards"):
        model.save(tmp_path / "model.safetensors")
    model = MAKE[name](nnx.Rngs(0))
    model.encoder.layers[0].weight.set_value(np.ones((6, 9), np.float32))
    with pytest.raises(ValueError, match=rf"as {name} made it, .* changed afterwards"):
        model.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_trained_models_can_be_saved(tmp_path):
    x = np.random.default_rng(0).normal(size=(16, 6)).astype(np.float32)
    options = {"steps": 2, "batch_size": 8, "progress": False}
    one = training.fit(
        MAKE["mlp"](nnx.Rngs(0)), x, likelihoods.Gaussian(), key=jax.random.key(0), **options
    )

    def build(rngs, latent):
        return models.mlp(6, latent, hidden=(4,), rngs=rngs)

    several = training.sweep(
        build, x, likelihoods.Gaussian(), sizes={"latent": [2, 3]}, seeds=[0], **options
    )
    for number, model in enumerate([one.model, *several.models]):
        path = tmp_path / f"{number}.safetensors"
        model.save(path)
        np.testing.assert_array_equal(models.load(path)(x), model(x))


def test_other_files_are_errors(tmp_path):
    path = tmp_path / "other"
    with pytest.raises(FileNotFoundError):
        models.load(path)
    path.write_bytes(b"\x80\x04\x95" + bytes(100))  # the start of a pickle
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        models.load(path)
    safetensors.numpy.save_file({"a": np.ones(3)}, path)
    with pytest.raises(ValueError, match=r"not one that aelib wrote"):
        models.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda about, _: about.update(architecture="gan"),
            "unknown architecture 'gan'; .* linear",
        ),
        (lambda about, _: about.update(format=99), r"format 99, written by aelib .*reads format 1"),
        (lambda about, _: about.pop("arguments"), "its description of the model cannot be read"),
        (lambda about, _: about["arguments"].update(latent=-1), r"cannot build mlp.*latent"),
        (lambda about, _: about["arguments"].update(depth=3), "cannot build mlp.*depth"),
        (
            lambda about, _: about["arguments"].update(latent=2),
            "do not fit its architecture: decoder.layers.0.weight, encoder.layers.2.bias",
        ),
        (
            lambda _, tensors: tensors.pop("encoder.layers.0.bias"),
            "do not fit its architecture: encoder.layers.0.bias",
        ),
        (
            lambda _, tensors: tensors.update(extra=np.ones(1)),
            "do not fit its architecture: extra",
        ),
    ],
)
def test_descriptions_that_do_not_fit_are_errors(change, message, tmp_path):
    path = tmp_path / "model.safetensors"
    MAKE["mlp"](nnx.Rngs(0)).save(path)
    rewrite(path, change)
    with pytest.raises(ValueError, match=message):
        models.load(path)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    MAKE["tied"](nnx.Rngs(0)).save(path)
    before = path.read_bytes()

    def full_disk(_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        MAKE["tied"](nnx.Rngs(1)).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_model_of_own_modules_cannot_be_saved(tmp_path):
    linear = models.linear(4, 2, rngs=nnx.Rngs(0))
    model = models.Autoencoder(linear.encoder, linear.decoder)
    with pytest.raises(ValueError, match="only a model made by a builder"):
        model.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())
