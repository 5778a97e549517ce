"""Your own counts: a Matrix Market folder as 10x Genomics writes it, or an ``.h5ad`` file."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_count
from aelib._lazy import require
from aelib.data._counts_h5ad import CountMatrix, read_h5ad
from aelib.data._dataset import Dataset

_GENES = "Gene Expression"
_MATRIX = "matrix.mtx"


def load_counts(
    *,
    root: str | PathLike[str] | None = None,
    num_genes: int | None = 2000,
    min_cells: int = 3,
    min_counts: int = 1,
    layer: str | None = None,
    feature_types: Sequence[str] | None = (_GENES,),
) -> Dataset:
    """A count matrix of your own, cells by genes.

    A folder with ``matrix.mtx``, ``barcodes.tsv`` and ``features.tsv`` (or ``genes.tsv``), each
    plain or ``.gz``, with one prefix before their names or none (``GSM123_matrix.mtx.gz``); or the
    ``.mtx`` file, with the other two beside it or without, genes in rows as 10x writes them; or an
    ``.h5ad`` file, for which the package h5py has to be installed. Counts have to be raw: whole
    numbers.

    Features of other types than ``feature_types``, such as antibodies, are left out first. Then
    cells with fewer than ``min_counts`` counts are left out, then genes seen in fewer than
    ``min_cells`` cells, and of the others the ``num_genes`` that vary most are kept, by the
    variance of the logarithm of one plus the count per 10,000 of its cell. The choice looks at all
    counts, as does everything that later holds out a part of them.

    Args:
        root: the folder or file.
        num_genes: genes to keep at most; None for all.
        min_cells: cells in which a gene has to be seen.
        min_counts: counts that a cell has to have, over all genes.
        layer: for ``.h5ad``: which layer holds the counts; None for ``X``, ``"raw"`` for ``raw/X``.
        feature_types: types of features to keep, where the file says types; None for all.

    Returns:
        Counts, int32 ``[cells, genes]``; no labels. ``feature_names`` are the genes' symbols, with
        ``-1``, ``-2``, … after those that occur again, and ``metadata["feature_ids"]`` their
        identifiers. ``extras["barcode"]`` names the cells, ``extras["library_size"]`` has their
        counts over *all* genes.

    Raises:
        FileNotFoundError: if there is no such file or folder, or a part of it is missing.
        ValueError: if a file is damaged, the sizes do not fit, a value is not a count, or nothing
            is left.
        ImportError: for ``.h5ad`` without h5py.
    """
    if root is None:
        raise ValueError("root: expected the folder or file that holds your counts, got None")
    path = Path(root)
    if not path.exists():
        raise FileNotFoundError(f"root: expected a folder or file of counts, there is none: {path}")
    min_cells = check_count("min_cells", min_cells, at_least=0)
    min_counts = check_count("min_counts", min_counts, at_least=0)
    if num_genes is not None:
        num_genes = check_count("num_genes", num_genes)
    if path.suffix == ".h5ad":
        matrix = read_h5ad(path, layer)
    elif layer is not None:
        raise ValueError(f"layer: expected None for a file that has no layers, got {layer!r}")
    else:
        matrix = _read_folder(path)
    _check(matrix, path)
    matrix, left_out = _select_feature_types(matrix, feature_types, path)
    values = matrix.values.tocsr()
    total = np.asarray(values.sum(axis=1)).ravel()
    rows = np.flatnonzero(total >= max(min_counts, 1))
    values = values[rows]
    columns = _choose(values, total[rows], min_cells, num_genes)
    if not len(rows) or not len(columns):
        raise ValueError(
            f"root: expected cells and genes, but of {matrix.values.shape[0]} cells {len(rows)} "
            f"have {max(min_counts, 1)} counts or more, and of {matrix.values.shape[1]} genes "
            f"{len(columns)} are seen in {min_cells} of them"
        )
    symbols = _unique(matrix.genes)
    return Dataset(
        name="counts",
        x=np.asarray(values[:, columns].todense()).astype(np.int32),
        feature_names=tuple(symbols[i] for i in columns),
        units="transcripts counted",
        source=path.name,
        license="yours",
        citation="your own data",
        description=f"Counts of {len(columns)} genes in {len(rows)} cells, from {path.name}."
        + left_out,
        extras={
            "barcode": np.array([matrix.cells[i] for i in rows]),
            "library_size": total[rows].astype(np.int64),
        },
        metadata={"feature_ids": tuple(matrix.ids[i] for i in columns)},
    )


def _read_folder(path: Path) -> CountMatrix:
    """The three files of a folder, or one matrix, with its two companions if it has them."""
    if path.is_file():
        prefix, found, _ = path.name.partition(_MATRIX)
        if not found or not _companion(path.parent, prefix, "barcodes.tsv"):
            values = _read_mtx(path).T
            cells, genes = values.shape
            names = tuple(f"gene {i}" for i in range(genes))
            return CountMatrix(values, tuple(f"cell {i}" for i in range(cells)), names, names, ())
        file, folder = path, path.parent
    else:
        file, folder = _only_matrix(path), path
        prefix = file.name.partition(_MATRIX)[0]
    values = _read_mtx(file).T
    barcodes_file = _find(folder, prefix, "barcodes.tsv")
    features_file = _find(folder, prefix, "features.tsv", "genes.tsv")
    barcodes, features = _read_table(barcodes_file), _read_table(features_file)
    for axis, found_rows, what in ((0, barcodes, "barcodes"), (1, features, "features")):
        if len(found_rows) != values.shape[axis]:
            raise ValueError(
                f"root: expected as many {what} as the matrix has {('columns', 'rows')[axis]}, "
                f"{values.shape[axis]}, got {len(found_rows)} in {path.name}"
            )
    return CountMatrix(
        values,
        cells=tuple(row[0] for row in barcodes),
        genes=tuple(row[1] if len(row) > 1 else row[0] for row in features),
        ids=tuple(row[0] for row in features),
        types=tuple(row[2] for row in features) if all(len(r) > 2 for r in features) else (),
    )


def _only_matrix(folder: Path) -> Path:
    """The matrix of a folder; its name may have a prefix, as in downloads from GEO."""
    found = sorted(folder.glob(f"*{_MATRIX}")) + sorted(folder.glob(f"*{_MATRIX}.gz"))
    prefixes = sorted({file.name.partition(_MATRIX)[0] for file in found})
    if len(prefixes) > 1:
        raise ValueError(
            f"root: expected one matrix in {folder}, got those of {', '.join(prefixes)}; "
            "give the file of one of them"
        )
    if not found:
        raise FileNotFoundError(
            f"root: expected {_MATRIX}, plain or .gz, there is none in {folder}"
        )
    return found[0]


def _companion(folder: Path, prefix: str, *names: str) -> Path | None:
    for name in names:
        for file in (folder / f"{prefix}{name}", folder / f"{prefix}{name}.gz"):
            if file.is_file():
                return file
    return None


def _find(folder: Path, prefix: str, *names: str) -> Path:
    file = _companion(folder, prefix, *names)
    if file is None:
        listed = " or ".join(f"{prefix}{name}" for name in names)
        raise FileNotFoundError(f"root: expected {listed}, plain or .gz, there is none in {folder}")
    return file


def _read_mtx(file: Path) -> Any:
    purpose = "reading Matrix Market files"
    mmread = require("scipy.io", purpose=purpose).mmread
    coo_array = require("scipy.sparse", purpose=purpose).coo_array
    try:
        return coo_array(mmread(file, spmatrix=False))
    except (ValueError, EOFError, OSError, OverflowError, zlib.error) as error:
        raise ValueError(
            f"root: expected a whole Matrix Market file, {file.name} is damaged or something else "
            f"({error})"
        ) from error


def _read_table(file: Path) -> list[list[str]]:
    """The rows of a table separated by tabs."""
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8")
    except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
        raise ValueError(f"root: expected a text file, {file.name} is damaged ({error})") from error
    return [line.split("\t") for line in text.splitlines() if line]


def _select_feature_types(
    matrix: CountMatrix, feature_types: Sequence[str] | None, path: Path
) -> tuple[CountMatrix, str]:
    """Only the features of these types, and a sentence on what was left out."""
    if feature_types is None or not matrix.types:
        return matrix, ""
    if isinstance(feature_types, str):
        raise TypeError(f"feature_types: expected a sequence of names, got {feature_types!r}")
    kept = np.flatnonzero([kind in feature_types for kind in matrix.types])
    if not len(kept):
        raise ValueError(
            f"feature_types: expected some of {', '.join(sorted(set(matrix.types)))}, which are in "
            f"{path.name}, got {', '.join(feature_types)}"
        )
    others = Counter(kind for kind in matrix.types if kind not in feature_types)
    if not others:
        return matrix, ""
    listed = ", ".join(f"{count} of type {kind}" for kind, count in sorted(others.items()))
    return CountMatrix(
        matrix.values.tocsc()[:, kept],
        matrix.cells,
        *(tuple(column[i] for i in kept) for column in (matrix.genes, matrix.ids, matrix.types)),
    ), f" Other features are left out: {listed}."


def _unique(names: Sequence[str]) -> list[str]:
    """The names, with ``-1``, ``-2``, … after those that occur again; no other gene's name."""
    taken, seen = set(names), set[str]()
    unique = []
    for name in names:
        new, number = name, 0
        while name in seen and new in taken:
            number += 1
            new = f"{name}-{number}"
        seen.add(name)
        taken.add(new)
        unique.append(new)
    return unique


