"""Planted signals: the truth is what it says, and theory predicts what PCA finds in it."""

import jax
import mpmath
import numpy as np
import pytest

from aelib import pca
from aelib.lab import planted, probes


def key(seed: int) -> jax.Array:
    return jax.random.key(seed)


def test_covariances_are_the_planted_ones():
    data = planted.bits_in_colored_noise(
        key(0),
        200_000,
        num_features=12,
        num_noise_directions=3,
        signal_scale=1.0,
        noise_scale=2.0,
        background_scale=0.5,
    )
    signs = 2.0 * data.bits - 1
    noise = data.x - signs[:, None] * data.direction
    np.testing.assert_allclose(np.cov(noise.T, bias=True), data.noise_covariance, atol=0.05)
    np.testing.assert_allclose(data.bits.mean(), 0.5, atol=0.01)
    directions = np.vstack([data.direction, data.noise_directions])
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-12)
    white = planted.bits_in_white_noise(
        key(0), 200_000, num_features=6, signal_scale=0.0, noise_scale=2.0
    )
    np.testing.assert_allclose(np.cov(white.x.T, bias=True), 4 * np.eye(6), atol=0.1)
    assert white.noise_directions.shape == (0, 6)


def test_a_key_is_a_dataset_and_slices_keep_the_truth():
    first, again, other = (planted.bits_in_colored_noise(key(seed), 10) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.x, again.x)
    assert not np.allclose(first.x, other.x)
    part = first[3:7]
    assert len(part) == 4
    np.testing.assert_array_equal(part.x, first.x[3:7])
    np.testing.assert_array_equal(part.bits, first.bits[3:7])
    assert part.direction is first.direction


def test_directions_are_uniform():
    # The first coordinate of a uniform direction in d dimensions has mean 0 and variance 1/d.
    first = np.array([planted.random_directions(key(seed), 1, 5)[0, 0] for seed in range(2000)])
    assert abs(first.mean()) < 4 * np.sqrt(1 / 5 / 2000)
    assert first.var() == pytest.approx(1 / 5, rel=0.15)


@pytest.mark.parametrize(("n", "d"), [(50, 100), (800, 100), (400, 40)])
def test_predicted_overlap_against_the_formula_in_high_precision(n, d):
    for theta in np.geomspace(1e-3, 1e4, 40):
        with mpmath.workdps(40):
            gamma = mpmath.mpf(d) / n
            t = mpmath.mpf(float(theta))
            exact = (1 - gamma / t**2) / (1 + gamma / t) if t**2 > gamma else 0
        assert planted.predicted_overlap(theta, d, n) == pytest.approx(float(exact), abs=1e-12)
    assert planted.predicted_overlap(0.0, d, n) == 0.0
    assert planted.detection_threshold(d, n) ** 2 == pytest.approx(d / n)


@pytest.mark.parametrize("multiple", [2.0, 4.0, 10.0])
def test_pca_finds_what_is_predicted(multiple):
    d, n = 200, 400
    strength = multiple * planted.detection_threshold(d, n)
    found = []
    for seed in range(8):
        data = planted.bits_in_white_noise(
            key(seed), n, num_features=d, signal_scale=float(np.sqrt(strength))
        )
        found.append((pca.fit(data.x, 1).components[0] @ data.direction) ** 2)
    assert np.mean(found) == pytest.approx(planted.predicted_overlap(strength, d, n), abs=0.06)


def test_pca_finds_nothing_below_the_threshold():
    found = []
    for seed in range(8):
        data = planted.bits_in_white_noise(
            key(seed), 400, num_features=200, signal_scale=0.5
        )  # 0.35 of the threshold
        found.append((pca.fit(data.x, 1).components[0] @ data.direction) ** 2)
    assert np.mean(found) < 0.06


def test_whitening_makes_the_noise_white_and_gives_the_gaussian_nats():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    covariance = root @ root.T + 0.1 * np.eye(6)
    white = planted.whitening(covariance)
    np.testing.assert_allclose(white @ covariance @ white, np.eye(6), atol=1e-10)
    residual = rng.normal(size=6)
    np.testing.assert_allclose(
        ((white @ residual) ** 2).sum(), residual @ np.linalg.solve(covariance, residual), rtol=1e-9
    )


def test_kept_fraction():
    data = planted.bits_in_colored_noise(key(0), 500, num_features=20, num_noise_directions=4)
    projected = data.x @ data.noise_directions[:2].T @ data.noise_directions[:2]
    half = planted.kept_fraction(data.x, projected, data.noise_directions)
    assert half == pytest.approx(0.5, abs=0.1)
    assert planted.kept_fraction(data.x, data.x, data.noise_directions) == 1.0
    with pytest.raises(
        ValueError, match=r"reconstructions: expected shape \[500, 20\], got \(3, 20\)"
    ):
        planted.kept_fraction(data.x, data.x[:3], data.noise_directions)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: planted.random_directions(key(0), 4, 3),
            "num_directions: expected a whole number from 0 to 3, got 4",
        ),
        (
            lambda: planted.bits_in_colored_noise(key(0), 0),
            "num_examples: expected .* at least 1, got 0",
        ),
        (
            lambda: planted.bits_in_colored_noise(key(0), 5, num_features=8),
            "num_noise_directions: .* to 7",
        ),
        (
            lambda: planted.bits_in_colored_noise(key(0), 5, noise_scale=-1.0),
            "noise_scale: .* at least 0",
        ),
        (
            lambda: planted.bits_in_white_noise(key(0), 5, signal_scale=float("nan")),
            "signal_scale: ",
        ),
        (lambda: planted.detection_threshold(0, 3), "num_features: expected .* at least 1, got 0"),
        (lambda: planted.predicted_overlap(-1.0, 3, 3), "strength: expected values of at least 0"),
        (lambda: planted.whitening(np.zeros((2, 2))), "covariance: expected positive eigenvalues"),
        (lambda: planted.whitening(np.ones((2, 3))), r"covariance: expected shape \[d, d\]"),
        (lambda: planted.whitening(np.array([[1.0, 2], [0, 1]])), "expected a symmetric matrix"),
        (
            lambda: planted.add_colored_noise(key(0), np.ones((2, 3)), np.eye(4), 1.0),
            r"directions: expected shape \[n, 3\], got \(4, 4\)",
        ),
    ],
)
def test_says_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_whitened_coordinates_show_the_signal_in_one_number():
    """The noise-weighted optimum: plain PCA of one axis sees noise, whitened PCA the signal."""
    data = planted.bits_in_colored_noise(key(3), 1280, num_features=64, noise_scale=4.0)
    old, new = data[:640], data[640:]
    white = planted.whitening(data.noise_covariance)
    read = {}
    for name, root in {"plain": np.eye(64), "whitened": white}.items():
        model = pca.fit(old.x @ root, 1)
        read[name] = probes.accuracy(
            model.transform, (old.x @ root, old.bits), (new.x @ root, new.bits)
        )
    assert read["plain"] < 0.6
    assert read["whitened"] > 0.99
