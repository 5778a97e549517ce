"""Tables that are arrays of codes already: their specification, and whether they fit one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.typing import ArrayLike

from aelib.likelihoods import _support
from aelib.likelihoods.composite_column import LEVELED, TableColumn
from aelib.likelihoods.composite_infer import blank_column, leveled_column, number_column


def infer_codes(
    columns: Sequence[Any], x: ArrayLike, mask: ArrayLike | None
) -> tuple[TableColumn, ...]:
    """See :meth:`Columns.from_codes`."""
    codes = _support.numeric(x)
    seen = _support.observed(codes, mask)
    if codes.ndim != 2 or codes.shape[1] != len(columns):
        raise ValueError(f"x: expected [n, {len(columns)}], got {codes.shape}")
    entries = []
    for j, column in enumerate(columns):
        values = codes[seen[:, j], j].astype(np.float64)
        nonnegative = column.kind == "nonnegative"
        kind = "continuous" if nonnegative else column.kind
        if values.size == 0 or (kind not in LEVELED and np.ptp(values) == 0):
            got = "all missing" if values.size == 0 else f"{values[0]:g} everywhere"
            raise ValueError(f"x: column {column.name!r}: nothing to learn ({got}); drop it")
        if kind in LEVELED:
            blank = blank_column(column.name, kind, column.levels)
            check_column(blank, j, codes[:, j], seen[:, j])
            entries.append(leveled_column(column.name, kind, column.levels, values))
        else:
            step = column.resolution if kind == "continuous" else None
            entry = number_column(column.name, kind, values, step, nonnegative=nonnegative)
            check_column(entry, j, codes[:, j], seen[:, j])
            entries.append(entry)
    return tuple(entries)


def check_codes(entries: Sequence[TableColumn], codes: np.ndarray, seen: np.ndarray) -> None:
    """See :meth:`Columns.check`."""
    if codes.ndim != 2 or codes.shape[1] != len(entries):
        raise ValueError(f"x: expected [n, {len(entries)}], one for each column, got {codes.shape}")
    for j, column in enumerate(entries):
        check_column(column, j, codes[:, j], seen[:, j])


def check_column(column: TableColumn, j: int, codes: np.ndarray, seen: np.ndarray) -> None:
    """Raise ``ValueError`` naming the first seen code outside the column's support."""
    bad = np.flatnonzero(seen & ~column.accepts(codes))
    if bad.size:
        value = codes[bad[0]]
        hint = "; is it missing? then mask must say so" if np.isnan(value) else ""
        more = f" (and {bad.size - 1} more)" if bad.size > 1 else ""
        raise ValueError(
            f"x: column {column.name!r}: expected {column.support}, got {value} at index "
            f"({bad[0]}, {j}){more}{hint}"
        )


def nearest_codes(entries: Sequence[TableColumn], codes: np.ndarray) -> np.ndarray:
    """See :meth:`Columns.nearest`."""
    snapped = codes.astype(np.promote_types(codes.dtype, np.float32))
    for j, column in enumerate(entries):
        if column.kind in LEVELED:
            snapped[:, j] = np.clip(np.round(snapped[:, j]), 0, column.num_levels - 1)
        elif column.kind == "count":
            snapped[:, j] = np.maximum(np.round(snapped[:, j]), 0)
        elif column.resolution:
            on_grid = np.round(snapped[:, j] / column.resolution) * column.resolution
            snapped[:, j] = np.clip(on_grid, *column.limits)
    return snapped
