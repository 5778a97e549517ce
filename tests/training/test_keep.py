"""Models with their likelihoods come back from a file as they were, bit for bit, or not at all."""

import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from flax import nnx

from aelib import _storage, likelihoods, models, training
from aelib.data import Column
from aelib.likelihoods._recipe import _ARGUMENTS, from_recipe, recipe

TABLE = (
    Column("vote", "binary", levels=("no", "yes"), dtype="str"),
    Column("mode", "categorical", levels=(1, 2, 3), frequencies=(0.5, 0.25, 0.25)),
    Column("size", "ordinal", levels=("s", "m", "l"), categories=("s", "m", "l")),
    Column("age", "continuous", center=40.0, spread=9.0, resolution=1.0, limits=(0, math.inf)),
    Column("height", "continuous", center=170.0, spread=9.0),
    Column("visits", "count", center=3.0, unit="a year"),
    Column("trips", "count", center=3.0, distribution="poisson"),
)
# Every family, with every kind of parameter, all for three features.
FAMILIES = {
    "gaussian": likelihoods.Gaussian(0.3),
    "gaussian of features": likelihoods.Gaussian([0.1, 0.2, 1e-3]),
    "gaussian shared": likelihoods.Gaussian("shared", floor=0.01, initial=0.7),
    "gaussian learned": likelihoods.Gaussian("feature", num_features=3),
    "gaussian of images": likelihoods.Gaussian("feature", num_features=(3, 1)),
    "gaussian example": likelihoods.Gaussian("example", initial=0.123),
    "laplace": likelihoods.Laplace("feature", num_features=3),
    "student": likelihoods.StudentT("feature", "shared", num_features=3, df_initial=7.0),
    "student fixed": likelihoods.StudentT([3.0, 4.0, 5.0], 2.0, num_features=3),
    "bernoulli": likelihoods.Bernoulli(soft_targets=True),
    "continuous bernoulli": likelihoods.ContinuousBernoulli(),
    "categorical": likelihoods.Categorical(4),
    "multinomial": likelihoods.Multinomial(),
    "poisson": likelihoods.Poisson(),
    "negative binomial": likelihoods.NegativeBinomial("feature", num_features=3),
    "zero-inflated": likelihoods.ZeroInflatedNegativeBinomial("example", floor=1e-3),
    "ordinal": likelihoods.Ordinal([3, 5, 2]),
    "discretized": likelihoods.Discretized(likelihoods.Laplace("shared"), limits=(0, 9)),
    "discretized by feature": likelihoods.Discretized(
        likelihoods.Gaussian("feature", num_features=3),
        bin_width=[1.0, 0.0, 0.5],
        limits=[(0, math.inf), (-math.inf, math.inf), (-1, 1)],
    ),
    "composite": likelihoods.Composite(TABLE),
    "composite shared": likelihoods.Composite(TABLE, shared_scale=True, floor=0.01),
}


def shaken(module):
    """Every variable moved, as if by training."""
    graphdef, state = nnx.split(module)
    random = np.random.default_rng(0)

    def move(leaf):
        return leaf + jnp.asarray(random.normal(size=leaf.shape), leaf.dtype)

    return nnx.merge(graphdef, jax.tree.map(move, state))


def leaves(module):
    return jax.tree.leaves(nnx.as_pure(nnx.state(module)))


def save(path, model, likelihood):
    history = training.History(
        step=np.array([1, 2]),
        loss=np.array([2.0, 1.0]),
        nats=np.array([1.5, 0.5]),
        penalties={"l1": np.array([0.5, 0.5])},
        validation=None,
        best_step=2,
    )
    training.FitResult(model, likelihood, history).save(path)
    return path


def small():
    return models.mlp(3, 2, hidden=(4,), rngs=nnx.Rngs(1))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_likelihood_comes_back_as_it_was(tmp_path, name):
    likelihood = shaken(FAMILIES[name])
    model = small()
    result = training.load(save(tmp_path / "fit", model, likelihood))
    for before, after in ((model, result.model), (likelihood, result.likelihood)):
        assert nnx.graphdef(before) == nnx.graphdef(after)
        for one, other in zip(leaves(before), leaves(after), strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert result.history.penalties["l1"].tolist() == [0.5, 0.5]
    assert (result.history.best_step, result.history.steps) == (2, 2)


def test_every_family_of_the_room_is_among_them():
    families = {
        name
        for name in likelihoods.__all__
        if isinstance(getattr(likelihoods, name), type)
        and issubclass(getattr(likelihoods, name), nnx.Module)
    }
    assert {kind.__name__ for kind in _ARGUMENTS} == families - {"Factorized"}
    assert {type(each).__name__ for each in FAMILIES.values()} == families - {"Factorized"}


def test_what_was_trained_gives_the_same_answers(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "vote": random.choice(["no", "yes"], 40),
            "grade": pd.Categorical(random.choice(list("abc"), 40), list("abc"), ordered=True),
            "age": random.integers(18, 90, 40),
            "height": random.normal(170, 9, 40),
        }
    )
    columns = likelihoods.Columns.infer(frame)
    x, mask = columns.encode(frame)
    result = training.fit(
        models.table(columns, 2, hidden=(4,), rngs=nnx.Rngs(0)),
        x,
        likelihoods.Composite(columns),
        mask=mask,
        validation=x[:8],
        batch_size=None,
        steps=20,
        progress=False,
        key=jax.random.key(0),
    )
    result.save(tmp_path / "fit.safetensors")
    again = training.load(tmp_path / "fit.safetensors")
    outputs = [each.model.predict(x, mask=mask) for each in (result, again)]
    for name in outputs[0]:
        np.testing.assert_array_equal(outputs[0][name], outputs[1][name])
    nats = [r.likelihood.log_prob(o, x) for r, o in zip((result, again), outputs, strict=True)]
    np.testing.assert_array_equal(*nats)
    for learned in ("scales", "thresholds"):
        before, after = (getattr(each.likelihood, learned)() for each in (result, again))
        assert before.keys() == after.keys()
        assert all((before[name] == after[name]).all() for name in before)
    assert float(again.likelihood.scales()["height"]) != pytest.approx(columns["height"].spread)
    pd.testing.assert_frame_equal(
        again.likelihood.columns.decode(x, mask=mask), columns.decode(x, mask=mask)
    )
    np.testing.assert_array_equal(again.history.loss, result.history.loss)
    np.testing.assert_array_equal(again.history.validation, result.history.validation)


