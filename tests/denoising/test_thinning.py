"""Thinned counts have the law that the theorem states; dispersions are found."""

import numpy as np
import pytest
from scipy import stats

from aelib import data, denoising


def negative_binomial(mean, alpha, size, seed=0):
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * alpha * rng.gamma(1 / alpha, size=size))


@pytest.mark.parametrize("fraction", [0.3, 0.8])
def test_law_of_a_part_given_the_count_is_beta_binomial(fraction):
    """Frequencies of A among counts of 6: chi-square, one fixed seed, so it cannot flicker."""
    alpha = 0.7
    parts, _ = denoising.thin(np.full((200, 200), 6), fraction, dispersion=alpha, seed=1)
    law = stats.betabinom(6, fraction / alpha, (1 - fraction) / alpha).pmf(np.arange(7))
    seen = np.bincount(parts.ravel(), minlength=7)
    assert stats.chisquare(seen, law * seen.sum()).pvalue > 1e-3
    wrong = stats.betabinom(6, fraction / 0.8, (1 - fraction) / 0.8).pmf(np.arange(7))
    assert stats.chisquare(seen, wrong * seen.sum()).pvalue < 1e-6


@pytest.mark.parametrize(("mean", "alpha", "fraction"), [(5.0, 1.0, 0.5), (2.0, 0.3, 0.8)])
def test_parts_of_a_negative_binomial_are_independent(mean, alpha, fraction):
    counts = negative_binomial(mean, alpha, (400, 500))
    first, second = denoising.thin(counts, fraction, dispersion=alpha, seed=2)
    assert (first + second == counts).all()
    # 200,000 pairs: five standard errors of a correlation are 0.011.
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.011
    # Independent, not only uncorrelated: the joint table of small values is a product.
    joint = np.histogram2d(first.ravel(), second.ravel(), bins=np.arange(-0.5, 4))[0]
    assert stats.chi2_contingency(joint).pvalue > 1e-3
    own = stats.nbinom.pmf(np.arange(4), fraction / alpha, 1 / (1 + alpha * mean))
    np.testing.assert_allclose((first == 0).mean(), own[0], atol=0.006)  # five standard errors


def test_one_dispersion_for_each_gene_and_extremes():
    counts = np.full((300, 4), 1000)
    alphas = np.array([0.0, 1e-12, 0.1, 1e3])
    first, _ = denoising.thin(counts, 0.5, dispersion=alphas, seed=0)
    spread = first.std(axis=0)
    binomial = np.sqrt(1000 / 4)
    np.testing.assert_allclose(spread[:2], binomial, rtol=0.2)  # five standard errors: 0.2
    assert spread[2] > 5 * binomial
    assert set(np.unique(first[:, 3])) <= {0, 1000} or spread[3] > 450  # nearly all or nothing
    assert not denoising.thin(np.zeros((2, 2), int), 0.5, dispersion=1.0)[0].any()


def test_the_same_seed_gives_the_same_parts():
    counts = negative_binomial(3.0, 0.5, (20, 5))
    first, again = (denoising.thin(counts, dispersion=0.5, seed=4)[0] for _ in range(2))
    assert (first == again).all()
    assert (first != denoising.thin(counts, dispersion=0.5, seed=5)[0]).any()


def test_held_out_error_differs_from_the_true_one_by_a_constant():
    """Over draws of the halves, for two fixed ways of denoising; five standard errors."""
    rng = np.random.default_rng(0)
    mean = rng.gamma(2.0, 2.0, (30, 10))
    gaps = []
    for seed in range(300):
        counts = negative_binomial(mean, 0.4, mean.shape, seed)
        learn, held_out = denoising.thin(counts, 0.8, dispersion=0.4, seed=seed)
        ways = learn, np.broadcast_to(learn.mean(axis=0), learn.shape)
        held, true = (
            [denoising.relative_error(way, target, learn) for way in ways]
            for target in (4.0 * held_out, 0.8 * mean)
        )
        gaps.append([held[0] - held[1], true[0] - true[1]])
    difference = np.diff(gaps, axis=1)
    assert abs(difference.mean()) < 5 * difference.std() / np.sqrt(300)
    assert np.mean(gaps, axis=0)[1] > 10 * difference.std() / np.sqrt(300)  # there is a gap


def test_dispersion_is_found_without_the_truth():
    cells = data.load("cells", num_cells=1500, num_genes=60, dropout=0.0)
    ratio = denoising.estimate_dispersion(cells.x) * cells.metadata["theta"]
    strong = cells.x.mean(axis=0) > np.median(cells.x.mean(axis=0))
    assert 0.9 < np.median(ratio[strong]) < 1.1
    # Principal components that have seen the counts follow them, and the dispersion looks small.
    fitted = denoising.denoise(cells.x, "pca", latent=4).rates
    naive = denoising.estimate_dispersion(cells.x, fitted) * cells.metadata["theta"]
    weights = cells.x.mean(axis=0)
    assert np.average(naive, weights=weights) < np.average(ratio, weights=weights) - 0.05
    exact = denoising.estimate_dispersion(cells.x, cells.extras["mean"]) * cells.metadata["theta"]
    assert 0.95 < np.median(exact[strong]) < 1.05


def test_poisson_counts_have_nearly_no_dispersion():
    cells = data.load("cells", num_cells=800, num_genes=40, dropout=0.0, dispersion=0.0)
    assert np.median(denoising.estimate_dispersion(cells.x)) < 0.03


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.5]],), r"counts: expected whole numbers .* got 1.5 at index \(0, 0\)"),
        (([[1, -2]],), r"counts: .* got -2 at index \(0, 1\)"),
        (([[np.nan]],), r"counts: .* got nan at index \(0, 0\)"),
        (([1, 2],), r"counts: expected shape \[cells, genes\]"),
        (([[1]], 1.0), r"fraction: expected a number in \(0, 1\), got 1.0"),
    ],
)
def test_bad_counts_and_fractions_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        denoising.thin(*arguments)


def test_bad_dispersions_are_named():
    with pytest.raises(ValueError, match=r"dispersion: .* got -1.0 at index \(1,\)"):
        denoising.thin([[1, 2]], dispersion=[0.0, -1.0])
    with pytest.raises(ValueError, match=r"dispersion: expected a shape that broadcasts"):
        denoising.thin([[1, 2]], dispersion=[0.0, 1.0, 2.0])
    with pytest.raises(TypeError, match="counts: expected real numbers, got dtype <U1"):
        denoising.thin([["a"]])
    with pytest.raises(ValueError, match="components: expected a whole number from 1 to 1, got 2"):
        denoising.estimate_dispersion([[1, 2], [3, 4], [5, 6]], components=2)
