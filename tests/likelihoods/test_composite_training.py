"""Mixed tables in training: masks, hidden cells, imputation, and models that are saved."""

import jax
import numpy as np
import optax
import pandas as pd
import pytest
from flax import nnx

import aelib
from aelib.likelihoods import Columns, Composite


@pytest.fixture(scope="module")
def trained():
    """Three noisy views of one hidden number, a fifth of the cells missing."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=400)
    frame = pd.DataFrame(
        {
            "vote": np.where(hidden + 0.2 * random.normal(size=400) > 0, "Dole", "Clinton"),
            "mode": np.digitize(hidden + 0.2 * random.normal(size=400), [-0.6, 0.6]),
            "age": 45 + 12 * hidden + 2 * random.normal(size=400),
        }
    )
    columns = Columns.infer(frame, kinds={"mode": "categorical"})
    x, _ = columns.encode(frame)
    observed = random.random(x.shape) > 0.2
    model = aelib.models.table(columns, 1, hidden=(16,), activation="tanh", rngs=nnx.Rngs(0))
    result = aelib.training.fit(
        model,
        np.where(observed, x, np.nan),
        Composite(columns),
        mask=observed,
        corruption=aelib.training.hide(0.3, score="hidden"),
        optimizer=optax.adam(1e-2),
        batch_size=100,
        steps=600,
        progress=False,
        key=jax.random.key(0),
    )
    return columns, x, observed, result


def test_hidden_cells_are_imputed_better_than_by_their_column_alone(trained):
    columns, x, observed, result = trained
    outputs = result.model.predict(np.where(observed, x, np.nan), mask=observed)
    guess = np.asarray(result.likelihood.impute(outputs, x, observed))
    for j, column in enumerate(columns):
        held = ~observed[:, j]
        typical = columns.typical()[j]
        if column.num_levels:
            model, alone = (np.mean(g != x[held, j]) for g in (guess[held, j], typical))
        else:
            model, alone = (np.mean((g - x[held, j]) ** 2) for g in (guess[held, j], typical))
        assert model < 0.75 * alone, column.name


def test_the_scale_is_trained_in_the_columns_own_unit(trained):
    columns, _, _, result = trained
    assert float(Composite(columns).scales()["age"]) == pytest.approx(columns["age"].spread)
    # The noise is 2 years, the spread 12: what two categories do not say of the hidden number, and
    # and in some rows nothing was seen at all.
    assert 2.0 < float(result.likelihood.scales()["age"]) < 11.0


def test_scored_where_hidden_the_code_length_of_held_out_cells_is_calibrated(trained):
    columns, x, observed, result = trained
    outputs = result.model.predict(x, mask=observed)
    held = -np.asarray(result.likelihood.log_prob_per_feature(outputs, x, mask=~observed))
    alone = Composite(columns)
    marginal = columns.marginal_outputs(len(x))
    base = -np.asarray(alone.log_prob_per_feature(marginal, x, mask=~observed))
    assert (held.sum(0) < 0.95 * base.sum(0)).all()


def test_what_is_masked_does_not_reach_the_codes(trained):
    _, x, observed, result = trained
    other = np.where(observed, x, 1.0)
    codes = result.model.predict(x, mask=observed, method="codes")
    assert (codes == result.model.predict(other, mask=observed, method="codes")).all()
    seen = result.model.predict(x, method="codes")
    assert not np.allclose(codes, seen)


def test_a_table_model_is_saved_and_loaded(trained, tmp_path):
    _, x, observed, result = trained
    result.model.save(tmp_path / "table.safetensors")
    model = aelib.models.load(tmp_path / "table.safetensors")
    expected = result.model.predict(x, mask=observed)
    for name, value in model.predict(x, mask=observed).items():
        assert (value == expected[name]).all()
    assert repr(model) == repr(result.model)


def test_hiding_needs_a_model_that_can_be_told():
    model = aelib.models.linear(3, 1, rngs=nnx.Rngs(0))
    with pytest.raises(TypeError, match=r"corruption: returned \(x, seen\), but the model's"):
        aelib.training.fit(
            model,
            np.zeros((4, 3), np.float32),
            aelib.likelihoods.Gaussian(),
            corruption=aelib.training.hide(0.5),
            batch_size=None,
            steps=1,
            progress=False,
            key=jax.random.key(0),
        )
    with pytest.raises(ValueError, match="rate: expected more than 0 with score='hidden', got 0"):
        aelib.training.hide(0, score="hidden")
    with pytest.raises(ValueError, match=r"rate: expected a probability in \[0, 1\), got 1"):
        aelib.training.hide(1)


def test_columns_and_masks_that_do_not_fit():
    with pytest.raises(TypeError, match="columns: expected column specifications"):
        aelib.models.table(["age"], 1, rngs=nnx.Rngs(0))
    column = aelib.data.Column("age", "continuous")
    model = aelib.models.table([column], 1, hidden=(), rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"mask: expected booleans of x's shape \(2, 1\)"):
        model.encode(np.zeros((2, 1)), mask=np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"x: expected shape \[..., 1\]"):
        model.encode(np.zeros((2, 2)))
