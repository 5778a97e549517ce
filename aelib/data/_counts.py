"""Your own counts: from the files of 10x Genomics and AnnData, or from an object in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_count
from aelib.data._count_matrix import CountMatrix, as_csr, count_matrix, first_that_is_no_count
from aelib.data._counts_folder import read_folder
from aelib.data._counts_hdf5 import is_hdf5, read_hdf5
from aelib.data._dataset import Dataset

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_GENES = "Gene Expression"


def load_counts(
    *,
    root: str | PathLike[str] | None = None,
    counts: AnnData | pd.DataFrame | Int[ArrayLike, "cells genes"] | None = None,
    num_genes: int | None = 2000,
    min_cells: int = 3,
    min_counts: int = 1,
    layer: str | None = None,
    feature_types: Sequence[str] | None = (_GENES,),
    genome: str | None = None,
) -> Dataset:
    """A count matrix of your own, cells by genes.

    From ``root``: a folder with ``matrix.mtx``, ``barcodes.tsv`` and ``features.tsv`` (or
    ``genes.tsv``), each plain or ``.gz``, with one prefix before their names or none
    (``GSM123_matrix.mtx.gz``); or the ``.mtx`` file, with the other two beside it or without, genes
    in rows as 10x writes them; or an ``.h5`` file of Cell Ranger; or an ``.h5ad`` file, which
    AnnData reads. The last two need ``pip install "aelib[cells]"``. From ``counts``: an AnnData
    object, a data frame, a SciPy sparse matrix or an array, cells in rows. Counts have to be raw:
    whole numbers.

    Features of other types than ``feature_types``, such as antibodies, are left out first. Then
    cells with fewer than ``min_counts`` counts are left out, then genes seen in fewer than
    ``min_cells`` cells, and of the others the ``num_genes`` that vary most are kept, by the
    variance of the logarithm of one plus the count per 10,000 of its cell. The choice looks at all
    counts, as does everything that later holds out a part of them.

    Args:
        root: the folder or file.
        counts: the counts themselves, instead of ``root``.
        num_genes: genes to keep at most; None for all.
        min_cells: cells in which a gene has to be seen.
        min_counts: counts that a cell has to have, over all genes.
        layer: of AnnData: which layer holds the counts; None for ``X``, ``"raw"`` for ``raw.X``.
        feature_types: types of features to keep, where the data say types; None for all.
        genome: which one to keep, where the data say genomes; None for all. A file of Cell Ranger 2
            with more than one has no matrix of all.

    Returns:
        Counts, int32 ``[cells, genes]``; no labels. ``feature_names`` are the genes' symbols, with
        ``-1``, ``-2``, … after those that occur again, and ``metadata["feature_ids"]`` their
        identifiers. ``extras["barcode"]`` names the cells, ``extras["library_size"]`` has their
        counts over *all* genes.

    Raises:
        FileNotFoundError: if there is no such file or folder, or a part of it is missing.
        ValueError: if a file is damaged, the sizes do not fit, a value is not a count, or nothing
            is left.
        TypeError: if ``counts`` do not hold numbers.
        ModuleNotFoundError: without the packages that read ``.h5`` and ``.h5ad``.
    """
    if (root is None) == (counts is None):
        raise ValueError(
            "root: expected the folder or file that holds your counts, or the counts themselves as "
            f"counts; got {'neither' if root is None else 'both'}"
        )
    min_cells = check_count("min_cells", min_cells, at_least=0)
    min_counts = check_count("min_counts", min_counts, at_least=0)
    if num_genes is not None:
        num_genes = check_count("num_genes", num_genes)
    if root is None:
        name, source = "counts", "an object in memory"
        matrix = count_matrix(name, counts, layer)
    else:
        if not isinstance(root, (str, PathLike)):
            kind = type(root).__name__
            raise TypeError(
                f"root: expected a path, got {kind}; counts in memory are given as counts"
            )
        path = Path(root)
        name, source = f"root: {path.name}", path.name
        matrix = _read(path, layer, genome)
    matrix, left_out = _select_features(matrix, feature_types, genome, name)
    values = as_csr(matrix.values)
    _check(values, matrix, name)
    total = np.asarray(values.sum(axis=1)).ravel()
    rows = np.flatnonzero(total >= max(min_counts, 1))
    values = values[rows]
    columns = _choose(values, total[rows], min_cells, num_genes)
    if not len(rows) or not len(columns):
        raise ValueError(
            f"{name}: expected cells and genes, but of {len(total)} cells {len(rows)} "
            f"have {max(min_counts, 1)} counts or more, and of {values.shape[1]} genes "
            f"{len(columns)} are seen in {min_cells} of them"
        )
    symbols = _unique(matrix.genes)
    return Dataset(
        name="counts",
        x=values[:, columns].toarray(),
        feature_names=tuple(symbols[i] for i in columns),
        units="transcripts counted",
        source=source,
        license="yours",
        citation="your own data",
        description=f"Counts of {len(columns)} genes in {len(rows)} cells, from {source}."
        + left_out,
        extras={
            "barcode": np.array([matrix.cells[i] for i in rows]),
            "library_size": total[rows],
        },
        metadata={"feature_ids": tuple(matrix.ids[i] for i in columns)},
    )


def _read(path: Path, layer: str | None, genome: str | None) -> CountMatrix:
    if not path.exists():
        raise FileNotFoundError(f"root: expected a folder or file of counts, there is none: {path}")
    if is_hdf5(path):
        return read_hdf5(path, layer, genome)
    if layer is not None:
        raise ValueError(f"layer: expected None for a file that has no layers, got {layer!r}")
    return read_folder(path)


def _select_features(
    matrix: CountMatrix, feature_types: Sequence[str] | None, genome: str | None, name: str
) -> tuple[CountMatrix, str]:
    """Only the features of these types and this genome, and a sentence on what was left out."""
    if isinstance(feature_types, str):
        raise TypeError(f"feature_types: expected a sequence of names, got {feature_types!r}")
    kept = np.ones(len(matrix.genes), bool)
    others: Counter[str] = Counter()
    if genome is not None:
        if genome not in matrix.genomes:
            known = ", ".join(sorted(set(matrix.genomes))) or "none"
            raise ValueError(f"genome: expected one that {name} names ({known}), got {genome!r}")
        kept &= [each == genome for each in matrix.genomes]
        others.update(f"genome {each}" for each in matrix.genomes if each != genome)
    if feature_types is not None and matrix.types:
        wanted = [kind in feature_types for kind in matrix.types]
        if not any(wanted):
            raise ValueError(
                f"feature_types: expected some of {', '.join(sorted(set(matrix.types)))}, which "
                f"are in {name}, got {', '.join(feature_types)}"
            )
        others.update(
            f"type {kind}"
            for kind, here in zip(matrix.types, kept, strict=True)
            if here and kind not in feature_types
        )
        kept &= wanted
    if kept.all():
        return matrix, ""
    listed = ", ".join(f"{count} of {what}" for what, count in sorted(others.items()))
    columns = np.flatnonzero(kept)
    return matrix.select(columns), f" Other features are left out: {listed}."


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


def _check(values: Any, matrix: CountMatrix, name: str) -> None:
    """Refuse what is not a count, and make int32 of what is."""
    wrong = first_that_is_no_count(values)
    if wrong is not None:
        row, column, value = wrong
        raise ValueError(
            f"{name}: expected raw counts, whole numbers of at least 0, got {value} at cell "
            f"{matrix.cells[row]!r}, gene {matrix.genes[column]!r}; normalized values cannot be "
            "turned back"
        )
    if values.data.size and values.data.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{name}: expected counts below 2**31, got {values.data.max()}")
    values.data = values.data.astype(np.int32)


def _choose(
    values: Any, total: np.ndarray, min_cells: int, num_genes: int | None
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
