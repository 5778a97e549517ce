"""Denoised counts, how they are evaluated, and what a denoiser invents."""

import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.decomposition import PCA

from aelib import data, denoising
from aelib.denoising import _denoise, _matrix, _network
from aelib.denoising._normalize import exposure
from aelib.lab import cells as lab

SMALL = {"latent": 2, "hidden": 8, "steps": 120, "batch_size": 60}


@pytest.fixture(scope="module")
def cells():
    options = {"num_cells": 300, "num_genes": 20, "marker_fraction": 0.4, "library_size": 60.0}
    return data.load("cells", dropout=0.1, dispersion=0.3, **options)


@pytest.fixture(scope="module")
def fit(cells):
    """One network is compiled for most of this room's tests, the one with most in it."""
    return denoising.denoise(cells.x, "zero-inflated", **SMALL)


def test_rates_are_closer_to_the_truth_than_the_counts(cells, fit):
    truth = cells.extras["mean"]
    counts = denoising.relative_error(cells.x, truth, cells.x)
    assert fit.rates.shape == (300, 20)
    assert denoising.relative_error(fit.rates, truth, cells.x) < 0.7 * counts
    plane = denoising.denoise(cells.x, "pca", latent=3).rates
    assert denoising.relative_error(plane, truth, cells.x) < 0.8 * counts


