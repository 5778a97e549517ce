"""Count matrices in HDF5: AnnData's ``.h5ad``, and ``.h5`` as 10x Genomics writes it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from aelib._lazy import require
from aelib.data._count_matrix import CountMatrix, count_matrix

#: What a matrix of 10x Genomics is made of, whatever the version of Cell Ranger.
_COMPRESSED = {"barcodes", "data", "indices", "indptr", "shape"}
# What a part of a file of AnnData says of itself.
_KIND, _VERSION = "encoding-type", "encoding-version"


def is_hdf5(path: Path) -> bool:
    """Whether the name or the content says so."""
    if path.is_dir():
        return False
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n" or path.suffix in (".h5ad", ".h5")


def read_hdf5(path: Path, layer: str | None, genome: str | None) -> CountMatrix:
    """The counts of an HDF5 file, by what is in it.

    Raises:
        ModuleNotFoundError: without the packages that read it; the message names the extra.
        ValueError: if the file is damaged or something else, or has no such layer or genome.
    """
    h5py = require("h5py", purpose=f"reading {path.suffix} files", extra="cells")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(
            f"root: expected an HDF5 file, {path.name} is damaged or something else ({error})"
        ) from error
    with file:
        if {"obs", "var"} & set(file):
            complete = not _unsaid(file)
            file.close()  # anndata opens it itself
            return _read_annotated(path, layer, path if complete else _said(path))
        if layer is not None:
            raise ValueError(f"layer: expected None for a file that has no layers, got {layer!r}")
        return _read_10x(file, path, genome)


def _read_annotated(path: Path, layer: str | None, source: Path | io.BytesIO) -> CountMatrix:
    anndata = require("anndata", purpose="reading .h5ad files", extra="cells")
    with warnings.catch_warnings():
        # About old encodings, which are read all the same, and names that we make unique.
        warnings.simplefilter("ignore")
        try:
            # Backed, so that of the large parts only the one that is asked for is read.
            data = anndata.read_h5ad(source, backed="r" if source is path else None)
        except Exception as error:  # whatever the reader trips over in a damaged file
            raise _damaged(path, error) from error
        try:
            return count_matrix(f"root: {path.name}", data, layer)
        except (KeyError, OSError, RuntimeError) as error:
            raise _damaged(path, error) from error
        finally:
            data.file.close()


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"root: expected an .h5ad file as AnnData writes it, {path.name} is damaged or something "
        f"else ({error})"
    )


def _unsaid(file: Any) -> list[Any]:
    """Tables, and parts of a kind, that do not say in which version of it they are.

    AnnData takes such a table for a mere dictionary and numbers the cells. Others than AnnData have
    written some.
    """
    names = [name for name in ("obs", "var", "raw/var") if name in file]
    # Before 0.7, tables were no groups.
    parts = [file[name] for name in names if hasattr(file[name], "keys")]

    def of_a_kind(_: str, part: Any) -> None:
        if _KIND in part.attrs:
            parts.append(part)

    file.visititems(of_a_kind)
    return [part for part in parts if _VERSION not in part.attrs]


def _said(path: Path) -> io.BytesIO:
    """A copy of the file in memory in which they do."""
    h5py = require("h5py", purpose="reading .h5ad files", extra="cells")
    copy = io.BytesIO(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        for part in _unsaid(file):
            if _KIND not in part.attrs:  # a table
                index = part.attrs.get("_index", "_index")
                columns = [name for name in part if name not in (index, "__categories")]
                part.attrs["column-order"] = np.array(columns, h5py.string_dtype())
                part.attrs[_KIND] = "dataframe"
            if part.attrs[_KIND] == "categorical":
                part.attrs.setdefault("ordered", False)
            newer = not hasattr(part, "keys") or part.attrs[_KIND] in ("dataframe", "categorical")
            part.attrs[_VERSION] = "0.2.0" if newer else "0.1.0"
    return copy


def _read_10x(file: Any, path: Path, genome: str | None) -> CountMatrix:
    """The matrix of Cell Ranger: ``matrix`` since version 3, a group for each genome before."""
    sparse = require("scipy.sparse", purpose="reading .h5 files")
    groups = [
        name for name, part in file.items() if _COMPRESSED.issubset(getattr(part, "keys", set)())
    ]
    if not groups:
        raise ValueError(
            f"root: expected the counts of AnnData or 10x Genomics, {path.name} has neither, but "
            + (", ".join(map(repr, file)) or "nothing")
        )
    if "matrix" in groups:
        group = file["matrix"]
    else:
        if (len(groups) > 1 and genome is None) or genome not in (None, *groups):
            listed = ", ".join(map(repr, groups))
            raise ValueError(
                f"genome: expected one of those in {path.name}, {listed}; got {genome!r}"
            )
        group = file[genome or groups[0]]
    try:
        old = "features" not in group  # before version 3
        features = group if old else group["features"]
        genes = _texts(features["gene_names" if old else "name"])
        ids = _texts(features["genes" if old else "id"])
        types = _texts(features["feature_type"]) if "feature_type" in features else ()
        genomes = _texts(features["genome"]) if "genome" in features else ()
        cells = _texts(group["barcodes"])
        # Columns of the file are cells; read by rows, they are the rows.
        arrays = tuple(group[name][()] for name in ("data", "indices", "indptr"))
        number, barcodes = (int(side) for side in group["shape"][()])
        values = sparse.csr_array(arrays, shape=(barcodes, number))
        values.check_format(full_check=True)
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"root: expected a matrix as 10x Genomics writes it, {group.name} in {path.name} is "
            f"damaged or something else ({error})"
        ) from error
    for found, side, what in ((cells, barcodes, "barcodes"), (genes, number, "features")):
        if len(found) != side:
            raise ValueError(
                f"root: expected as many {what} as the shape in {path.name} says, {side}, got "
                f"{len(found)}"
            )
    if old:
        genomes = (group.name.strip("/"),) * number
    return CountMatrix(values, cells, genes, ids, types, genomes)


def _texts(column: Any) -> tuple[str, ...]:
    return tuple(
        text.decode("utf-8") if isinstance(text, bytes) else str(text) for text in column[()]
    )
