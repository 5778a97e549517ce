"""Counts in HDF5: as AnnData has written them over the years, and as 10x Genomics does."""

import warnings

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from aelib import data

COUNTS = np.random.default_rng(0).poisson(1.5, (12, 7))
CELLS = tuple(f"cell{i}" for i in range(12))
GENES = tuple(f"G{i}" for i in range(7))
TEXT = h5py.string_dtype()


def annotated(x, **parts):
    var = pd.DataFrame({"gene_ids": [f"ENSG{i}" for i in range(7)]}, index=list(GENES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata on pandas 3
        return anndata.AnnData(x, obs=pd.DataFrame(index=list(CELLS)), var=var, **parts)


def write(path, owner):
    with warnings.catch_warnings(), anndata.settings.override(allow_write_nullable_strings=True):
        warnings.simplefilter("ignore")
        owner.write_h5ad(path)
    return path


def read(path, **options):
    return data.load("counts", root=path, min_cells=0, num_genes=None, **options)


def same_counts(loaded, counts=COUNTS):
    np.testing.assert_array_equal(loaded.x, counts)
    assert loaded.x.dtype == np.int32
    assert loaded.feature_names == GENES
    assert tuple(loaded.extras["barcode"]) == CELLS
    return True


MATRICES = {
    "array": np.asarray,
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint16])
@pytest.mark.parametrize("make", MATRICES)
def test_every_matrix_that_anndata_writes(tmp_path, make, dtype):
    path = write(tmp_path / "a.h5ad", annotated(MATRICES[make](COUNTS.astype(dtype))))
    loaded = read(path)
    assert same_counts(loaded)
    assert loaded.metadata["feature_ids"][-1] == "ENSG6"


@pytest.mark.parametrize("make", MATRICES)
def test_layers_and_raw(tmp_path, make):
    logs = annotated(np.log1p(COUNTS), layers={"counts": MATRICES[make](COUNTS)})
    logs.raw = annotated(MATRICES[make](COUNTS + 1))
    path = write(tmp_path / "a.h5ad", logs)
    assert same_counts(read(path, layer="counts"))
    assert same_counts(read(path, layer="raw"), COUNTS + 1)
    with pytest.raises(ValueError, match=r"root: a.h5ad: expected raw counts.* normalized values"):
        read(path)
    message = r"layer: expected None for X, 'raw', 'counts'; got 'spliced'"
    with pytest.raises(ValueError, match=message):
        read(path, layer="spliced")


def test_a_file_without_x_says_which_layers_there_are(tmp_path):
    path = write(tmp_path / "a.h5ad", annotated(None, layers={"counts": COUNTS}))
    assert same_counts(read(path, layer="counts"))
    with pytest.raises(
        ValueError, match=r"expected one of the layers \('counts'\), as there is no"
    ):
        read(path)


def texts(group, name, values, kind):
    """Texts in one of the forms in which files hold them."""
    values = np.array(values, object)
    if kind in ("string-array", "unsaid"):
        column = group.create_dataset(name, data=values, dtype=TEXT)
    elif kind == "fixed length":
        column = group.create_dataset(name, data=values.astype("S"))
    else:
        column = group.create_group(name)
        part = "categories" if kind == "categorical" else "values"
        column.create_dataset(part, data=values, dtype=TEXT)
        if kind == "categorical":
            column["codes"] = np.arange(len(values), dtype=np.int8)
        else:
            column["mask"] = np.zeros(len(values), bool)
    if kind not in ("unsaid", "fixed length"):
        column.attrs["encoding-type"] = kind
    return column


@pytest.mark.parametrize("versions", ["today's", "0.7's", "none"])
@pytest.mark.parametrize(
    "kind", ["string-array", "nullable-string-array", "categorical", "unsaid", "fixed length"]
)
def test_every_index(tmp_path, kind, versions):
    """As AnnData writes them, and files of other programs that say too little of themselves."""
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as file:
        matrix = sparse.csr_matrix(COUNTS.astype(np.float32))
        x = file.create_group("X")
        x.attrs["encoding-type"], x.attrs["shape"] = "csr_matrix", COUNTS.shape
        for part in ("data", "indices", "indptr"):
            x[part] = getattr(matrix, part)
        for axis, names in (("obs", CELLS), ("var", GENES)):
            table = file.create_group(axis)
            table.attrs["_index"] = "names"
            index = texts(table, "names", names, kind)
            if versions == "none":
                continue
            x.attrs["encoding-version"] = "0.1.0"
            table.attrs["encoding-type"] = "dataframe"
            table.attrs["encoding-version"] = "0.2.0" if versions == "today's" else "0.1.0"
            table.attrs["column-order"] = np.array([], TEXT)
            if "encoding-type" in index.attrs:
                index.attrs["encoding-version"] = "0.1.0" if "nullable" in kind else "0.2.0"
            if kind == "categorical":
                index.attrs["ordered"] = False
    assert same_counts(read(path))


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_matrix, None])
def test_files_from_before_tables_were_groups(tmp_path, make):
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as file:
        if make is None:
            file["X"] = COUNTS.astype(np.float32)
        else:
            x, matrix = file.create_group("X"), make(COUNTS.astype(np.float32))
            x.attrs["h5sparse_format"], x.attrs["h5sparse_shape"] = matrix.format, COUNTS.shape
            for part in ("data", "indices", "indptr"):
                x[part] = getattr(matrix, part)
        for axis, names in (("obs", CELLS), ("var", GENES)):
            table = np.zeros(len(names), [("index", "S10"), ("total", "f4")])
            table["index"] = names
            file[axis] = table
    assert same_counts(read(path))


