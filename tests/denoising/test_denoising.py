"""Denoised counts, how they are evaluated, and what a denoiser invents."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.decomposition import PCA

from aelib import data, denoising
from aelib.denoising import _denoise
from aelib.denoising._normalize import exposure
from aelib.lab import cells as lab

SMALL = {"latent": 2, "hidden": (8,), "steps": 300, "batch_size": 30, "seeds": (3, 4)}


@pytest.fixture(scope="module")
def cells():
    options = {"num_cells": 300, "num_genes": 20, "marker_fraction": 0.4, "library_size": 60.0}
    return data.load("cells", dropout=0.1, dispersion=0.3, **options)


@pytest.fixture(scope="module")
def fit(cells):
    """One network is compiled in this room's tests, the one with most in it; two tables at once."""
    return denoising.denoise(np.stack([cells.x, cells.x[::-1]]), "zero-inflated", **SMALL)


def test_rates_are_closer_to_the_truth_than_the_counts(cells, fit):
    truth = cells.extras["mean"]
    counts = denoising.relative_error(cells.x, truth, cells.x)
    assert fit.rates.shape == (2, 300, 20)
    assert denoising.relative_error(fit.rates[0], truth, cells.x) < counts
    plane = denoising.denoise(cells.x, "pca", latent=3).rates
    assert denoising.relative_error(plane, truth, cells.x) < 0.8 * counts


def test_rates_are_the_likelihoods_own(cells, fit):
    outputs = fit.models[0](jnp.asarray(cells.x, jnp.float32))
    size = exposure(cells.x)
    likelihood = fit.likelihoods[0]
    mean, rate = (f(outputs, exposure=size) for f in (likelihood.mean, likelihood.rate))
    np.testing.assert_allclose(fit.expected[0], mean, rtol=1e-4)
    np.testing.assert_allclose(fit.rates[0], rate, rtol=1e-4)
    assert (fit.expected < fit.rates).all()
    assert fit.dispersion.shape == (2, 20)
    assert (fit.dispersion > 0).all()


def test_raw_outputs_of_the_other_ways_become_rates(cells):
    """The same code for what is not trained here."""
    outputs = np.random.default_rng(0).normal(size=cells.x.shape)
    size = exposure(cells.x)[:, None]
    for way in ("poisson", "negative binomial"):
        rates, expected = _denoise._rates(outputs, cells.x, way, True)
        np.testing.assert_allclose(rates, np.exp(outputs) * size)
        assert expected is rates
    rates, _ = _denoise._rates(np.abs(outputs), cells.x, "squared error", False)
    np.testing.assert_allclose(rates, np.expm1(np.abs(outputs)) * size)
    logs = denoising.log_normalize(cells.x)
    loss = _denoise._squared_error_of_logs(jnp.zeros(cells.x.shape), jnp.asarray(cells.x, float))
    np.testing.assert_allclose(loss, 0.5 * (logs**2).sum(axis=1), rtol=1e-5)


def test_doing_nothing_and_pca_have_no_network(cells):
    for way in ("nothing", "pca"):
        result = denoising.denoise(cells.x, way, latent=2)
        assert result.models == ()
        assert result.dispersion is None
        assert result.expected is result.rates


def test_pca_is_scikit_learns(cells):
    logs = denoising.log_normalize(cells.x)
    components = PCA(3).fit(logs)
    back = np.maximum(np.expm1(components.inverse_transform(components.transform(logs))), 0)
    rates = back * exposure(cells.x)[:, None]
    ours = denoising.denoise(cells.x, "pca", latent=3, rescale=False).rates
    np.testing.assert_allclose(ours, rates, rtol=1e-9, atol=1e-12)
    scaled = denoising.denoise(cells.x, "pca", latent=3).rates
    np.testing.assert_allclose(scaled.sum(axis=0), cells.x.sum(axis=0), rtol=1e-12)


