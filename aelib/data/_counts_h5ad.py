"""The matrix of an ``.h5ad`` file, read with h5py where that is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np


def read_h5ad(path: Path, layer: str | None) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Counts ``[cells, genes]`` as a SciPy sparse array, names of cells and of genes.

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
            place, genes = _place(layer)
            values = _matrix(_part(file, place), place)
            cells, names = _names(_part(file, "obs")), _names(_part(file, genes))
    except (OSError, KeyError) as error:
        raise ValueError(
            f"root: expected an .h5ad file as AnnData writes it, {path.name} is damaged or "
            f"something else ({error})"
        ) from error
    if values.shape != (len(cells), len(names)):
        raise ValueError(
            f"root: expected {place} of shape {(len(cells), len(names))}, one row for each of obs "
            f"and one column for each of {genes}, got {values.shape}"
        )
    return values, cells, names


def _place(layer: str | None) -> tuple[str, str]:
    """Where the matrix is in the file, and where the names of its genes are."""
    if layer is None:
        return "X", "var"
    return ("raw/X", "raw/var") if layer == "raw" else (f"layers/{layer}", "var")


def _part(file: Any, place: str) -> Any:
    part = file
    for name in place.split("/"):
        if name not in part:
            raise KeyError(f"there is no {place}")
        part = part[name]
    return part


def _matrix(part: Any, place: str) -> Any:
    """A dense dataset, or a group with the three arrays of a compressed matrix."""
    from scipy.sparse import csc_array, csr_array

    if not hasattr(part, "keys"):
        return csr_array(np.asarray(part[()]))
    kind = part.attrs.get("encoding-type", "")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if kind not in ("csr_matrix", "csc_matrix"):
        raise KeyError(f"{place} is of the kind {kind!r}, not csr_matrix or csc_matrix")
    make = csr_array if kind == "csr_matrix" else csc_array
    arrays = tuple(np.asarray(part[name][()]) for name in ("data", "indices", "indptr"))
    return make(arrays, shape=tuple(int(n) for n in part.attrs["shape"]))


def _names(table: Any) -> tuple[str, ...]:
    """The index of a table of AnnData."""
    column = table.attrs.get("_index", "_index")
    column = column.decode() if isinstance(column, bytes) else str(column)
    values = table[column][()]
    return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in values)
