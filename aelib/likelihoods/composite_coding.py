"""Between a data frame and an array of codes with a mask."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from aelib.likelihoods.composite_column import LEVELED, TableColumn
from aelib.likelihoods.composite_infer import place, plain, to_codes, to_numbers

if TYPE_CHECKING:
    import pandas as pd


class CodedTable(NamedTuple):
    """A table as arrays.

    Attributes:
        x: [n, columns] codes of levels, counts and values in their own units; 0 where not
            observed. float32, or float64 with x64.
        mask: [n, columns] booleans, True where observed.
    """

    x: np.ndarray
    mask: np.ndarray


def encode_frame(entries: Sequence[TableColumn], frame: "pd.DataFrame") -> CodedTable:
    """See :meth:`Columns.encode`."""
    check_frame(frame)
    names = [entry.name for entry in entries]
    given, missing = list(frame.columns), [n for n in names if n not in frame.columns]
    extra = [name for name in given if name not in names]
    if missing or extra:
        raise ValueError(
            f"frame: expected the columns {', '.join(map(repr, names))}; "
            + (f"missing: {', '.join(map(repr, missing))}" if missing else "")
            + ("; " if missing and extra else "")
            + (f"not expected: {', '.join(map(repr, extra))}" if extra else "")
            + ("" if missing else " (select the columns with frame[list(columns.names)])")
        )
    dtype = jnp.zeros(()).dtype
    x = np.zeros((len(frame), len(entries)), dtype)
    mask = np.zeros(x.shape, bool)
    for j, column in enumerate(entries):
        seen = ~frame[column.name].isna().to_numpy(bool)
        values = frame[column.name][seen]
        x[seen, j] = _codes(column, values, dtype)
        mask[:, j] = seen
    return CodedTable(x, mask)


def decode_codes(
    entries: Sequence[TableColumn], codes: np.ndarray, seen: np.ndarray
) -> "pd.DataFrame":
    """See :meth:`Columns.decode`."""
    import pandas as pd

    data = {}
    for j, column in enumerate(entries):
        levels = column.levels if column.kind in LEVELED else None
        data[column.name] = [
            (levels[int(code)] if levels else plain(code)) if here else None
            for code, here in zip(codes[:, j], seen[:, j], strict=True)
        ]
    return pd.DataFrame(data)


def check_frame(frame: Any) -> None:
    """A data frame with rows and columns whose names are different texts.

    Raises:
        TypeError: not a data frame.
        ValueError: an empty frame, or names that are not texts or not different.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"frame: expected a pandas DataFrame, got {type(frame).__name__}")
    if not frame.shape[0] or not frame.shape[1]:
        raise ValueError(f"frame: expected rows and columns, got an empty one, {frame.shape}")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"frame: expected different column names, got {twice!r} twice")
    for name in frame.columns:
        if not isinstance(name, str):
            raise ValueError(f"frame: expected texts as column names, got {name!r}")


def _codes(column: TableColumn, values: "pd.Series", dtype: Any) -> np.ndarray:
    if column.kind in LEVELED:
        return to_codes(column, values)
    numbers = to_numbers(values, column.name)
    bad = np.flatnonzero(~column.accepts(numbers))
    if bad.size:
        raise ValueError(
            f"column {column.name!r}: expected {column.support}, got {numbers[bad[0]]:g} in "
            f"{place(values, int(bad[0]))}"
        )
    if numbers.size:
        step = float(np.spacing(np.abs(numbers).max().astype(dtype)))
        if column.kind == "continuous" and step > 1e-2 * column.spread:
            raise ValueError(
                f"column {column.name!r}: {dtype} has steps of {step:g} at values like "
                f"{np.abs(numbers).max():g}, too coarse for a spread of {column.spread:g}; "
                "subtract an offset from the column"
            )
    return numbers
