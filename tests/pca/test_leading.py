"""The fast road of PCA, held to what its docstring promises on spectra that are hard."""

import itertools

import numpy as np
import pytest
import scipy.linalg

from aelib import pca
from aelib.pca import _fit, _krylov, _leading

on_both_roads = pytest.mark.usefixtures("road")
PROMISED = 1e-4  # radians of the subspace, and parts of each variance


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch):
    """Small enough to test, and still computed as large data are."""
    monkeypatch.setattr(_fit, "_SMALL", 0)


@pytest.fixture(params=["products", "iteration"])
def road(request, monkeypatch):
    monkeypatch.setattr(_leading, "_FEW", 0)
    if request.param == "iteration":
        monkeypatch.setattr(_leading, "_SIDE", 0)
        monkeypatch.setattr(_leading, "_are_few", lambda k, side: side > 4 * k)
    return request.param


def made(n, d, deviations, dtype=np.float32, mean=0.0, seed=0):
    """Rows with these standard deviations along hidden axes."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(d, len(deviations))))[0]
    rows = (rng.normal(size=(n, len(deviations))) * deviations) @ axes.T
    return (rows + mean).astype(dtype)


def reference(x):
    """Variances and axes by a full SVD in float64."""
    centered = x.astype(np.float64) - x.astype(np.float64).mean(axis=0)
    _, values, axes = scipy.linalg.svd(centered, full_matrices=False, lapack_driver="gesvd")
    return values**2 / (len(x) - 1), axes


def off(model, x, k):
    variances, axes = reference(x)
    angle = pca.principal_angles(axes[:k].T, np.asarray(model.basis, np.float64))[-1]
    relative = np.abs(model.explained_variance / variances[:k] - 1).max()
    total = abs(float(model.total_variance) / variances.sum() - 1)
    return angle, relative, total


SPECTRA = {
    "a gap at k": np.r_[np.geomspace(10, 5, 10), np.geomspace(1, 0.01, 190)],
    "falling as 1/i": 1 / np.arange(1, 201),
    "a cluster across half of k": np.r_[10.0, np.full(4, 3.0), np.full(5, 2.0), np.full(190, 1.9)],
    "eight decades": np.geomspace(1, 1e-8, 200),
    "eight decades within k": np.r_[np.geomspace(1, 1e-8, 12), np.geomspace(1e-9, 1e-10, 100)],
    "one loud direction": np.r_[1e3, np.linspace(3, 2, 9), np.linspace(1.9, 0.1, 190)],
    "no structure": np.ones(200),
}


@on_both_roads
@pytest.mark.parametrize("shape", [(900, 200), (150, 400)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SPECTRA)
def test_hard_spectra(name, dtype, shape):
    deviations = SPECTRA[name][: min(shape) - 1]
    x = made(*shape, deviations, dtype)
    if dtype == np.float32 and name == "eight decades within k":
        # Only in float64 are there eight decades: float32 data are rounded at seven.
        x = x.astype(np.float64)
    angle, relative, total = off(pca.fit(x, 10), x, 10)
    assert angle < PROMISED
    assert relative < PROMISED
    assert total < PROMISED


@on_both_roads
def test_every_axis_that_there_is():
    x = made(300, 40, np.geomspace(1, 1e-3, 40), np.float64)
    angle, relative, _ = off(pca.fit(x, 40), x, 40)
    assert angle < 1e-10  # two bases of the whole space
    assert relative < PROMISED


@on_both_roads
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(600, 120), (100, 300)])
def test_rank_deficient(shape, dtype):
    x = made(*shape, np.geomspace(3, 1, 6), dtype)
    x[:, 1] = x[:, 0]
    x[:, 2] = 0.1
    model = pca.fit(x, 12)
    variances, axes = reference(x)
    np.testing.assert_allclose(model.explained_variance[:6], variances[:6], rtol=PROMISED)
    assert pca.principal_angles(axes[:6].T, model.components[:6].T)[-1] < PROMISED
    gram = model.components.astype(np.float64) @ model.components.T.astype(np.float64)
    np.testing.assert_allclose(gram, np.eye(12), atol=1e-6 if dtype == np.float32 else 1e-13)
    # What float32 data have beyond their rank is their own rounding, and that is found.
    np.testing.assert_allclose(
        model.explained_variance[6:], variances[6:12], rtol=1e-3, atol=1e-26 * variances[0]
    )


@on_both_roads
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mean_far_larger_than_the_spread(dtype):
    x = made(900, 150, np.r_[np.linspace(3, 2, 10), np.full(140, 0.5)], dtype, mean=3e3)
    model = pca.fit(x, 10)
    angle, relative, total = off(model, x, 10)
    assert max(angle, relative, total) < PROMISED
    np.testing.assert_allclose(model.mean, x.astype(np.float64).mean(axis=0), rtol=1e-7)


@on_both_roads
def test_rows_in_order_so_that_no_sample_of_the_mean_is_right():
    x = made(4000, 60, np.linspace(2, 1, 60), np.float64)
    x[::4] += 50.0  # each row that the mean is estimated from
    angle, relative, total = off(pca.fit(x, 1), x, 1)
    assert max(angle, relative, total) < PROMISED


@on_both_roads
def test_a_feature_far_quieter_than_the_rest():
    x = made(800, 100, np.linspace(2, 1, 60), np.float64)
    x[:, 7] = 1e-9 * np.random.default_rng(1).normal(size=800)
    assert off(pca.fit(x, 5), x, 5)[1] < PROMISED
    model = pca.fit(x, 60)
    variances = reference(x)[0]
    assert model.explained_variance[-1] == pytest.approx(variances[59], rel=PROMISED)


@on_both_roads
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float16])
def test_every_kind_of_number(dtype):
    x = (40 + made(500, 60, np.linspace(12, 1, 50), np.float64)).round()
    x = (x > 40) if dtype is bool else x.clip(0, 255).astype(dtype)
    angle, relative, total = off(pca.fit(x, 3), x, 3)
    assert max(angle, relative, total) < PROMISED


@on_both_roads
@pytest.mark.parametrize("size", [1e-30, 1e-15, 1e15, 1e30])
def test_sizes_whose_squares_float32_cannot_hold(size):
    x = made(500, 60, np.linspace(12, 1, 50), np.float64)
    scaled = pca.fit((size * x).astype(np.float32), 3)
    expected = pca.fit(x, 3)
    assert pca.principal_angles(scaled.basis, expected.basis)[-1] < PROMISED
    if 1e-18 < size < 1e18:  # the variances themselves are numbers of float32
        np.testing.assert_allclose(
            scaled.explained_variance / size**2, expected.explained_variance, rtol=PROMISED
        )


def test_float32_is_taken_only_where_its_rounding_does_not_matter(monkeypatch):
    monkeypatch.setattr(_leading, "_FEW", 0)
    used = []
    monkeypatch.setattr(_leading, "_pieces", _recorded(_leading._pieces, used))
    pca.fit(made(900, 100, SPECTRA["a gap at k"][:100]), 10)
    assert used == ["float32"]
    used.clear()
    # Two variances a millionth of the largest apart, at a millionth of it.
    deviations = np.sqrt(np.r_[1.0, 2e-6 + 1e-6 * np.arange(9)[::-1], np.full(80, 1e-6)])
    pca.fit(made(900, 100, deviations), 10)
    assert used == ["float32", "float64"]


def _recorded(pieces, used):
    def record(x, shift, dtype):
        used.append(dtype)
        return pieces(x, shift, dtype)

    return record


def test_the_estimate_of_the_rounding_is_not_below_it():
    x = made(6000, 120, 1 / np.arange(1, 121), np.float32)
    shift = np.zeros(120)
    products = {
        dtype: sum((p.T @ p).astype(np.float64) for p in _leading._pieces(x, shift, dtype))
        for dtype in ("float32", "float64")
    }
    pairs = _leading.largest_of(products["float64"], 10)
    true = (products["float32"] - products["float64"]) @ pairs.vectors
    estimated = _leading._rounding(x, shift, pairs.vectors, formed=True)
    assert np.linalg.norm(true) < np.linalg.norm(estimated) < 30 * np.linalg.norm(true)


def test_krylov_agrees_with_a_decomposition_through_restarts():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(300, 300))
    matrix = root @ root.T
    start = np.linalg.qr(rng.normal(size=(300, 6)))[0]
    found = _krylov.largest(
        lambda block: matrix @ block, start, 2, tolerance=1e-9, floor=1e-14, most=200
    )
    assert found is not None
    values, vectors = np.linalg.eigh(matrix)
    np.testing.assert_allclose(found[0].values[:2], values[:-3:-1], rtol=1e-12)
    assert pca.principal_angles(found[0].vectors[:, :2], vectors[:, -2:])[-1] < 1e-8


def test_krylov_gives_up():
    start = np.eye(50)[:, :4]
    spread = np.diag(1 + 1e-9 * np.arange(50.0))
    options = {"tolerance": 1e-9, "floor": 0.0}
    assert _krylov.largest(lambda b: spread @ b, start, 2, most=3, **options) is None
    assert _krylov.largest(lambda b: b * np.nan, start, 2, most=3, **options) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_a_stream_is_as_right_as_the_whole(dtype):
    x = made(3000, 70, np.linspace(20, 1, 70), np.float64, mean=100.0).clip(0, 255)
    x = x.round().astype(dtype)
    sizes = [1, 700, 3, 1000, 2, 1294]
    ends = np.cumsum([0, *sizes])
    model = pca.fit_batches((x[a:b] for a, b in itertools.pairwise(ends)), 9)
    angle, relative, total = off(model, x, 9)
    assert max(angle, relative, total) < 1e-9
    np.testing.assert_allclose(model.mean, x.astype(np.float64).mean(axis=0), rtol=1e-12)


def test_a_stream_whose_mean_wanders():
    """No batch is near the mean of all, or near another."""
    x = made(4000, 30, np.linspace(2, 1, 30), np.float64) + np.linspace(0, 1e4, 4000)[:, None]
    model = pca.fit_batches((x[i : i + 50] for i in range(0, 4000, 50)), 1)
    angle, relative, total = off(model, x, 1)
    assert max(angle, relative, total) < 1e-9


def test_a_stream_keeps_quiet_axes_where_it_is_asked_to():
    x = made(900, 12, np.geomspace(1, 1e-10, 12), np.float64)
    batches = [x[i : i + 100] for i in range(0, 900, 100)]
    exact = pca.fit_batches(batches, 10, precision="exact")
    assert off(exact, x, 10)[1] < PROMISED
    assert off(pca.fit_batches(batches, 4), x, 4)[1] < PROMISED


def test_precision_and_spectrum_are_said():
    x = made(300, 40, np.geomspace(1, 1e-3, 40), np.float64)
    exact = pca.fit(x, 5, precision="exact", spectrum=True)
    variances, _ = reference(x)
    np.testing.assert_allclose(exact.spectrum, variances, rtol=1e-10)
    np.testing.assert_allclose(exact.explained_variance, variances[:5], rtol=1e-13)
    assert pca.fit(x, 5).spectrum is None
    with pytest.raises(ValueError, match="precision: expected 'fast' or 'exact', got 'fine'"):
        pca.fit(x, 5, precision="fine")


@on_both_roads
def test_values_that_are_not_finite_are_found():
    x = made(300, 40, np.geomspace(1, 1e-3, 40))
    for bad in (np.nan, np.inf):
        x[123, 4] = bad
        with pytest.raises(ValueError, match=r"x: expected finite values, got (nan|inf) at index"):
            pca.fit(x, 5)
