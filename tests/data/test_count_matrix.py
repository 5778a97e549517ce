"""Counts in memory: the same numbers, whatever holds them."""

import types
import warnings

import anndata
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from aelib import data, denoising
from aelib.data._count_matrix import count_array

COUNTS = np.random.default_rng(0).poisson(1.5, (12, 7))


def annotated(x, **parts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata on pandas 3
        return anndata.AnnData(x, **parts)


def nullable(x):
    return pd.DataFrame(x).astype("Int64")


def sparse_frame(x):
    return pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(x))


HOLDERS = {
    "array": np.asarray,
    "list": np.ndarray.tolist,
    "jax": jnp.asarray,
    "frame": pd.DataFrame,
    "nullable frame": nullable,
    "sparse frame": sparse_frame,
    "anndata": annotated,
    "sparse anndata": lambda x: annotated(sparse.csc_matrix(x)),
    "view of anndata": lambda x: annotated(np.vstack([x, x]))[len(x) :],
    "view of sparse anndata": lambda x: annotated(sparse.csr_matrix(x))[:, :],
    **{
        f"{form}_{kind}": getattr(sparse, f"{form}_{kind}")
        for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
        for kind in ("matrix", "array")
    },
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_the_same_numbers_whatever_holds_them(holder):
    held = HOLDERS[holder](COUNTS)
    array = count_array("counts", held)
    assert array.dtype == np.int64
    np.testing.assert_array_equal(array, COUNTS)
    loaded = data.load("counts", counts=held, min_cells=0)
    np.testing.assert_array_equal(loaded.x, COUNTS)


@pytest.mark.parametrize(
    "holder", ["frame", "anndata", "sparse anndata", "coo_array", "csc_matrix"]
)
def test_everything_that_denoises_takes_them(holder):
    held = HOLDERS[holder](COUNTS)
    np.testing.assert_array_equal(denoising.log_normalize(held), denoising.log_normalize(COUNTS))
    pair = zip(denoising.thin(held, seed=1), denoising.thin(COUNTS, seed=1), strict=True)
    assert all((one == other).all() for one, other in pair)
    one, other = (denoising.denoise(x, "pca", latent=2).rates for x in (held, COUNTS))
    np.testing.assert_array_equal(one, other)
    one, other = (denoising.estimate_dispersion(x) for x in (held, COUNTS))
    np.testing.assert_array_equal(one, other)
    one, other = (denoising.shuffle_genes(x, bins=2) for x in (held, COUNTS))
    np.testing.assert_array_equal(one, other)
    assert denoising.relative_error(held, held, held) == 0
    rates = COUNTS + 0.5
    both = (denoising.confirmed_fraction(rates, x, x).overall for x in (held, COUNTS))
    assert len(set(both)) == 1


def test_what_is_given_stays_as_it_was():
    unsorted = sparse.csr_matrix(COUNTS.astype(np.uint8))
    unsorted.indices[:2], unsorted.data[:2] = (
        unsorted.indices[1::-1].copy(),
        unsorted.data[1::-1].copy(),
    )
    unsorted.has_sorted_indices = False
    unsorted.has_canonical_format = False
    twice = sparse.coo_array(([1, 2, 5], ([0, 0, 1], [0, 0, 2])), shape=(2, 3))
    for held in (unsorted, twice, sparse.csr_matrix(COUNTS.astype(np.float32))):
        before = held.copy()
        count_array("counts", held)
        data.load("counts", counts=held, min_cells=0)
        assert held.data.dtype == before.data.dtype
        for part in ("data", "indices") if held.format == "csr" else ("data", "coords"):
            np.testing.assert_array_equal(getattr(held, part), getattr(before, part))


def test_names_come_along():
    frame = pd.DataFrame(COUNTS, index=[f"c{i}" for i in range(12)], columns=list("abcdefg"))
    for held in (frame, annotated(frame)):
        loaded = data.load("counts", counts=held, min_cells=0)
        assert loaded.feature_names == tuple("abcdefg")
        assert loaded.extras["barcode"][-1] == "c11"
    layers = annotated(np.log1p(COUNTS), layers={"raw counts": sparse.csr_matrix(COUNTS)})
    loaded = data.load("counts", counts=layers, layer="raw counts", min_cells=0)
    np.testing.assert_array_equal(loaded.x, COUNTS)
    with pytest.raises(ValueError, match="layer: expected None for counts that have no layers"):
        data.load("counts", counts=COUNTS, layer="raw")


def test_anndata_that_lists_x_among_its_layers():
    """As it does since 0.13, under the name None."""
    plain = annotated(COUNTS)
    newer = types.SimpleNamespace(
        X=None,
        raw=None,
        layers={None: None},
        var=plain.var,
        **{name: getattr(plain, name) for name in ("obs_names", "var_names")},
    )
    with pytest.raises(ValueError, match=r"one of the layers \(but there are none\), as there is"):
        count_array("counts", newer)
    newer.X = COUNTS
    np.testing.assert_array_equal(count_array("counts", newer), COUNTS)


def test_a_file_that_anndata_holds_open(tmp_path):
    for number, make in enumerate((np.asarray, sparse.csr_matrix, sparse.csc_matrix)):
        path = tmp_path / f"{number}.h5ad"
        with (
            warnings.catch_warnings(),
            anndata.settings.override(allow_write_nullable_strings=True),
        ):
            warnings.simplefilter("ignore")
            annotated(make(COUNTS)).write_h5ad(path)
            backed = anndata.read_h5ad(path, backed="r")
        np.testing.assert_array_equal(count_array("counts", backed), COUNTS)
        assert backed.isbacked  # left as it was
        backed.file.close()


def test_what_is_no_count_is_refused_wherever_it_stands():
    wrong = COUNTS.astype(float)
    wrong[2, 1] = 1.5
    for make in (sparse.csr_array, sparse.coo_matrix, annotated, pd.DataFrame):
        with pytest.raises(
            ValueError, match=r"counts: expected whole numbers .* 1.5 at index \(2, 1"
        ):
            denoising.log_normalize(make(wrong))
        with pytest.raises(ValueError, match=r"counts: expected raw counts.* got 1.5 at cell"):
            data.load("counts", counts=make(wrong))
    with pytest.raises(ValueError, match=r"got nan at index \(0, 1\)"):
        count_array("counts", pd.DataFrame({"a": [1, 2], "b": [None, 3]}))
    with pytest.raises(TypeError, match=r"one for each gene; got str in column 'type'"):
        count_array("counts", pd.DataFrame({"a": [1, 2], "type": ["T", "B"]}))
    with pytest.raises(TypeError, match="expected real numbers, got dtype complex128"):
        count_array("counts", sparse.csr_array(COUNTS * 1j))
    masked = annotated(np.ma.masked_equal(COUNTS, 0))
    with pytest.raises(TypeError, match="expected a plain array, got a masked one"):
        count_array("counts", masked)
    with pytest.raises(ValueError, match=r"expected shape \[cells, genes\], got \(12, 0\)"):
        count_array("counts", sparse.csr_array((12, 0)))
    with pytest.raises(TypeError, match=r"root: expected a path, got AnnData; counts in memory"):
        data.load("counts", root=annotated(COUNTS))
    with pytest.raises(ValueError, match=r"root: expected .* got both"):
        data.load("counts", root="somewhere", counts=COUNTS)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 255)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([np.uint8, np.int16, np.uint32, np.int64, np.float32, np.float64]),
)
def test_entries_stored_twice_add_up_in_any_dtype(entries, dtype):
    """A sum of bytes is no byte."""
    rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
    held = sparse.coo_array((values.astype(dtype), (rows, columns)), shape=(4, 5))
    expected = np.zeros((4, 5), np.int64)
    np.add.at(expected, (rows, columns), values)
    np.testing.assert_array_equal(count_array("counts", held), expected)
