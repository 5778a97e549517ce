"""PCA against scikit-learn and NumPy's SVD, in every dtype, in one pass and in many."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import decomposition
from sklearn.datasets import load_digits

from aelib import _storage, pca
from aelib.pca import _scatter


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return load_digits().data / 16.0


def test_agrees_with_scikit_learn(digits):
    ours, theirs = pca.fit(digits, 8), decomposition.PCA(8, svd_solver="full").fit(digits)
    cosines = np.abs((ours.components * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-13)
    np.testing.assert_allclose(ours.explained_variance, theirs.explained_variance_, rtol=1e-12)
    np.testing.assert_allclose(
        ours.explained_variance_ratio, theirs.explained_variance_ratio_, rtol=1e-12
    )
    np.testing.assert_allclose(ours.mean, digits.mean(axis=0), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(
        ours(digits), theirs.inverse_transform(theirs.transform(digits)), atol=1e-12
    )
    assert ours.basis.shape == (64, 8)
    assert ours.num_examples == len(digits)


@pytest.mark.parametrize("smallest", [0.5, 1e-2, 1e-3, 1e-5])
def test_float32_by_covariance_or_by_qr_is_as_good_as_float64(smallest):
    """On both sides of the switch, with a feature that never changes and a mean far from 0."""
    rng = np.random.default_rng(0)
    deviations = np.geomspace(1.0, smallest, 6)
    basis, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    varied = (rng.normal(size=(900, 6)) * deviations) @ basis.T + 3.0
    x = np.insert(varied, 2, 0.1, axis=1).astype(np.float32)
    assert (_scatter.covariance_axes(x.astype(np.float64)) is None) == (smallest < 1e-4)
    exact, ours = pca.fit(x.astype(np.float64), 7), pca.fit(x, 7)
    variances = ours.explained_variance
    np.testing.assert_allclose(variances[:6], exact.explained_variance[:6], rtol=2e-7)
    assert variances[6] <= 1e-30
    np.testing.assert_allclose(np.abs((ours.components * exact.components).sum(1)), 1, atol=1e-6)
    np.testing.assert_allclose(ours.mean, exact.mean, rtol=1e-7)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_float32_loses_nothing_beyond_the_rounding_of_the_result(digits, dtype):
    x = jnp.asarray(digits, dtype)
    exact = pca.fit(np.asarray(x, np.float64), 8)
    ours = pca.fit(x, 8)
    assert isinstance(ours.components, jax.Array)
    assert ours.components.dtype == jnp.float32
    assert pca.principal_angles(exact.basis, ours.basis)[-1] < 5e-7
    np.testing.assert_allclose(ours.explained_variance, exact.explained_variance, rtol=1e-7)
    codes = ours.transform(x.astype(jnp.float32))
    assert codes.dtype == jnp.float32
    assert codes.shape == (len(digits), 8)


def test_keeps_numpy_in_numpy_and_its_dtype(digits):
    assert pca.fit(digits.astype(np.float32), 2).components.dtype == np.float32
    assert pca.fit(digits.astype(np.float16), 2).components.dtype == np.float32
    assert pca.fit((digits * 16).astype(np.int64), 2).components.dtype == np.float64


def test_directions_of_little_variance_are_not_lost():
    # Standard deviations over twelve decades: a covariance matrix in float64 has only eight.
    rng = np.random.default_rng(0)
    deviations = 10.0 ** -np.arange(0, 13, 2.0)
    x = rng.normal(size=(500, 7)) * deviations
    expected = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 / 499
    np.testing.assert_allclose(pca.fit(x, 7, spectrum=True).spectrum, expected, rtol=1e-6)
    assert (np.abs(pca.fit(x, 7).components) > 0.9).sum() == 7


def test_a_large_mean_does_not_drown_the_variance():
    x = np.random.default_rng(0).normal(size=(300, 3)) * [3.0, 2.0, 1.0]
    np.testing.assert_allclose(
        pca.fit(x + 1e6, 3).explained_variance, pca.fit(x, 3).explained_variance, rtol=1e-8
    )


@pytest.mark.parametrize("size", [1, 7, 64, 500])
def test_batches_give_the_same_model(digits, size):
    x = digits[:500]
    batches = [x[i : i + size] for i in range(0, 500, size)]
    streamed = pca.fit_batches(iter(batches), 8)
    whole = pca.fit(x, 8)
    assert streamed.num_examples == 500
    np.testing.assert_allclose(streamed.components, whole.components, atol=1e-11)
    np.testing.assert_allclose(streamed.explained_variance, whole.explained_variance, atol=1e-13)
    np.testing.assert_allclose(streamed.total_variance, whole.total_variance, rtol=1e-13)


def test_many_blocks_in_fit(monkeypatch, digits):
    whole = pca.fit(digits, 8)
    monkeypatch.setattr("aelib.pca._scatter._BLOCK_ROWS", 100)
    np.testing.assert_allclose(pca.fit(digits, 8).components, whole.components, atol=1e-11)


def test_fewer_rows_than_columns():
    x = np.random.default_rng(1).normal(size=(5, 9))
    model = pca.fit(x, 4, spectrum=True)
    assert model.spectrum.shape == (5,)
    assert pca.fit(x, 4).spectrum is None
    np.testing.assert_allclose(model(x), x, atol=1e-13)  # four axes hold five centered points
    with pytest.raises(ValueError, match=r"num_components: expected .* from 1 to 5, got 6"):
        pca.fit(x, 6)


def test_signs_do_not_depend_on_the_order_of_the_rows(digits):
    shuffled = np.random.default_rng(0).permutation(digits)
    np.testing.assert_allclose(
        pca.fit(shuffled, 8).components, pca.fit(digits, 8).components, atol=1e-10
    )


@pytest.mark.parametrize("seed", range(5))
def test_signs_are_the_same_where_the_largest_entries_tie(seed):
    # A binary question as two indicators: their loadings are equal in size, opposite in sign.
    random = np.random.default_rng(seed)
    yes = random.integers(0, 2, 200).astype(float)
    x = np.stack([yes, 1 - yes, 0.3 * random.normal(size=200)], axis=1)
    axis = pca.fit(x, 1).components[0]
    assert axis[0] > 0
    assert axis[1] == pytest.approx(-axis[0], rel=1e-12)
    others = [
        pca.fit(random.permutation(x), 1),
        pca.fit_batches((x[i : i + 7] for i in range(0, 200, 7)), 1),
        pca.fit(x.astype(np.float32), 1),
        pca.fit(jnp.asarray(x, jnp.bfloat16), 1),
    ]
    for other, tolerance in zip(others, (1e-12, 1e-12, 1e-6, 1e-2), strict=True):
        np.testing.assert_allclose(other.components[0], axis, atol=tolerance)


def test_is_a_pytree_that_jit_accepts(digits):
    model = pca.fit(jnp.asarray(digits, jnp.float32), 3)
    inside = jax.jit(lambda m, x: m(x))(model, digits[:2].astype(np.float32))
    np.testing.assert_allclose(inside, model(digits[:2].astype(np.float32)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "k", "error", "message"),
    [
        (np.zeros(3), 1, ValueError, r"x: expected shape \[n, d\], got \(3,\)"),
        (np.zeros((1, 3)), 1, ValueError, "x: expected at least two rows"),
        (np.zeros((0, 3)), 1, ValueError, r"x: expected shape \[n, d\], got \(0, 3\)"),
        (np.array([[1.0, np.nan], [0, 0]]), 1, ValueError, r"got nan at index \(0, 1\)"),
        (np.ma.masked_less(np.eye(3), 1), 1, TypeError, "x: expected a plain array, got a masked"),
        (np.zeros((3, 2), complex), 1, TypeError, "x: expected real numbers, got dtype complex128"),
        (np.eye(3), 0, ValueError, "num_components: expected a whole number from 1 to 3, got 0"),
        (np.eye(3), 1.0, ValueError, "num_components: expected a whole number .* got 1.0"),
        (np.eye(3), True, ValueError, "num_components: expected a whole number .* got True"),
    ],
)
def test_says_what_is_wrong(x, k, error, message):
    with pytest.raises(error, match=message):
        pca.fit(x, k)


def test_says_what_is_wrong_with_batches():
    with pytest.raises(ValueError, match="expected at least one batch, got none"):
        pca.fit_batches([], 1)
    with pytest.raises(ValueError, match=r"batches\[1\]: expected 3 columns"):
        pca.fit_batches([np.eye(3), np.eye(2)], 1)
    with pytest.raises(ValueError, match=r"x: expected shape \[..., 3\], got \(2, 2\)"):
        pca.fit(np.eye(3), 1).transform(np.eye(2))
    with pytest.raises(ValueError, match=r"codes: expected shape \[..., 1\], got \(2, 2\)"):
        pca.fit(np.eye(3), 1).inverse_transform(np.eye(2))


@pytest.mark.parametrize("convert", [np.asarray, jnp.asarray])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_comes_back_from_a_file_as_it_was(tmp_path, convert, dtype):
    x = convert(np.random.default_rng(0).normal(size=(30, 5)).astype(dtype))
    fitted = pca.fit(x, 2, spectrum=True)
    fitted.save(tmp_path / "pca")
    again = pca.PCA.load(tmp_path / "pca")
    assert type(again.mean) is type(fitted.mean)
    assert again.mean.dtype == fitted.mean.dtype
    np.testing.assert_array_equal(again(x), fitted(x))
    jax.tree.map(np.testing.assert_array_equal, again, fitted)
    assert again.num_examples == 30
    pca.fit(x, 2).save(tmp_path / "less")
    assert pca.PCA.load(tmp_path / "less").spectrum is None


def test_a_file_without_a_pca_is_refused(tmp_path):
    path = tmp_path / "pca"
    _storage.write(path, "pca", {"num_examples": 3}, {"mean": np.zeros(2)})
    with pytest.raises(ValueError, match="expected mean, components and their variances"):
        pca.PCA.load(path)
    with jax.enable_x64(True):
        pca.fit(jnp.asarray(np.random.default_rng(0).normal(size=(9, 2))), 1).save(path)
    with pytest.raises(ValueError, match="float64, which needs x64"):
        pca.PCA.load(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        pca.PCA.load(path)
