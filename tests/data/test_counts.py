"""Count matrices from files that these tests write."""

import gzip
import sys
import types

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import coo_array, csc_array, csr_array

from aelib import data

COUNTS = np.random.default_rng(0).poisson(1.0, (12, 7))
COUNTS[3] = 0  # a cell without counts
COUNTS[:, 5] = 0  # a gene without counts


def write(folder, counts=COUNTS, *, packed=False, features="features.tsv", prefix="", rows=None):
    """The three files of 10x Genomics: genes in rows."""
    folder.mkdir(exist_ok=True)
    mmwrite(folder / f"{prefix}matrix.mtx", coo_array(counts.T))
    cells, genes = counts.shape
    (folder / f"{prefix}barcodes.tsv").write_text("".join(f"ACGT-{i}\n" for i in range(cells)))
    rows = rows or [f"ENSG{i}\tGENE{i}\tGene Expression" for i in range(genes)]
    (folder / f"{prefix}{features}").write_text("".join(f"{row}\n" for row in rows))
    if packed:
        for file in [f for f in folder.iterdir() if f.suffix != ".gz"]:
            (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
    return folder


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("features", ["features.tsv", "genes.tsv"])
def test_a_folder_comes_back_as_cells_by_genes(tmp_path, packed, features):
    folder = write(tmp_path, packed=packed, features=features)
    loaded = data.load("counts", root=folder, min_cells=1)
    cells, genes = np.delete(np.arange(12), 3), np.delete(np.arange(7), 5)
    assert loaded.x.dtype == np.int32
    np.testing.assert_array_equal(loaded.x, COUNTS[np.ix_(cells, genes)])
    assert loaded.feature_names == tuple(f"GENE{i}" for i in genes)
    assert loaded.extras["barcode"].tolist() == [f"ACGT-{i}" for i in cells]
    np.testing.assert_array_equal(loaded.extras["library_size"], COUNTS[cells].sum(axis=1))


def test_a_matrix_by_itself_and_real_numbers_that_are_whole(tmp_path):
    mmwrite(tmp_path / "some.mtx", coo_array(COUNTS.T.astype(float)))
    loaded = data.load("counts", root=tmp_path / "some.mtx", min_cells=1)
    assert loaded.x.shape == (11, 6)
    assert loaded.feature_names[-1] == "gene 6"


def test_rare_genes_poor_cells_and_dull_genes_are_left_out(tmp_path):
    counts = np.full((20, 4), 5)
    counts[:, 1] = [0, 60] * 10  # varies most
    counts[:, 2] = 0
    counts[:2, 2] = 1  # in two cells only
    counts[:, 3] = [4, 7] * 10
    counts[19] = 0
    counts[19, 0] = 1
    folder = write(tmp_path, counts)
    all_genes = data.load("counts", root=folder, min_cells=3, num_genes=None)
    assert all_genes.feature_names == ("GENE0", "GENE1", "GENE3")
    chosen = data.load("counts", root=folder, num_genes=1, min_counts=2)
    assert chosen.feature_names == ("GENE1",)
    assert chosen.x.shape == (19, 1)
    assert chosen.extras["library_size"][2] == counts[2].sum()


def test_what_is_not_a_count_is_named(tmp_path):
    wrong = COUNTS.astype(float)
    wrong[2, 1] = 1.5
    with pytest.raises(ValueError, match=r"got 1.5 at cell 'ACGT-2', gene 'GENE1'; normalized"):
        data.load("counts", root=write(tmp_path, wrong))
    wrong[2, 1] = -1
    with pytest.raises(ValueError, match=r"at least 0, in .*, got -1.0 at cell 'ACGT-2'"):
        data.load("counts", root=write(tmp_path, wrong))
    wrong[2, 1] = np.inf
    with pytest.raises(ValueError, match="got inf at cell 'ACGT-2'"):
        data.load("counts", root=write(tmp_path, wrong))
    with pytest.raises(ValueError, match="expected cells and genes, but of 12 cells 0"):
        data.load("counts", root=write(tmp_path, np.zeros((12, 7), int)))


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_off_is_refused(tmp_path, packed):
    folder = write(tmp_path, packed=packed)
    file = folder / ("matrix.mtx.gz" if packed else "matrix.mtx")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(ValueError, match=f"{file.name} is damaged or something else"):
        data.load("counts", root=folder)
    file.write_bytes(b"not a matrix")
    with pytest.raises(ValueError, match=f"{file.name} is damaged or something else"):
        data.load("counts", root=folder)


def test_parts_that_are_missing_or_do_not_fit_are_named(tmp_path):
    folder = write(tmp_path / "cells")
    (folder / "barcodes.tsv").write_text("A\nB\n")
    with pytest.raises(ValueError, match="as many barcodes as the matrix has columns, 12, got 2"):
        data.load("counts", root=folder)
    (folder / "barcodes.tsv.gz").write_bytes(gzip.compress(b"A\n")[:-6])
    (folder / "barcodes.tsv").unlink()
    with pytest.raises(ValueError, match=r"barcodes.tsv.gz is damaged"):
        data.load("counts", root=folder)
    (folder / "features.tsv").unlink()
    (folder / "barcodes.tsv").write_text("A\n" * 12)
    with pytest.raises(FileNotFoundError, match=r"features.tsv or genes.tsv, plain or .gz"):
        data.load("counts", root=folder)
    with pytest.raises(FileNotFoundError, match=r"there is none: .*nowhere"):
        data.load("counts", root=tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"root: expected the folder or file .* got None"):
        data.load("counts")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_genes": 0}, "num_genes: expected a whole number of at least 1, got 0"),
        ({"min_cells": -1}, "min_cells: expected a whole number of at least 0, got -1"),
        ({"layer": "counts"}, "layer: expected None for a file that has no layers"),
    ],
)
def test_bad_options_are_named(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        data.load("counts", root=write(tmp_path), **options)


def test_only_genes_are_read_unless_asked(tmp_path):
    rows = [f"ID{i}\tG{i}\tGene Expression" for i in range(5)]
    rows += ["TAG0\tCD3\tAntibody Capture", "TAG1\tg1\tCRISPR Guide Capture"]
    counts = COUNTS.copy()
    counts[:, 5:] = 1000
    folder = write(tmp_path, counts, rows=rows)
    loaded = data.load("counts", root=folder, min_cells=1)
    assert loaded.feature_names == tuple(f"G{i}" for i in range(5))
    np.testing.assert_array_equal(
        loaded.extras["library_size"], np.delete(counts, 3, axis=0)[:, :5].sum(axis=1)
    )
    left_out = "left out: 1 of type Antibody Capture, 1 of type CRISPR Guide Capture."
    assert left_out in loaded.description
    tags = data.load("counts", root=folder, min_cells=1, feature_types=["Antibody Capture"])
    assert tags.feature_names == ("CD3",)
    assert data.load("counts", root=folder, min_cells=1, feature_types=None).x.shape == (12, 7)
    with pytest.raises(ValueError, match=r"some of Antibody Capture, CRISPR .*, got Peaks"):
        data.load("counts", root=folder, feature_types=["Peaks"])
    with pytest.raises(TypeError, match="feature_types: expected a sequence of names"):
        data.load("counts", root=folder, feature_types="Peaks")


def test_a_symbol_that_occurs_again_gets_a_number_and_ids_are_kept(tmp_path):
    symbols = ["SYM", "SYM", "A", "SYM", "SYM-1", "dull", "B"]
    rows = [f"ID{i}\t{symbol}\tGene Expression" for i, symbol in enumerate(symbols)]
    loaded = data.load("counts", root=write(tmp_path, rows=rows), min_cells=1)
    assert loaded.feature_names == ("SYM", "SYM-2", "A", "SYM-3", "SYM-1", "B")
    assert loaded.metadata["feature_ids"] == ("ID0", "ID1", "ID2", "ID3", "ID4", "ID6")


@pytest.mark.parametrize("packed", [False, True])
def test_files_with_a_prefix_as_geo_has_them(tmp_path, packed):
    folder = write(tmp_path, prefix="GSM1_", packed=packed)
    loaded = data.load("counts", root=folder, min_cells=1)
    assert loaded.extras["barcode"][0] == "ACGT-0"
    assert loaded.feature_names[0] == "GENE0"
    write(tmp_path, COUNTS[:6], prefix="GSM2_", packed=packed)
    with pytest.raises(ValueError, match=r"expected one matrix in .*, got those of GSM1_, GSM2_"):
        data.load("counts", root=folder)
    second = folder / ("GSM2_matrix.mtx.gz" if packed else "GSM2_matrix.mtx")
    assert data.load("counts", root=second, min_cells=1).extras["barcode"][-1] == "ACGT-5"
    for file in folder.glob("GSM2_features*"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match=r"GSM2_features.tsv or GSM2_genes.tsv"):
        data.load("counts", root=second)


class Node(dict):
    """A group, as h5py has them: a mapping with attributes."""

    def __init__(self, parts=(), **attrs):
        super().__init__(parts)
        self.attrs = attrs


class Array:
    """A dataset of h5py."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __getitem__(self, key):
        return self.values[key]


def compressed(counts, make):
    matrix = make(counts)
    parts = {name: Array(getattr(matrix, name)) for name in ("data", "indices", "indptr")}
    kind = "csr_matrix" if make is csr_array else "csc_matrix"
    return Node(parts, **{"encoding-type": kind, "shape": np.array(counts.shape)})


def table(prefix, number):
    return Node({"id": Array([f"{prefix}{i}".encode() for i in range(number)])}, _index="id")


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """A stand-in for h5py, which is not among this project's dependencies, and a file of it."""

    class File:
        content = Node()

        def __init__(self, name, mode):
            assert str(name).endswith(".h5ad")
            assert mode == "r"

        def __enter__(self):
            return self.content

        def __exit__(self, *error):
            return False

    monkeypatch.setitem(sys.modules, "h5py", types.SimpleNamespace(File=File))
    path = tmp_path / "cells.h5ad"
    path.write_bytes(b"")
    return File, path


@pytest.mark.parametrize("make", [csr_array, csc_array, None])
def test_h5ad_matrices_of_all_kinds(opened, make):
    file, path = opened
    matrix = compressed(COUNTS, make) if make else Array(COUNTS)
    file.content = Node({"X": matrix, "obs": table("cell", 12), "var": table("G", 7)})
    loaded = data.load("counts", root=path, min_cells=1)
    rows, columns = np.delete(np.arange(12), 3), np.delete(np.arange(7), 5)
    np.testing.assert_array_equal(loaded.x, COUNTS[np.ix_(rows, columns)])
    assert loaded.feature_names[0] == "G0"
    assert loaded.extras["barcode"][0] == "cell0"


def strings(prefix, number, encoding):
    """Texts as AnnData has written them over the years."""
    texts = [f"{prefix}{i}".encode() for i in range(number)]
    if encoding == "categorical":
        order = np.arange(number)[::-1]
        levels = Array([texts[i] for i in order])
        return Node({"categories": levels, "codes": Array(order)}, **{"encoding-type": encoding})
    if encoding == "nullable-string-array":
        missing = Array(np.zeros(number, bool))
        return Node({"values": Array(texts), "mask": missing}, **{"encoding-type": encoding})
    return Array(texts)


@pytest.mark.parametrize("encoding", ["string-array", "nullable-string-array", "categorical"])
def test_h5ad_names_in_all_encodings(opened, encoding):
    file, path = opened
    var = {"symbols": strings("G", 7, encoding), "gene_ids": strings("ENSG", 7, encoding)}
    kinds = [b"Gene Expression"] * 4 + [b"Peaks"] * 3
    var["feature_types"] = Array(kinds)
    tables = {
        "obs": Node({"index": strings("cell", 12, encoding)}, _index=b"index"),
        "var": Node(var, _index="symbols"),
    }
    file.content = Node({"X": Array(COUNTS), **tables})
    loaded = data.load("counts", root=path, min_cells=1)
    assert loaded.feature_names == ("G0", "G1", "G2", "G3")
    assert loaded.metadata["feature_ids"][-1] == "ENSG3"
    assert loaded.extras["barcode"][0] == "cell0"
    everything = data.load("counts", root=path, min_cells=1, feature_types=None)
    assert everything.x.shape == (11, 6)


def test_h5ad_names_that_are_missing_or_in_another_form(opened):
    file, path = opened
    broken = {
        "a name is missing": Node({"values": Array([b"a"] * 7), "mask": Array([True] * 7)}),
        "texts are stored as 'ragged'": Node({}, **{"encoding-type": "ragged"}),
    }
    broken["a name is missing "] = Node({"categories": Array([b"a"]), "codes": Array([-1] * 7)})
    for message, index in broken.items():
        names = {"obs": table("cell", 12), "var": Node({"i": index}, _index="i")}
        file.content = Node(names | {"X": Array(COUNTS)})
        with pytest.raises(ValueError, match=message.strip()):
            data.load("counts", root=path)


def test_h5ad_layers_and_what_is_wrong_with_a_file(opened):
    file, path = opened
    names = {"obs": table("cell", 12), "var": table("G", 7)}
    logs = Array(np.log1p(COUNTS))
    raw = Node({"X": Array(COUNTS), "var": table("R", 7)})
    file.content = Node(names | {"X": logs, "layers": Node({"counts": Array(COUNTS)}), "raw": raw})
    with pytest.raises(ValueError, match="normalized values cannot be turned back"):
        data.load("counts", root=path)
    first = data.load("counts", root=path, layer="counts", min_cells=1)
    second = data.load("counts", root=path, layer="raw", min_cells=1)
    np.testing.assert_array_equal(first.x, second.x)
    assert second.feature_names[0] == "R0"
    with pytest.raises(ValueError, match="there is no layers/spliced"):
        data.load("counts", root=path, layer="spliced")
    file.content = Node(names | {"X": Array(COUNTS[:5])})
    with pytest.raises(ValueError, match=r"expected X of shape \(12, 7\), .* got \(5, 7\)"):
        data.load("counts", root=path)
    file.content = Node(names | {"X": Node({}, **{"encoding-type": "array"})})
    with pytest.raises(ValueError, match="X is of the kind 'array', not csr_matrix"):
        data.load("counts", root=path)


def test_h5ad_without_h5py_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "cells.h5ad").write_bytes(b"")
    with pytest.raises(ImportError, match="pip install h5py"):
        data.load("counts", root=tmp_path / "cells.h5ad")


def test_a_real_h5ad_where_h5py_is_installed(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "cells.h5ad", "w") as file:
        file["X"] = COUNTS
        for name, number in (("obs", 12), ("var", 7)):
            group = file.create_group(name)
            group["_index"] = [f"{name}{i}" for i in range(number)]
            group.attrs["_index"] = "_index"
    assert data.load("counts", root=tmp_path / "cells.h5ad", min_cells=1).x.shape == (11, 6)
    (tmp_path / "cells.h5ad").write_bytes(b"cut off")
    with pytest.raises(ValueError, match="damaged"):
        data.load("counts", root=tmp_path / "cells.h5ad")
