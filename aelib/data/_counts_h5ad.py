"""The matrix of an ``.h5ad`` file, read with h5py where that is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib._lazy import require


class CountMatrix(NamedTuple):
    """Counts as a SciPy sparse array ``[cells, genes]``, and what its axes are.

    Attributes:
        values: the counts.
        cells: name of each cell.
        genes: symbol of each gene.
        ids: identifier of each gene; its symbol where there is nothing else.
        types: type of each feature, or empty where the file does not say.
    """

    values: Any
    cells: tuple[str, ...]
    genes: tuple[str, ...]
    ids: tuple[str, ...]
    types: tuple[str, ...]


def read_h5ad(path: Path, layer: str | None) -> CountMatrix:
    """The counts of a file as AnnData writes it.

    Raises:
        ImportError: without h5py.
        ValueError: if the file is damaged or has not the parts that AnnData writes.
    """
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        raise ImportError(
            "root: an .h5ad file needs the package h5py; install it with `pip install h5py`, or "
            "save the counts as a Matrix Market folder"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            where, genes = _location(layer)
            values = _matrix(_part(file, where), where)
            cells, names = _names(_part(file, "obs")), _names(_part(file, genes))
            table = _part(file, genes)
            ids = _texts(table["gene_ids"]) if "gene_ids" in table else names
            types = _texts(table["feature_types"]) if "feature_types" in table else ()
    except (OSError, KeyError) as error:
        raise ValueError(
            f"root: expected an .h5ad file as AnnData writes it, {path.name} is damaged or "
            f"something else ({error})"
        ) from error
    if values.shape != (len(cells), len(names)):
        raise ValueError(
            f"root: expected {where} of shape {(len(cells), len(names))}, one row for each of obs "
            f"and one column for each of {genes}, got {values.shape}"
        )
    return CountMatrix(values, cells, names, ids, types)


def _location(layer: str | None) -> tuple[str, str]:
    """Where the matrix is in the file, and where the names of its genes are."""
    if layer is None:
        return "X", "var"
    return ("raw/X", "raw/var") if layer == "raw" else (f"layers/{layer}", "var")


def _part(file: Any, where: str) -> Any:
    part = file
    for name in where.split("/"):
        if name not in part:
            raise KeyError(f"there is no {where}")
        part = part[name]
    return part


def _matrix(part: Any, where: str) -> Any:
    """A dense dataset, or a group with the three arrays of a compressed matrix."""
    sparse = require("scipy.sparse", purpose="reading .h5ad files")
    if not hasattr(part, "keys"):
        return sparse.csr_array(np.asarray(part[()]))
    kind = _text(part.attrs.get("encoding-type", ""))
    if kind not in ("csr_matrix", "csc_matrix"):
        raise KeyError(f"{where} is of the kind {kind!r}, not csr_matrix or csc_matrix")
    make = sparse.csr_array if kind == "csr_matrix" else sparse.csc_array
    arrays = tuple(np.asarray(part[name][()]) for name in ("data", "indices", "indptr"))
    return make(arrays, shape=tuple(int(n) for n in part.attrs["shape"]))


def _names(table: Any) -> tuple[str, ...]:
    """The index of a table of AnnData."""
    return _texts(table[_text(table.attrs.get("_index", "_index"))])


def _texts(column: Any) -> tuple[str, ...]:
    """A column of texts: plain, as a category, or with a mask of what is missing.

    Raises:
        KeyError: if it is stored in another way, or a text is missing.
    """
    if not hasattr(column, "keys"):
        return tuple(_text(value) for value in column[()])
    if "categories" in column and "codes" in column:
        levels = _texts(column["categories"])
        codes: NDArray[Any] = np.asarray(column["codes"][()])
        if (codes < 0).any():
            raise KeyError("a name is missing")
        return tuple(levels[code] for code in codes)
    if "values" in column and "mask" in column:
        if np.asarray(column["mask"][()]).any():
            raise KeyError("a name is missing")
        return _texts(column["values"])
    raise KeyError(f"texts are stored as {_text(column.attrs.get('encoding-type', 'a group'))!r}")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
