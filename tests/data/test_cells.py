"""Simulated cells: the counts follow the laws that their truth states."""

import numpy as np
import pytest
from scipy import stats

from aelib import data


@pytest.fixture(scope="module")
def cells():
    return data.load("cells", num_cells=1500, num_genes=120, num_types=3, dropout=0.3)


def test_shapes_and_identities(cells):
    truth, gene = cells.extras, cells.metadata
    assert cells.x.dtype == np.int32
    assert cells.x.shape == truth["rate"].shape == truth["complete"].shape == (1500, 120)
    assert np.array_equal(cells.x, np.where(truth["dropped"], 0, truth["complete"]))
    assert gene["theta"].shape == (120,)
    np.testing.assert_allclose(gene["proportions"].sum(axis=1), 1.0, rtol=1e-12)
    mean = truth["library_size"][:, None] * gene["proportions"][cells.labels]
    np.testing.assert_allclose(truth["mean"], mean, rtol=1e-12)
    assert set(cells.labels.tolist()) == {0, 1, 2}


def test_rates_are_gamma_and_counts_poisson(cells):
    """Probability integral transforms are uniform: Kolmogorov–Smirnov over 180,000 values.

    One fixed seed, so the test cannot flicker. A right model fails a test at level 1e-3 for one
    seed in a thousand; a theta ten per cent off gives p < 1e-10.
    """
    truth, theta = cells.extras, cells.metadata["theta"]
    levels = stats.gamma.cdf(truth["rate"], theta, scale=truth["mean"] / theta)
    assert stats.kstest(levels.ravel(), "uniform").pvalue > 1e-3
    counts, rate = truth["complete"], truth["rate"]
    # A discrete law's transform is made uniform by spreading each step evenly.
    below = stats.poisson.cdf(counts - 1, rate)
    spread = np.random.default_rng(1).random(rate.shape)
    levels = below + spread * stats.poisson.pmf(counts, rate)
    assert stats.kstest(levels.ravel(), "uniform").pvalue > 1e-3
    wrong = stats.gamma.cdf(rate, 1.1 * theta, scale=truth["mean"] / (1.1 * theta))
    assert stats.kstest(wrong.ravel(), "uniform").pvalue < 1e-10


def test_counts_are_negative_binomial_with_theta(cells):
    truth, theta = cells.extras, cells.metadata["theta"]
    mean = truth["mean"]
    levels = stats.nbinom.cdf(truth["complete"] - 1, theta, theta / (theta + mean))
    mass = stats.nbinom.pmf(truth["complete"], theta, theta / (theta + mean))
    spread = np.random.default_rng(2).random(mean.shape)
    assert stats.kstest((levels + spread * mass).ravel(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("strength", [0.05, 0.3, 0.7])
def test_dropout_has_its_average_and_spares_the_strong(strength):
    cells = data.load("cells", num_cells=1000, num_genes=100, dropout=strength)
    probability, dropped = cells.extras["dropout_probability"], cells.extras["dropped"]
    assert probability.mean() == pytest.approx(strength, abs=1e-9)
    # 100,000 draws: a standard error of at most 0.0016.
    assert dropped.mean() == pytest.approx(strength, abs=0.008)
    # Logistic of the log mean with slope -1.
    logit = np.log(probability) - np.log1p(-probability)
    assert np.ptp(logit + np.log(cells.extras["mean"])) < 1e-6
    # Given the mean, independent of the count: no difference beyond five standard errors.
    surplus = (dropped - probability) * (cells.extras["complete"] - cells.extras["mean"])
    assert abs(surplus.mean()) < 5 * surplus.std() / np.sqrt(surplus.size)


def test_no_dropout_and_no_dispersion_leave_poisson_counts():
    cells = data.load("cells", num_cells=200, num_genes=50, dropout=0.0, dispersion=0.0)
    assert not cells.extras["dropped"].any()
    assert np.array_equal(cells.x, cells.extras["complete"])
    assert np.array_equal(cells.extras["rate"], cells.extras["mean"])
    assert np.isinf(cells.metadata["theta"]).all()


def test_markers_are_raised_in_their_type_alone(cells):
    markers, proportions = cells.metadata["markers"], cells.metadata["proportions"]
    assert markers.sum(axis=1).tolist() == [4, 4, 4]
    assert markers.sum(axis=0).max() == 1
    plain = ~markers.any(axis=0)
    # Unmarked genes keep their ratios in every type; dividing by one of them undoes the total.
    level = proportions / proportions[:, plain].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(level[:, plain], level[:1, plain].repeat(3, axis=0), rtol=1e-12)
    for kind in range(3):
        others = np.delete(level, kind, axis=0)[:, markers[kind]]
        np.testing.assert_allclose(others[0], others[1], rtol=1e-12)
        assert (level[kind, markers[kind]] / others[0] > 1.0).all()


def test_dropout_strength_leaves_the_complete_counts(cells):
    weaker = data.load("cells", num_cells=1500, num_genes=120, num_types=3, dropout=0.1)
    assert np.array_equal(weaker.extras["complete"], cells.extras["complete"])
    assert not (weaker.extras["dropped"] & ~cells.extras["dropped"]).any()
    assert np.array_equal(
        cells.x, data.load("cells", num_cells=1500, num_genes=120, num_types=3, dropout=0.3).x
    )
    other = data.load("cells", num_cells=1500, num_genes=120, num_types=3, dropout=0.3, seed=1)
    assert not np.array_equal(cells.x, other.x)


def test_library_sizes_have_their_median_and_spread():
    cells = data.load("cells", num_cells=20000, num_genes=8, library_size=500.0, library_spread=0.5)
    log_size = np.log(cells.extras["library_size"])
    # Standard errors: 0.0035 of the mean, 0.0025 of the spread.
    assert log_size.mean() == pytest.approx(np.log(500.0), abs=0.018)
    assert log_size.std() == pytest.approx(0.5, abs=0.013)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_cells": 0}, "num_cells: expected a whole number of at least 1, got 0"),
        ({"num_genes": 3, "num_types": 4}, "num_genes: expected at least 4, .* got 3"),
        ({"dropout": 1.0}, "dropout: expected a finite number, at least 0, below 1, got 1.0"),
        ({"dispersion": -0.1}, "dispersion: .* got -0.1"),
        ({"dispersion": float("nan")}, "dispersion: .* got nan"),
        ({"library_size": 0.0}, "library_size: .* got 0.0"),
        ({"marker_fraction": 0.0}, "marker_fraction: .* got 0.0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("cells", **options)
