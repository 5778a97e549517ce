"""Count matrices as text, from files that these tests write."""

import gzip

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import coo_array

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


def test_rare_genes_and_cells_with_few_counts_are_left_out(tmp_path):
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
    with pytest.raises(ValueError, match=r"at least 0, got -1.0 at cell 'ACGT-2'"):
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
    for content in (b"not a matrix", b",0,1\n0,3,4\n", b""):
        file.write_bytes(gzip.compress(content) if packed else content)
        with pytest.raises(ValueError, match=f"{file.name} is damaged or .* begin with %%Matrix"):
            data.load("counts", root=folder)
    mmwrite(folder / "matrix.mtx", coo_array(COUNTS.T * 1j))
    if not packed:
        with pytest.raises(TypeError, match="expected real numbers, got dtype complex"):
            data.load("counts", root=folder)


def test_the_folder_above_is_told_from_the_folder(tmp_path):
    write(tmp_path / "filtered_feature_bc_matrix")
    with pytest.raises(FileNotFoundError, match=r"one of its folders, filtered_feature_bc_matrix"):
        data.load("counts", root=tmp_path)


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
    with pytest.raises(ValueError, match=r"root: expected the folder or file .* got neither"):
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


def test_files_packed_but_not_named_so_and_with_foreign_line_ends(tmp_path):
    folder = write(tmp_path)
    for name in ("matrix.mtx", "features.tsv"):
        file = folder / name
        file.write_bytes(gzip.compress(file.read_bytes()))
    barcodes = folder / "barcodes.tsv"
    barcodes.write_bytes("".join(f"AC\x85GT-{i}\r\n" for i in range(12)).encode("utf-8-sig"))
    (folder / "._matrix.mtx").write_bytes(b"what macOS leaves in archives")
    loaded = data.load("counts", root=folder, min_cells=1)
    assert loaded.extras["barcode"][0] == "AC\x85GT-0"
    assert loaded.x.shape == (11, 6)


def test_an_entry_written_twice_is_added_and_sums_do_not_wrap(tmp_path):
    folder = write(tmp_path, np.ones((3, 2), int))
    entries = "".join(f"{g} {c} 2000000000\n" for c in (1, 2, 3) for g in (1, 2))
    header = "%%MatrixMarket matrix coordinate integer general\n2 3 7\n"
    (folder / "matrix.mtx").write_text(header + entries + "1 1 5\n")
    loaded = data.load("counts", root=folder)
    assert loaded.x[0].tolist() == [2_000_000_005, 2_000_000_000]
    assert loaded.extras["library_size"].tolist() == [4_000_000_005, 4_000_000_000, 4_000_000_000]
    (folder / "matrix.mtx").write_text(header + entries + "1 1 2000000000\n")
    with pytest.raises(ValueError, match=r"expected counts below 2\*\*31, got 4000000000"):
        data.load("counts", root=folder)
