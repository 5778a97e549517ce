"""Your own counts: a Matrix Market folder as 10x Genomics writes it, or an ``.h5ad`` file."""

from __future__ import annotations

import gzip
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib.data._counts_h5ad import read_h5ad
from aelib.data._dataset import Dataset


class Matrix(NamedTuple):
    """Counts as a SciPy sparse array ``[cells, genes]``, and the names of both."""

    values: Any
    cells: tuple[str, ...]
    genes: tuple[str, ...]


def load_counts(
    *,
    root: str | PathLike[str] | None = None,
    num_genes: int | None = 2000,
    min_cells: int = 3,
    min_counts: int = 1,
    layer: str | None = None,
) -> Dataset:
    """A count matrix of your own, cells by genes.

    A folder with ``matrix.mtx``, ``barcodes.tsv`` and ``features.tsv`` (or ``genes.tsv``), each
    plain or ``.gz``; or a single ``.mtx`` file, genes in rows as 10x writes them; or an ``.h5ad``
    file, for which the package h5py has to be installed. Counts have to be raw: whole numbers.

    Cells with fewer than ``min_counts`` counts are left out, then genes seen in fewer than
    ``min_cells`` cells, and of the others the ``num_genes`` that vary most are kept, by the
    variance of the logarithm of one plus the count per 10,000 of its cell. The choice looks at all
    counts, as does everything that later holds out a part of them.

    Args:
        root: the folder or file.
        num_genes: genes to keep at most; None for all.
        min_cells: cells in which a gene has to be seen.
        min_counts: counts that a cell has to have, over all genes.
        layer: for ``.h5ad``: which layer holds the counts; None for ``X``, ``"raw"`` for ``raw/X``.

    Returns:
        Counts, int32 ``[cells, genes]``; no labels. ``extras["barcode"]`` names the cells,
        ``extras["library_size"]`` has their counts over *all* genes.

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
    for name, number in (("min_cells", min_cells), ("min_counts", min_counts)):
        if number < 0:
            raise ValueError(f"{name}: expected at least 0, got {number}")
    if num_genes is not None and num_genes < 1:
        raise ValueError(f"num_genes: expected at least 1 or None, got {num_genes}")
    if path.suffix == ".h5ad":
        matrix = Matrix(*read_h5ad(path, layer))
    elif layer is not None:
        raise ValueError(f"layer: expected None for a file that has no layers, got {layer!r}")
    else:
        matrix = _read_folder(path)
    _check(matrix, path)
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
    return Dataset(
        name="counts",
        x=np.asarray(values[:, columns].todense()).astype(np.int32),
        feature_names=tuple(matrix.genes[i] for i in columns),
        units="transcripts counted",
        source=path.name,
        license="yours",
        citation="your own data",
        description=f"Counts of {len(columns)} genes in {len(rows)} cells, from {path.name}.",
        extras={
            "barcode": np.array([matrix.cells[i] for i in rows]),
            "library_size": total[rows].astype(np.int64),
        },
    )


def _read_folder(path: Path) -> Matrix:
    """The three files of a folder, or one matrix by itself."""
    if path.is_file():
        values = _read_mtx(path).T
        return Matrix(
            values,
            tuple(f"cell {i}" for i in range(values.shape[0])),
            tuple(f"gene {i}" for i in range(values.shape[1])),
        )
    values = _read_mtx(_find(path, "matrix.mtx")).T
    barcodes = _read_column(_find(path, "barcodes.tsv"), 0)
    features = _find(path, "features.tsv", "genes.tsv")
    genes = _read_column(features, 1)
    for axis, names, what in ((0, barcodes, "barcodes"), (1, genes, "features")):
        if len(names) != values.shape[axis]:
            raise ValueError(
                f"root: expected as many {what} as the matrix has {('columns', 'rows')[axis]}, "
                f"{values.shape[axis]}, got {len(names)} in {path.name}"
            )
    return Matrix(values, barcodes, genes)


def _find(folder: Path, *names: str) -> Path:
    for name in names:
        for file in (folder / name, folder / f"{name}.gz"):
            if file.is_file():
                return file
    listed = " or ".join(names)
    raise FileNotFoundError(f"root: expected {listed}, plain or .gz, there is none in {folder}")


def _read_mtx(file: Path) -> Any:
    from scipy.io import mmread
    from scipy.sparse import coo_array

    try:
        return coo_array(mmread(file, spmatrix=False))
    except (ValueError, EOFError, OSError, OverflowError, zlib.error) as error:
        raise ValueError(
            f"root: expected a whole Matrix Market file, {file.name} is damaged or something else "
            f"({error})"
        ) from error


def _read_column(file: Path, column: int) -> tuple[str, ...]:
    """One column of a table separated by tabs; the first where there are not so many."""
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8")
    except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
        raise ValueError(f"root: expected a text file, {file.name} is damaged ({error})") from error
    rows = [line.split("\t") for line in text.splitlines() if line]
    return tuple(row[column] if column < len(row) else row[0] for row in rows)


def _check(matrix: Matrix, path: Path) -> None:
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
