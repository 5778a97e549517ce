"""Measures of denoised cells against NumPy's, theory against simulation."""

import numpy as np
import pytest

from aelib import data, denoising
from aelib.lab import cells as lab


@pytest.fixture(scope="module")
def cells():
    options = {"num_cells": 300, "num_genes": 20, "marker_fraction": 0.4, "library_size": 60.0}
    return data.load("cells", dropout=0.1, dispersion=0.3, **options)


def test_clusters_of_the_truth_are_the_types(cells):
    mean = cells.extras["library_size"][:, None] * cells.metadata["proportions"][cells.labels]
    whole = np.rint(1000 * mean).astype(int)
    assert lab.cluster_agreement(whole, whole, cells.labels) == 1.0
    mixed = np.random.default_rng(0).permutation(cells.labels)
    assert abs(lab.cluster_agreement(whole, whole, mixed)) < 0.1


@pytest.mark.parametrize("components", [1, 3, 10, 20])
def test_correlation_has_its_floor(components):
    """Exact for a projection; attained by orthogonal blocks of equal genes."""
    values = np.random.default_rng(0).normal(size=(100, 20))
    values -= values.mean(axis=0)
    axes = np.linalg.svd(values)[2][:components]
    squares = np.corrcoef((values @ axes.T @ axes).T) ** 2
    floor = lab.correlation_floor(20, components)
    assert (squares.sum() - 20) / 380 >= floor - 1e-12
    if 20 % components == 0:
        basis = np.linalg.qr(values[:, :components])[0]
        blocks = np.repeat(basis - basis.mean(axis=0), 20 // components, axis=1)
        squares = np.corrcoef(blocks.T) ** 2
        assert (squares.sum() - 20) / 380 == pytest.approx(floor, abs=1e-9)


def test_gene_correlation_is_numpys(cells):
    values = denoising.log_normalize(cells.x)
    squares = np.corrcoef(values.T) ** 2
    expected = (squares.sum() - 20) / 380
    assert lab.gene_correlation(cells.x, cells.x) == pytest.approx(expected, rel=1e-10)
    with pytest.raises(ValueError, match="at least two genes that vary, got 0"):
        lab.gene_correlation([[1, 1], [1, 1]], [[1, 1], [1, 1]])


@pytest.mark.parametrize("assumed", [0.0, 0.2, 1.0, 3.0])
def test_covariance_of_the_wrong_dispersion(assumed):
    mean, alpha, fraction = 4.0, 0.5, 0.6
    rng = np.random.default_rng(0)
    counts = rng.poisson(mean * alpha * rng.gamma(1 / alpha, size=(500, 1000)))
    first, second = denoising.thin(counts, fraction, dispersion=assumed, seed=3)
    products = (first - fraction * mean) * (second - (1 - fraction) * mean)
    expected = lab.thinned_covariance(mean, fraction, dispersion=alpha, assumed=assumed)
    error = products.std() / np.sqrt(products.size)
    assert abs(products.mean() - expected) < 4 * error
    assert (expected > 0) == (assumed < alpha)


def test_five_sevenths():
    """Correlation of halves at mean 5 and dispersion 1 under coin tosses."""
    covariance = lab.thinned_covariance(5.0, 0.5, dispersion=1.0)
    assert covariance / (2.5 + 25 / 4) == pytest.approx(5 / 7, rel=1e-12)