class Own(likelihoods.Gaussian):
    pass


def changed(likelihood):
    likelihood.scale.floor = 0.5
    return likelihood


@pytest.mark.parametrize(
    ("likelihood", "message"),
    [
        (lambda o, x: ((o - x) ** 2).sum(-1), "only those of aelib.likelihoods can be saved"),
        (Own(), "only those of aelib.likelihoods can be saved"),
        (changed(likelihoods.Gaussian("shared")), "changed afterwards, and the change would be"),
        (
            likelihoods.Composite(
                [Column("day", "binary", levels=(pd.Timestamp(0), pd.Timestamp(1)))]
            ),
            r"numbers or booleans as levels of 'day', .* got Timestamp",
        ),
    ],
)
def test_what_cannot_be_made_again_is_not_saved(tmp_path, likelihood, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path / "fit", small(), likelihood)
    assert not list(tmp_path.iterdir())


def rewrite(path, change):
    """Save the file again with its description changed, and a checksum that fits."""
    with safetensors.safe_open(path, framework="numpy") as file:
        about = json.loads(file.metadata()["aelib.fit"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(about, tensors)
    about["checksum"] = _storage.checksum(about, tensors)
    safetensors.numpy.save_file(tensors, path, metadata={"aelib.fit": json.dumps(about)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda about, _: about["likelihood"].update(family="Cauchy"),
            "unknown likelihood 'Cauchy'",
        ),
        (
            lambda about, _: about["likelihood"]["arguments"].update(scale="example"),
            "do not fit its architecture: likelihood.scale.raw",
        ),
        (
            lambda about, _: about["likelihood"]["arguments"].update(num_features=4),
            "do not fit its architecture: likelihood.scale.raw",
        ),
        (
            lambda about, _: about["likelihood"]["arguments"].update(power=2),
            "cannot make Gaussian: .*power",
        ),
        (lambda about, _: about.pop("likelihood"), "description of the likelihood cannot be read"),
        (lambda about, _: about.pop("model"), "description of the model cannot be read"),
        (lambda about, _: about.pop("best_step"), "history of the training cannot be read"),
        (
            lambda _, tensors: tensors.pop("history.loss"),
            "history of the training cannot be read",
        ),
        (
            lambda _, tensors: tensors.update({"likelihood.scale.raw": np.ones(3, np.int32)}),
            "likelihood.scale.raw is stored in int32, expected float32",
        ),
        (
            lambda _, tensors: tensors.update({"likelihood.scale.raw": np.ones(3)}),
            "stored in float64, expected float32; float64 needs x64",
        ),
        (lambda _, tensors: tensors.update(extra=np.ones(1)), "tensors do not fit .*: extra"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, change, message):
    path = save(tmp_path / "fit", small(), likelihoods.Gaussian("feature", num_features=3))
    rewrite(path, change)
    with pytest.raises(ValueError, match=message):
        training.load(path)


def test_a_file_of_another_kind_says_what_reads_it(tmp_path):
    small().save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"holds a model, not a fit; aelib.models.load reads it"):
        training.load(tmp_path / "model")
    save(tmp_path / "fit", small(), likelihoods.Gaussian())
    with pytest.raises(ValueError, match=r"holds a fit, not a model; aelib.training.load reads it"):
        models.load(tmp_path / "fit")


def test_float64_is_kept(tmp_path):
    with jax.enable_x64(True):
        model = models.linear(3, 1, rngs=nnx.Rngs(0))
        likelihood = shaken(likelihoods.Gaussian("feature", num_features=3))
        save(tmp_path / "fit", model, likelihood)
        again = training.load(tmp_path / "fit").likelihood
        assert again.scale.raw.dtype == np.float64
        np.testing.assert_array_equal(again.scale.raw[...], likelihood.scale.raw[...])
    with pytest.raises(ValueError, match="float64 needs x64"):
        training.load(tmp_path / "fit")


def test_a_recipe_is_json():
    for likelihood in FAMILIES.values():
        described = json.loads(json.dumps(recipe(likelihood)))
        assert nnx.graphdef(from_recipe(described)) == nnx.graphdef(likelihood)
