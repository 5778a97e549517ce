"""Counts in memory, whatever holds them: an array, a data frame, a sparse matrix, AnnData."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from aelib._checks import check_array, check_count_array
from aelib._lazy import require


class CountMatrix(NamedTuple):
    """Counts ``[cells, genes]`` and what the axes are.

    Attributes:
        values: an array, or a SciPy sparse one.
        cells: name of each cell.
        genes: symbol of each gene.
        ids: identifier of each gene; its symbol where there is nothing else.
        types: type of each feature, or empty where nothing says it.
        genomes: genome of each feature, or empty where nothing says it.
    """

    values: Any
    cells: tuple[str, ...]
    genes: tuple[str, ...]
    ids: tuple[str, ...]
    types: tuple[str, ...] = ()
    genomes: tuple[str, ...] = ()

    def select(self, columns: Int[NDArray[Any], " kept"]) -> CountMatrix:
        """The same with only these features."""
        kept = [
            tuple(column[i] for i in columns) if column else ()
            for column in (self.genes, self.ids, self.types, self.genomes)
        ]
        return CountMatrix(self.values[:, columns], self.cells, *kept)


def holds_counts(value: Any) -> bool:
    """Whether this is a matrix that NumPy cannot read: sparse, AnnData, or a data frame."""
    return hasattr(value, "tocsr") or _is_annotated(value) or _is_frame(value)


def count_matrix(name: str, value: Any, layer: str | None = None) -> CountMatrix:
    """The matrix, and the names of its axes: those that come with it, or numbered ones.

    Args:
        name: the argument's name, for the message.
        value: cells by genes: an AnnData object, backed or not, a pandas data frame, a SciPy sparse
            matrix or array, or what NumPy can read.
        layer: of AnnData: None for ``X``, ``"raw"`` for ``raw.X``, else the name of a layer.

    Raises:
        TypeError: if it does not hold real numbers, or is a masked array.
        ValueError: if it is not a matrix, or has no such layer.
    """
    if _is_annotated(value):
        return _from_annotated(name, value, layer)
    if layer is not None:
        raise ValueError(f"layer: expected None for counts that have no layers, got {layer!r}")
    if _is_frame(value):
        genes = tuple(map(str, value.columns))
        return CountMatrix(_frame_values(name, value), tuple(map(str, value.index)), genes, genes)
    values = _values(name, value)
    cells, genes = values.shape
    names = tuple(f"gene {i}" for i in range(genes))
    return CountMatrix(values, tuple(f"cell {i}" for i in range(cells)), names, names)


def count_array(name: str, value: Any) -> NDArray[np.int64]:
    """Counts as an array, from whatever holds them.

    Args:
        name: the argument's name, for the message.
        value: see :func:`count_matrix`; of what NumPy can read, any shape.

    Raises:
        TypeError: if it does not hold real numbers, or is a masked array.
        ValueError: if a value is negative, not whole or not finite.
    """
    if not holds_counts(value):
        return check_count_array(name, value)
    values = count_matrix(name, value).values
    if not hasattr(values, "tocsr"):
        return check_count_array(name, values)
    # Only what is stored is looked at: the rest is 0.
    rows = as_csr(values)
    check_stored_counts(name, rows)
    rows.data = check_count_array(name, rows.data)
    return rows.toarray()


def as_csr(values: Any) -> Any:
    """A SciPy sparse array by rows in which no entry is stored twice; a copy, if need be."""
    sparse = require("scipy.sparse", purpose="counts that are stored sparse")
    if values.dtype.kind not in "biuf":
        raise TypeError(f"counts: expected real numbers, got dtype {values.dtype}")
    if hasattr(values, "tocsr"):
        # Entries that are stored twice are added, for which a byte may be too small.
        wide = np.float64 if values.dtype.kind == "f" else np.int64
        canonical = values.format in ("csr", "csc") and values.has_canonical_format
        values = values if canonical else values.astype(wide)
    rows = sparse.csr_array(values)
    rows.sum_duplicates()
    return rows


def check_stored_counts(name: str, rows: Any) -> None:
    """Raise ValueError if an entry of a sparse matrix is no count."""
    wrong = first_that_is_no_count(rows)
    if wrong is not None:
        row, column, stored = wrong
        raise ValueError(
            f"{name}: expected whole numbers of at least 0, got {stored} at index ({row}, {column})"
        )


def first_that_is_no_count(rows: Any) -> tuple[int, int, Any] | None:
    """Row, column and value of the first entry that is negative, not whole or not finite."""
    entries = rows.tocoo()
    data: NDArray[Any] = np.asarray(entries.data)
    wrong = ~(np.isfinite(data) & (data >= 0))
    wrong[~wrong] = data[~wrong] != np.floor(data[~wrong])
    if not wrong.any():
        return None
    first = int(np.flatnonzero(wrong)[0])
    row, column = (int(axis[first]) for axis in entries.coords)
    return row, column, data[first]


def _is_annotated(value: Any) -> bool:
    return all(hasattr(value, part) for part in ("obs_names", "var_names", "layers"))


def _is_frame(value: Any) -> bool:
    return hasattr(value, "dtypes") and hasattr(value, "columns")


def _from_annotated(name: str, data: Any, layer: str | None) -> CountMatrix:
    layers = [name for name in data.layers if name is not None]  # since 0.13 there is X as well
    layers = ["raw", *layers] if data.raw is not None else layers
    if layer is not None and layer not in layers:
        listed = "".join(f", {each!r}" for each in layers)
        raise ValueError(f"layer: expected None for X{listed}; got {layer!r}")
    owner = data.raw if layer == "raw" else data
    try:
        values = owner.X if layer in (None, "raw") else data.layers[layer]
    except KeyError:  # a file held open that has no X
        values = None
    if values is None:
        listed = ", ".join(map(repr, layers)) or "but there are none"
        raise ValueError(
            f"layer: expected one of the layers ({listed}), as there is no X; got None"
        )
    genes = tuple(map(str, owner.var_names))

    def column(key: str, missing: Sequence[str]) -> tuple[str, ...]:
        if key not in owner.var:
            return ()
        entries = zip(owner.var[key], owner.var[key].isna(), missing, strict=True)
        return tuple(other if absent else str(entry) for entry, absent, other in entries)

    return CountMatrix(
        _values(name, values),
        tuple(map(str, data.obs_names)),
        genes,
        column("gene_ids", genes) or genes,
        column("feature_types", ["unknown"] * len(genes)),
        column("genome", ["unknown"] * len(genes)),
    )


def _values(name: str, values: Any) -> Any:
    """A matrix in memory: sparse as it is, or an array."""
    for read in ("to_memory", "compute"):  # a part of a file, or an array of dask
        if hasattr(values, read):
            values = getattr(values, read)()
    if not hasattr(values, "tocsr"):
        if isinstance(values, np.ndarray) and not isinstance(values, np.ma.MaskedArray):
            values = np.asarray(values)  # a view of AnnData is an array of its own kind
        return check_array(name, values, shape=("cells", "genes"), finite=False)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected real numbers, got dtype {values.dtype}")
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"{name}: expected shape [cells, genes], got {values.shape}")
    if hasattr(values, "check_format"):  # an index beyond the end would be looked up all the same
        try:
            values.check_format(full_check=True)
        except ValueError as error:
            raise ValueError(
                f"{name}: expected a whole sparse matrix, got one with {error}"
            ) from None
    return values


def _frame_values(name: str, frame: Any) -> Any:
    """The numbers of a data frame; sparse, if all of its columns are."""
    pandas = require("pandas", purpose="counts in a data frame")
    for label, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not pandas.api.types.is_numeric_dtype(dtype) or dtype.kind == "c":
            raise TypeError(
                f"{name}: expected numbers in every column, one for each gene; got {dtype} in "
                f"column {label!r}"
            )
    if any(frame.dtypes.map(lambda dtype: dtype.kind) == "f") or frame.isna().any(axis=None):
        whole: Any = np.float64
    else:
        whole = np.uint64 if (frame.dtypes == np.uint64).all() else np.int64
    if frame.size and all(isinstance(dtype, pandas.SparseDtype) for dtype in frame.dtypes):
        return _values(name, frame.sparse.to_coo())
    return _values(name, frame.to_numpy(whole, na_value=np.nan))