def test_one_table_is_the_first_of_a_stack(cells):
    stack = denoising.denoise(np.stack([cells.x, cells.x + 1]), "pca", latent=2)
    single = denoising.denoise(cells.x, "pca", latent=2)
    np.testing.assert_allclose(stack.rates[0], single.rates, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[1, 2], [3, 4]], "mse"), {}, "method: expected 'nothing', 'pca', .* got 'mse'"),
        (([[1, 2], [3, 4]],), {"latent": 3}, "latent: expected a whole number from 1 to 2, got 3"),
        (([[1, -2]], "nothing"), {}, r"got -2 at index \(0, 1\)"),
        ((np.ones((3, 4, 5), int),), {"seeds": [1, 2]}, "seeds: expected 3, .* got 2"),
    ],
)
def test_bad_arguments_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        denoising.denoise(*arguments, **options)


def test_cells_and_genes_without_counts_do_no_harm(cells):
    counts = cells.x.copy()
    counts[5], counts[:, 7] = 0, 0
    for fit in (denoising.denoise(counts, "pca", latent=2), denoising.denoise(counts, "nothing")):
        assert np.isfinite(fit.rates).all()
        assert np.isfinite(denoising.relative_error(fit.rates, counts, counts))
    assert np.isfinite(denoising.estimate_dispersion(counts)).all()


def test_relative_error_of_poisson_counts_is_one():
    rng = np.random.default_rng(0)
    mean = rng.lognormal(0, 0.3, (500, 1)) * rng.gamma(2.0, 2.0, 50)
    counts = rng.poisson(mean)
    assert denoising.relative_error(counts, mean, counts) == pytest.approx(1.0, abs=0.05)
    assert denoising.relative_error(mean, mean, counts) == 0.0


def test_shuffling_keeps_each_gene_and_nothing_else(cells):
    shuffled = denoising.shuffle_genes(cells.x, bins=4, seed=1)
    assert np.array_equal(np.sort(shuffled, axis=0), np.sort(cells.x, axis=0))
    order = np.argsort(cells.x.sum(axis=1), kind="stable")[:75]  # the first of four bins
    assert np.array_equal(np.sort(shuffled[order], axis=0), np.sort(cells.x[order], axis=0))
    assert lab.gene_correlation(shuffled, shuffled) < 0.5 * lab.gene_correlation(cells.x, cells.x)
    with pytest.raises(ValueError, match="bins: expected a whole number from 1 to 300, got 0"):
        denoising.shuffle_genes(cells.x, bins=0)


def test_confirmed_fraction_tells_structure_from_invention():
    """Rates that are the truth, twice the truth's contrast, and somebody else's truth."""
    rng = np.random.default_rng(0)
    profile = rng.gamma(5.0, 1.0, (2, 40))
    label = rng.integers(2, size=3000)
    mean = 20 * profile[label] / profile[label].mean(axis=1, keepdims=True)
    learn, held_out = rng.poisson(mean), rng.poisson(mean / 4)
    size = exposure(learn)[:, None]
    true = mean / mean.mean(axis=1, keepdims=True)
    center = true.mean(axis=0)
    other = true[rng.permutation(3000)]
    for contrast, fraction in ((true, 1.0), (center + 2 * (true - center), 0.5), (other, 0.0)):
        found = denoising.confirmed_fraction(np.maximum(contrast, 0) * size, held_out, learn)
        assert found.overall == pytest.approx(fraction, abs=0.06)
        assert found.by_gene.shape == (40,)
    flat = denoising.confirmed_fraction(np.broadcast_to(size, learn.shape), held_out, learn)
    assert np.isnan(flat.overall)
    assert np.isnan(flat.by_gene).all()


def test_comparison_prefers_denoising_and_shows_how_much_is_invented(cells):
    result = denoising.compare_methods(cells.x, splits=3, latent=3)
    table = result.table()
    assert list(table.index) == ["nothing", "pca"]
    assert table.loc["pca", "held-out error"] < 0 == table.loc["nothing", "held-out error"]
    assert (result.confirmed["pca"] > result.confirmed["nothing"]).all()
    assert result.correlation_shuffled["pca"].min() > lab.correlation_floor(20, 3) * 0.8
    with pytest.raises(ValueError, match="splits: expected a whole number of at least 1, got 0"):
        denoising.compare_methods(cells.x, splits=0)
