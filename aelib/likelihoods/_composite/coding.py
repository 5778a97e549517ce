"""Between a data frame and an array of codes with a mask, and whether codes fit their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Bool, Float, Real

from aelib._column import LEVELED, Column
from aelib.likelihoods._composite.dtypes import refuse_unmodeled, restored

if TYPE_CHECKING:
    import pandas as pd


class CodedTable(NamedTuple):
    """A table as arrays.

    Attributes:
        x: [n, columns] codes of levels, counts and values in their own units; 0 where not
            observed. float32; float64 with x64, or if a count or a step of a grid is a number that
            float32 would change.
        mask: [n, columns] booleans, True where observed.
    """

    x: Float[np.ndarray, "n columns"]
    mask: Bool[np.ndarray, "n columns"]


def encode_frame(columns: Sequence[Column], frame: pd.DataFrame) -> CodedTable:
    """See :meth:`Columns.encode`."""
    check_frame(frame)
    names = [column.name for column in columns]
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
    x = np.zeros((len(frame), len(columns)), np.float64)
    mask = np.zeros(x.shape, bool)
    exact = True
    for j, column in enumerate(columns):
        seen = ~frame[column.name].isna().to_numpy(bool)
        codes = _codes(column, frame[column.name][seen], dtype)
        if column.kind != "continuous" or column.resolution:
            exact &= bool((codes.astype(dtype) == codes).all())
        x[seen, j], mask[:, j] = codes, seen
    return CodedTable(x.astype(dtype) if exact else x, mask)


def decode_codes(columns: Sequence[Column], codes: np.ndarray, seen: np.ndarray) -> pd.DataFrame:
    """See :meth:`Columns.decode`."""
    import pandas as pd

    data = {}
    for j, column in enumerate(columns):
        if column.kind in LEVELED:
            values = [
                column.levels[int(c)] if here else None
                for c, here in zip(codes[:, j], seen[:, j], strict=True)
            ]
        else:
            values = codes[:, j].tolist()
        data[column.name] = restored(values, seen[:, j], column.dtype, column.categories)
    return pd.DataFrame(data)


def check_codes(columns: Sequence[Column], codes: np.ndarray, seen: np.ndarray) -> None:
    """See :meth:`Columns.check`."""
    if codes.ndim != 2 or codes.shape[1] != len(columns):
        raise ValueError(f"x: expected [n, {len(columns)}], one for each column, got {codes.shape}")
    for j, column in enumerate(columns):
        check_column(column, j, codes[:, j], seen[:, j])


def check_column(column: Column, j: int, codes: np.ndarray, seen: np.ndarray) -> None:
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


def nearest_codes(
    columns: Sequence[Column], codes: Real[np.ndarray, "n columns"]
) -> Float[np.ndarray, "n columns"]:
    """See :meth:`Columns.nearest`."""
    snapped = codes.astype(np.promote_types(codes.dtype, np.float32))
    for j, column in enumerate(columns):
        snapped[:, j] = column.nearest(snapped[:, j])
    return snapped


def check_frame(frame: object) -> None:
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


def to_codes(column: Column, values: pd.Series) -> np.ndarray:
    """Numbers of the levels, float64.

    Raises:
        ValueError: the first value that is none of the levels, with the label of its row.
    """
    number = {level: code for code, level in enumerate(column.levels)}
    codes = np.array([number.get(plain(value), -1) for value in values], np.float64)
    bad = np.flatnonzero(codes < 0)
    if bad.size:
        more = f" (and {bad.size - 1} more)" if bad.size > 1 else ""
        shown = ", ".join(map(repr, column.levels[:12])) + (", ..." * (len(column.levels) > 12))
        raise ValueError(
            f"column {column.name!r}: expected one of {shown}; got "
            f"{plain(values.iloc[bad[0]])!r} in {row_label(values, int(bad[0]))}{more}"
        )
    return codes


def to_numbers(values: pd.Series, name: str) -> np.ndarray:
    """The values as float64.

    Raises:
        ValueError: the first that is no finite number, or a whole one that float64 would change,
            with the label of its row; or the kind of the values if they are none.
    """
    import pandas as pd

    refuse_unmodeled(values, name)
    numbers = pd.to_numeric(values.astype(object), errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise ValueError(
            f"column {name!r}: expected finite numbers, got {plain(values.iloc[bad[0]])!r} in "
            f"{row_label(values, int(bad[0]))}"
        )
    for row in np.flatnonzero(np.abs(numbers) >= 2.0**53):
        value = plain(values.iloc[row])
        if isinstance(value, int) and value != int(numbers[row]):
            raise ValueError(
                f"column {name!r}: expected whole numbers that float64 holds, got {value} in "
                f"{row_label(values, int(row))}; subtract an offset, or drop the column if it "
                "numbers the rows"
            )
    return numbers


def row_label(series: pd.Series, row: int) -> str:
    """How to find a row again: its label in the index."""
    return f"the row labeled {plain(series.index[row])!r}"


def plain(value: Any) -> Any:
    """A Python value: its repr is the value, not its NumPy type."""
    return value.item() if isinstance(value, np.generic) else value


def _codes(column: Column, values: pd.Series, dtype: DTypeLike) -> np.ndarray:
    if column.kind in LEVELED:
        return to_codes(column, values)
    numbers = to_numbers(values, column.name)
    bad = np.flatnonzero(~column.accepts(numbers))
    if bad.size:
        raise ValueError(
            f"column {column.name!r}: expected {column.support}, got {numbers[bad[0]]:g} in "
            f"{row_label(values, int(bad[0]))}"
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