def _check(matrix: CountMatrix, path: Path) -> None:
    """Refuse what is not a count."""
    entries = matrix.values.tocoo()
    data: NDArray[Any] = np.asarray(entries.data)
    if data.dtype.kind not in "iufb":
        raise ValueError(f"root: expected numbers in {path.name}, got dtype {data.dtype}")
    wrong = ~(np.isfinite(data) & (data >= 0))
    wrong[~wrong] = data[~wrong] != np.floor(data[~wrong])
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        cell, gene = (int(axis[first]) for axis in entries.coords)
        raise ValueError(
            f"root: expected raw counts, whole numbers of at least 0, in {path.name}, got "
            f"{data[first]} at cell {matrix.cells[cell]!r}, gene {matrix.genes[gene]!r}; "
            "normalized values cannot be turned back"
        )
    if data.size and data.max() > np.iinfo(np.int32).max:
        raise ValueError(f"root: expected counts below 2**31 in {path.name}, got {data.max()}")


def _choose(
    values: Any, total: NDArray[Any], min_cells: int, num_genes: int | None
) -> NDArray[np.int64]:
    """The genes to keep, in the order of the file."""
    if not len(total):
        return np.zeros(0, np.int64)
    cells = np.asarray((values > 0).sum(axis=0)).ravel()
    columns = np.flatnonzero(cells >= max(min_cells, 1))
    if num_genes is None or len(columns) <= num_genes:
        return columns
    logs = values[:, columns].astype(np.float64).tocoo()
    logs.data = np.log1p(logs.data * 1e4 / total[logs.coords[0]])
    logs = logs.tocsr()
    mean = np.asarray(logs.mean(axis=0)).ravel()
    variance = np.asarray((logs * logs).mean(axis=0)).ravel() - mean**2
    return np.sort(columns[np.argsort(-variance, kind="stable")[:num_genes]])