def test_types_and_genomes_of_anndata(tmp_path):
    owner = annotated(sparse.csr_matrix(COUNTS))
    kinds = ["Gene Expression"] * 4 + ["Peaks"] * 2 + [None]
    owner.var["feature_types"] = pd.Categorical(kinds)
    owner.var["genome"] = pd.Categorical(["hg", "mm"] * 3 + ["mm"])
    path = write(tmp_path / "a.h5ad", owner)
    loaded = read(path)
    assert loaded.feature_names == GENES[:4]
    assert "left out: 2 of type Peaks, 1 of type unknown." in loaded.description
    human = read(path, genome="hg", feature_types=None)
    assert human.feature_names == GENES[:6:2]
    with pytest.raises(
        ValueError, match=r"genome: expected one that .* names \(hg, mm\), got 'rn'"
    ):
        read(path, genome="rn")


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    path = tmp_path / "a.h5ad"
    path.write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"expected an HDF5 file, a.h5ad is damaged or something"):
        read(path)
    whole = write(path, annotated(sparse.csr_matrix(COUNTS))).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="root: expected an"):
        read(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["X/indices"]
    with pytest.raises(ValueError, match=r"expected an .h5ad file as AnnData writes it, a.h5ad is"):
        read(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file["X/indices"][0] = 99
    with pytest.raises(ValueError, match=r"root: a.h5ad: expected a whole sparse matrix, got one"):
        read(path)
    with h5py.File(path, "w") as file:
        file["spectra"] = COUNTS
    with pytest.raises(ValueError, match=r"expected the counts of AnnData or 10x .* but 'spectra'"):
        read(path)


def write_10x(path, counts=COUNTS, *, version=3, groups=("matrix",), kinds=None):
    """Features in rows, compressed by columns."""
    with h5py.File(path, "w") as file:
        for name in groups:
            matrix = sparse.csc_matrix(counts.T.astype(np.int32))
            group = file.create_group(name)
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(matrix, part)
            group["shape"] = np.array(counts.T.shape, np.int32)
            group["barcodes"] = np.array(CELLS, "S")
            ids = np.array([f"ENSG{i}" for i in range(counts.shape[1])], "S")
            if version == 2:
                group["genes"], group["gene_names"] = ids, np.array(GENES, "S")
                continue
            features = group.create_group("features")
            features["id"], features["name"] = ids, np.array(GENES, "S")
            features["feature_type"] = np.array(kinds or ["Gene Expression"] * len(ids), "S")
            features["genome"] = np.array(["hg"] * 4 + ["mm"] * (len(ids) - 4), "S")
            features["_all_tag_keys"] = np.array([b"genome"])
    return path


@pytest.mark.parametrize("ending", [".h5", ".hdf5", ""])
def test_cell_ranger_3(tmp_path, ending):
    path = write_10x(tmp_path / f"filtered_feature_bc_matrix{ending}")
    loaded = read(path)
    assert same_counts(loaded)
    assert loaded.metadata["feature_ids"][0] == "ENSG0"
    assert read(path, genome="hg").feature_names == GENES[:4]


def test_cell_ranger_3_leaves_out_what_is_no_gene(tmp_path):
    kinds = ["Gene Expression"] * 5 + ["Antibody Capture"] * 2
    path = write_10x(tmp_path / "a.h5", kinds=kinds)
    loaded = read(path)
    assert loaded.feature_names == GENES[:5]
    np.testing.assert_array_equal(loaded.extras["library_size"], COUNTS[:, :5].sum(axis=1))
    assert read(path, feature_types=["Antibody Capture"]).feature_names == GENES[5:]


def test_cell_ranger_2(tmp_path):
    path = write_10x(tmp_path / "a.h5", version=2, groups=("GRCh38",))
    assert same_counts(read(path))
    assert same_counts(read(path, genome="GRCh38"))
    path = write_10x(path, version=2, groups=("hg19", "mm10"))
    message = r"genome: expected one of those in a.h5, 'hg19', 'mm10'; got None"
    with pytest.raises(ValueError, match=message):
        read(path)
    assert same_counts(read(path, genome="mm10"))


def test_what_is_wrong_with_a_file_of_10x_is_said(tmp_path):
    path = write_10x(tmp_path / "a.h5")
    with pytest.raises(ValueError, match="layer: expected None for a file that has no layers"):
        read(path, layer="counts")
    with h5py.File(path, "r+") as file:
        file["matrix/indices"][0] = 99
    with pytest.raises(ValueError, match=r"/matrix in a.h5 is damaged or something else"):
        read(path)
    write_10x(path)
    with h5py.File(path, "r+") as file:
        del file["matrix/barcodes"]
        file["matrix/barcodes"] = np.array(CELLS[:5], "S")
    with pytest.raises(ValueError, match=r"as many barcodes as the shape in a.h5 says, 12, got 5"):
        read(path)
