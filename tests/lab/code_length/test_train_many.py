"""Training and measuring in one call, and the comparison of imputations built on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import _cores
from aelib.data import Column
from aelib.lab import code_length
from aelib.lab.code_length._train_many import train_many
from aelib.likelihoods import Columns, Composite

SETTINGS = {"seeds": [0, 1], "steps": 200, "batch_size": 8, "learning_rate": 0.1}


class _Middle(nnx.Module):
    def __init__(self) -> None:
        self.at = nnx.Param(jnp.zeros(2))


def _square(module: _Middle, x: jax.Array, _: jax.Array) -> jax.Array:
    return jnp.square(module.at[...] - x).sum(axis=1).mean()


def _as_given(_: _Middle, test: jax.Array) -> jax.Array:
    return test


def test_each_run_finds_the_mean_of_its_own_data():
    x = np.random.default_rng(0).normal([[[1.0, -2.0]], [[3.0, 0.5]]], 0.1, (2, 40, 2))
    x = x.astype(np.float32)
    modules = [_Middle(), _Middle()]
    found = train_many(modules, _square, lambda m, t: m.at[...] + t, x, np.ones(2), **SETTINGS)
    at = np.array([module.at[...] for module in found.modules])
    np.testing.assert_allclose(at, x.mean(axis=1), atol=0.02)
    np.testing.assert_allclose(found.scores, at + 1, rtol=1e-6)
    assert found.losses.shape == (2, 200)
    with pytest.raises(ValueError, match="batch_size: expected at most 4"):
        train_many(modules, _square, _as_given, x[:, :4], np.ones(2), **SETTINGS)
    with pytest.raises(ValueError, match="seeds: expected one for each of 2"):
        train_many(modules[:1], _square, _as_given, x, np.ones(2), **SETTINGS)


def test_a_run_that_diverges_says_so():
    x = np.full((2, 8, 2), 1e30, np.float32)
    with pytest.raises(FloatingPointError, match="at step 0 of run 0"):
        train_many([_Middle(), _Middle()], _square, _as_given, x, np.ones(2), **SETTINGS)


def test_a_column_that_repeats_another_is_imputed():
    levels = {"levels": ("a", "b")}
    columns = Columns(tuple(Column(name, "binary", **levels) for name in ("one", "two")))
    rows = np.random.default_rng(0).integers(0, 2, (1, 400, 1)).repeat(2, axis=2)
    found = code_length.compare_imputation(
        columns, {"heads": Composite(columns)}, rows, rows, code_size=1, seeds=[0], steps=150
    )
    heads, alone = found.scores["heads"][0], found.scores["column alone"][0]
    # Seven times in ten the other column is there to be copied, else it is a fair coin.
    np.testing.assert_allclose(alone.nats, np.log(2), rtol=1e-5)
    np.testing.assert_allclose(heads.nats, 0.3 * np.log(2), atol=0.1)
    assert (heads.errors < 0.25).all()
    with pytest.raises(ValueError, match="likelihoods: expected at least one"):
        code_length.compare_imputation(columns, {}, rows, rows, code_size=1)


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_number_of_cores_changes_nothing(cores, monkeypatch):
    monkeypatch.setattr(_cores, "_num_cores", lambda: cores)
    x = np.random.default_rng(0).normal(np.arange(5)[:, None, None] / 4, 0.1, (5, 16, 2))
    settings = SETTINGS | {"seeds": range(5)}
    modules = [_Middle() for _ in range(5)]
    found = train_many(modules, _square, _as_given, x.astype(np.float32), np.arange(5), **settings)
    at = np.array([module.at[...] for module in found.modules])
    np.testing.assert_allclose(at, x.mean(axis=1), atol=0.02)
    np.testing.assert_array_equal(found.scores, np.arange(5))
    assert found.losses.shape == (5, 200)