@pytest.mark.parametrize("method", ["gene mean", "pca", "zero-inflated"])
def test_expected_counts_of_each_gene_add_up_to_its_counts(cells, fit, method):
    """What a Poisson with output biases has at its optimum; exactly 0 for a gene never counted."""
    counts = cells.x.copy()
    if method == "zero-inflated":
        found = fit
    else:
        counts[:, 7] = 0
        found = denoising.denoise(counts, method, latent=2)
        assert (found.rates[:, 7] == 0).all()
    np.testing.assert_allclose(found.expected.sum(axis=0), counts.sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize("method", _network.NETWORKS)
def test_a_network_on_a_gene_and_a_cell_without_counts(cells, method):
    counts = cells.x.copy()
    counts[5], counts[:, 7] = 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # 10 steps need not beat PCA
        found = denoising.denoise(counts, method, **SMALL | {"steps": 10})
    assert np.isfinite(found.rates).all()
    assert (found.rates[:, 7] == 0).all()
    np.testing.assert_allclose(found.expected.sum(axis=0), counts.sum(axis=0), rtol=1e-9)


def test_dropout_lies_between_rates_and_expected_counts(fit):
    assert (fit.expected < fit.rates).all()
    assert fit.denoiser.dispersion.shape == (20,)
    assert (fit.denoiser.dispersion > 0).all()


def test_a_network_starts_near_the_gene_mean_and_is_not_dead(cells):
    """The first score is better than the counts', the last better than the first."""
    found = denoising.denoise(cells.x, "poisson", **SMALL)
    steps, errors = zip(*found.denoiser.history, strict=True)
    assert steps[0] == 0
    assert min(errors) < errors[0]
    assert found.codes.std(axis=0).min() > 0.1
    assert set(found.denoiser.held_out) == {"poisson", "gene mean", "pca"}


def test_a_fitted_denoiser_takes_new_cells_and_survives_saving(cells, fit, tmp_path):
    again = fit.denoiser.rates(cells.x)
    np.testing.assert_array_equal(again, fit.rates)
    few = fit.denoiser.rates(scipy.sparse.csc_array(cells.x[:7]))
    np.testing.assert_allclose(few, fit.rates[:7], rtol=1e-5)  # float32, another batch
    fit.denoiser.save(tmp_path / "denoiser.safetensors")
    loaded = denoising.Denoiser.load(tmp_path / "denoiser.safetensors")
    np.testing.assert_array_equal(loaded.rates(cells.x), fit.rates)
    np.testing.assert_array_equal(loaded.expected(cells.x), fit.expected)
    np.testing.assert_array_equal(loaded.codes(cells.x), fit.codes)
    assert loaded.held_out == fit.denoiser.held_out
    assert loaded.history == fit.denoiser.history
    with pytest.raises(ValueError, match="counts: expected 20 genes, as in the fit, got 3"):
        loaded.rates(cells.x[:, :3])
    (tmp_path / "other").write_bytes(b"no denoiser")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        denoising.Denoiser.load(tmp_path / "other")


def test_sparse_and_dense_counts_are_the_same(cells):
    for way in ("nothing", "gene mean", "pca"):
        dense = denoising.denoise(cells.x, way, latent=2)
        sparse = denoising.denoise(scipy.sparse.coo_array(cells.x), way, latent=2)
        np.testing.assert_allclose(sparse.rates, dense.rates, rtol=1e-10)


def test_doing_nothing_and_the_gene_mean(cells):
    nothing = denoising.denoise(cells.x, "nothing")
    np.testing.assert_array_equal(nothing.rates, cells.x)
    mean = denoising.denoise(cells.x, "gene mean").rates
    size = exposure(cells.x)
    expected = np.outer(size / size.sum(), cells.x.sum(axis=0))
    np.testing.assert_allclose(mean, expected, rtol=1e-12)
    assert nothing.codes.shape == (300, 0)
    assert nothing.denoiser.dispersion is None


def test_pca_is_scikit_learns(cells):
    logs = denoising.log_normalize(cells.x)
    components = PCA(3).fit(logs)
    back = np.maximum(np.expm1(components.inverse_transform(components.transform(logs))), 1e-6)
    rates = back * exposure(cells.x)[:, None]
    rates *= cells.x.sum(axis=0) / rates.sum(axis=0)
    ours = denoising.denoise(cells.x, "pca", latent=3)
    np.testing.assert_allclose(ours.rates, rates, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.abs(ours.codes), np.abs(components.transform(logs)), atol=1e-9)


def test_the_held_out_counts_choose_the_size_of_pca(cells):
    """Four types span three dimensions; far from one component, and far from all twenty."""
    chosen = denoising.denoise(cells.x, "pca")
    assert 2 <= chosen.codes.shape[1] <= 6
    assert chosen.denoiser.held_out["pca"] < chosen.denoiser.held_out["gene mean"]


def test_the_score_is_the_relative_error_to_the_held_out_part(cells):
    counts = cells.x.copy()
    counts[:, 7] = 0
    split = _denoise._Split(_matrix.sparse_counts("counts", counts), 0.8, 0.3, seed=0)
    flat = denoising.denoise(split.counts, "gene mean").rates
    expected = denoising.relative_error(flat, split.target, split.counts)
    found = split.score("gene mean", {"mean": np.ones(20)})
    assert found == pytest.approx(float(expected), rel=1e-9)


def test_halves_are_binomial():
    """Mean and variance of every size, bits (up to 64) and beyond; five standard errors."""
    sizes = np.array([0, 1, 2, 7, 63, 64, 65, 1000])
    matrix = scipy.sparse.csr_array(np.tile(sizes, (4000, 1)))
    first, rest = _matrix.halve_counts(matrix, np.random.default_rng(0))
    assert ((first + rest).toarray() == sizes).all()
    values = first.toarray()
    error = 5 * np.sqrt(sizes / 4 / 4000)
    assert (np.abs(values.mean(axis=0) - sizes / 2) <= error).all()
    np.testing.assert_allclose(values.var(axis=0), sizes / 4, rtol=5 * np.sqrt(2 / 4000))


def test_a_network_that_was_not_worth_it_says_so():
    counts = np.random.default_rng(0).poisson(0.5, size=(80, 20))  # there is nothing to learn
    with pytest.warns(UserWarning, match="take method='gene mean'"):
        denoising.denoise(counts, "poisson", **SMALL | {"weight_decay": 0.0, "steps": 60})


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[1, 2], [3, 4]], "mse"), {}, "method: expected 'nothing', 'gene mean', .* got 'mse'"),
        (([[1, 2], [3, 4]],), {"latent": 3}, "latent: expected a whole number from 1 to 2, got 3"),
        (([[1, -2]], "nothing"), {}, r"got -2 at index \(0, 1\)"),
        ((np.ones((3, 4, 5), int),), {}, r"counts: expected shape \[cells, genes\]"),
        ((np.ones((3, 4), int),), {"steps": 0}, "steps: expected a whole number of at least 1"),
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
        # Covariances are products of two contrasts; another cell's rates have the same ones.
        assert found.pairs == pytest.approx(fraction**2 or 1.0, abs=0.06)
    flat = denoising.confirmed_fraction(np.broadcast_to(size, learn.shape), held_out, learn)
    assert np.isnan(flat.overall)
    assert np.isnan(flat.by_gene).all()


def test_comparison_prefers_denoising_and_shows_how_much_is_invented(cells):
    result = denoising.compare_methods(cells.x, splits=3, latent=3)
    table = result.table()
    assert list(table.index) == ["nothing", "pca"]
    assert table.loc["pca", "held-out error"] < 0 == table.loc["nothing", "held-out error"]
    assert (result.confirmed["pca"] > result.confirmed["nothing"]).all()
    with pytest.raises(ValueError, match="splits: expected a whole number of at least 1, got 0"):
        denoising.compare_methods(cells.x, splits=0)


def test_correlations_of_independent_genes_are_not_confirmed():
    """Six components of Poisson noise claim correlations; held-out counts know nothing of them."""
    counts = np.random.default_rng(0).poisson(1.0, size=(400, 60))
    learn, held_out = denoising.thin(counts, 0.8, seed=1)
    rates = denoising.denoise(learn, "pca", latent=6).rates
    assert lab.gene_correlation(rates, learn) > 0.9 * lab.correlation_floor(60, 6)
    found = denoising.confirmed_fraction(rates, held_out, learn)
    assert abs(found.pairs) < 0.1
    assert abs(found.overall) < 0.1
