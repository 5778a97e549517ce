"""The dtypes of a data frame: their names, columns of them, and those that have no model."""

from __future__ import annotations

import datetime
import decimal
import numbers
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_ORDERED = "ordered "
_CATEGORY = "category"


def dtype_name(dtype: Any) -> str:
    """A text for a dtype of pandas from which :func:`restored` makes it again.

    Example:
        >>> import pandas as pd
        >>> dtype_name(pd.CategoricalDtype([3, 1], ordered=True))
        'ordered category[int64]'
    """
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        order = _ORDERED if dtype.ordered else ""
        inner = "object" if dtype.categories is None else dtype_name(dtype.categories.dtype)
        return f"{order}{_CATEGORY}[{inner}]"
    if isinstance(dtype, pd.StringDtype) and str(dtype) == "string":
        return f"string[{dtype.storage}]"
    return str(dtype)


def restored(
    values: Sequence[Any], seen: np.ndarray, name: str, categories: Sequence[Any]
) -> pd.Series:
    """Values as a column of the dtype of this name, missing where not seen.

    Whole numbers among which some are missing become pandas' nullable ones, and numbers that are
    not whole, such as means, stay as they are, whatever the name says.
    """
    import pandas as pd

    held = [value if here else None for value, here in zip(values, seen, strict=True)]
    if not name:
        return pd.Series(held)
    if name.endswith("]") and name.removeprefix(_ORDERED).startswith(f"{_CATEGORY}["):
        inner = pd.api.types.pandas_dtype(name.partition("[")[2][:-1])
        index = pd.Index(list(categories), dtype=inner)
        dtype: Any = pd.CategoricalDtype(index, ordered=name.startswith(_ORDERED))
        return pd.Series(pd.Categorical(held, dtype=dtype))
    dtype = pd.api.types.pandas_dtype(name)
    if dtype.kind in "iu":
        if any(value is not None and value != int(value) for value in held):
            return pd.Series(held, dtype=np.float64)
        held = [None if value is None else int(value) for value in held]
    if dtype.kind in "iub" and None in held and isinstance(dtype, np.dtype):
        sizes = {"b": "boolean", "i": f"Int{8 * dtype.itemsize}", "u": f"UInt{8 * dtype.itemsize}"}
        return pd.Series(held, dtype=sizes[dtype.kind])
    return pd.Series(held, dtype=dtype)


def refuse_unmodeled(values: pd.Series, name: str, *, leveled: bool = False) -> None:
    """Name what is neither a number nor a text nor a category, and say what to do with it.

    Args:
        values: the observed values of a column.
        name: its name.
        leveled: whether they are taken for levels, which anything can be that can be looked up.

    Raises:
        ValueError: dates, times, durations, decimal and complex numbers, intervals, bytes, lists, …
    """
    import pandas as pd

    dtype = values.dtype
    known = isinstance(dtype, (pd.CategoricalDtype, pd.StringDtype))
    if known or (leveled and dtype.kind != "O"):
        return
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        found = ("dates and times", str(dtype), "turn them into numbers (days since the first)")
    elif pd.api.types.is_timedelta64_dtype(dtype):
        found = ("durations", str(dtype), "turn them into numbers (.dt.total_seconds())")
    elif isinstance(dtype, pd.IntervalDtype):
        found = ("intervals", str(dtype), "turn them into an ordered Categorical")
    elif pd.api.types.is_complex_dtype(dtype):
        found = ("complex numbers", str(dtype), "make a column of each part")
    elif dtype.kind == "O":
        answers = (_unmodeled(value, leveled) for value in values)
        first = next((answer for answer in answers if answer is not None), None)
        if first is None:
            return
        found = first
    else:
        return
    what, came, advice = found
    raise ValueError(f"column {name!r}: {what} ({came}) are not modeled; {advice}, or drop them")


def _unmodeled(value: Any, leveled: bool) -> tuple[str, str, str] | None:
    """What an object is, its type, and what to do with it; None for a number or a text."""
    kind = type(value).__name__
    if leveled and isinstance(value, Hashable):
        return None
    if isinstance(value, (datetime.date, datetime.time, np.datetime64)):
        return "dates and times", kind, "turn them into numbers (days since the first)"
    if isinstance(value, (datetime.timedelta, np.timedelta64)):
        return "durations", kind, "turn them into numbers (of seconds)"
    if isinstance(value, decimal.Decimal):
        return "decimal numbers", kind, "turn them into floating-point ones (.astype(float))"
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return "complex numbers", kind, "make a column of each part"
    if isinstance(value, (str, numbers.Real, bool, np.bool_)):
        return None
    return f"values of type {kind}", repr(value)[:40], "turn them into numbers or texts"
