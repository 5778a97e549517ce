"""From the observed values of a column to its specification."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, Real

from aelib._column import LEVELED, Column, ColumnKind
from aelib.likelihoods import _support
from aelib.likelihoods._composite.coding import check_column, plain, to_codes, to_numbers
from aelib.likelihoods._composite.dtypes import dtype_name, refuse_unmodeled

if TYPE_CHECKING:
    import pandas as pd

#: Whole numbers with at most this many distinct values are taken for ordinal levels.
MOST_LEVELS = 10


def infer_column(
    series: pd.Series, *, kind: str | None = None, levels: Sequence[Any] | None = None
) -> Column:
    """The specification of one column: its kind, levels, center and spread.

    Args:
        series: the column; missing values (``isna``) are left out.
        kind: the kind, or None to infer it.
        levels: the levels in the order of their codes, or None to infer them.

    Raises:
        ValueError: the column is constant, empty or of a type that cannot be modeled, or does not
            fit the kind; the message names it and says what to do.
    """
    name = str(series.name)
    if kind is not None and kind not in get_args(ColumnKind):
        known = ", ".join(get_args(ColumnKind))
        raise ValueError(f"kinds[{name!r}]: expected one of {known}, got {kind!r}")
    values = series[~series.isna()]
    if not len(values):
        raise ValueError(
            f"column {name!r}: all {len(series)} values are missing; drop the column, there is "
            "nothing to learn from"
        )
    refuse_unmodeled(values, name, leveled=kind in LEVELED or levels is not None)
    if levels is None and len(values.unique()) == 1:
        raise ValueError(
            f"column {name!r}: constant, {plain(values.iloc[0])!r} in all {len(values)} observed "
            "rows. It carries 0 nats and a learned scale would shrink to its floor: drop it with "
            f"frame.drop(columns=[{name!r}]), or, if other levels exist and were not seen here, "
            f"give them as levels={{{name!r}: [...]}}"
        )
    kind = kind or _kind(name, values, levels)
    column = _column(name, kind, values, levels)
    categories = getattr(series.dtype, "categories", None)
    # Levels that are given may be more than the categories, and can be decoded as well.
    both = () if categories is None else (*map(plain, categories), *column.levels)
    return dataclasses.replace(
        column, dtype=dtype_name(series.dtype), categories=tuple(dict.fromkeys(both))
    )


def _column(name: str, kind: str, values: pd.Series, levels: Sequence[Any] | None) -> Column:
    if kind in LEVELED:
        return _leveled(name, kind, values, levels)
    if levels is not None:
        raise ValueError(f"levels[{name!r}]: a {kind} column has none; expected None, got {levels}")
    numbers = to_numbers(values, name)
    if kind == "count":
        return number_column(Column(name, "count"), numbers)
    # Whole numbers are events, not points: they have a probability, where 0.37 has a density.
    resolution = float((numbers == np.round(numbers)).all())
    return number_column(Column(name, "continuous", resolution=resolution), numbers)


def number_column(blank: Column, numbers: Float[np.ndarray, " n"]) -> Column:
    """A count or a continuous column with the mean and the spread of its observed values.

    Raises:
        ValueError: counts that are not counts.
    """
    column = dataclasses.replace(
        blank, center=_float32(numbers.mean()), spread=_float32(numbers.std())
    )
    bad = np.flatnonzero(~column.accepts(numbers))
    if bad.size:
        hint = f"; say kinds={{{column.name!r}: 'continuous'}} if it is not a count"
        raise ValueError(
            f"column {column.name!r}: expected {column.support}, got {numbers[bad[0]]:g} in "
            f"observed row {bad[0]}{hint if column.kind == 'count' else ''}"
        )
    return column


def leveled_column(blank: Column, codes: Real[np.ndarray, " n"]) -> Column:
    """A column with levels and the frequencies of its observed codes."""
    counts = np.bincount(codes.astype(np.int64), minlength=blank.num_levels)
    # Half an observation more of each: a level not seen here stays possible (Jeffreys 1946).
    frequencies = (counts + 0.5) / (counts + 0.5).sum()
    numbers = np.arange(blank.num_levels)
    center = float(frequencies @ numbers)
    spread = float(np.sqrt(frequencies @ (numbers - center) ** 2))
    return dataclasses.replace(
        blank,
        center=_float32(center),
        spread=_float32(spread),
        frequencies=tuple(float(p) for p in frequencies),
    )


def fitted_columns(
    columns: Sequence[Column],
    x: Real[ArrayLike, "n columns"],
    mask: Bool[ArrayLike, "n columns"] | None,
) -> tuple[Column, ...]:
    """See :meth:`Columns.from_codes`."""
    codes = _support.numeric(x)
    seen = _support.observed(codes, mask)
    if codes.ndim != 2 or codes.shape[1] != len(columns):
        raise ValueError(f"x: expected [n, {len(columns)}], got {codes.shape}")
    fitted = []
    for j, column in enumerate(columns):
        values = codes[seen[:, j], j].astype(np.float64)
        if values.size == 0 or (column.kind not in LEVELED and np.ptp(values) == 0):
            got = "all missing" if values.size == 0 else f"{values[0]:g} everywhere"
            raise ValueError(f"x: column {column.name!r}: nothing to learn ({got}); drop it")
        check_column(column, j, codes[:, j], seen[:, j])
        fitted.append((leveled_column if column.kind in LEVELED else number_column)(column, values))
    return tuple(fitted)


def _kind(name: str, values: pd.Series, levels: Sequence[Any] | None) -> str:
    import pandas as pd

    distinct = values.nunique()
    categorical = isinstance(values.dtype, pd.CategoricalDtype)
    known = len(levels) if levels is not None else distinct
    if categorical and levels is None:
        known = len(values.cat.categories)
    if known == 2:
        return "binary"
    if categorical:
        return "ordinal" if values.cat.ordered else "categorical"
    if pd.api.types.is_numeric_dtype(values):
        if levels is not None:
            return "ordinal"
        numbers = values.to_numpy(np.float64)
        if not (numbers == np.round(numbers)).all():
            return "continuous"
        if distinct <= MOST_LEVELS:
            return "ordinal"
        return "count" if numbers.min() == 0 else "continuous"
    if levels is None and distinct > max(MOST_LEVELS, len(values) // 10):
        numbers = values[pd.to_numeric(values.astype(object), errors="coerce").notna()]
        if len(numbers):
            raise ValueError(
                f"column {name!r}: numbers held as {values.dtype}, such as "
                f"{plain(numbers.iloc[0])!r}; turn them into numbers with "
                f"pandas.to_numeric(frame[{name!r}])"
            )
        raise ValueError(
            f"column {name!r}: {distinct} different texts in {len(values)} rows look like names, "
            f"not categories; drop it with frame.drop(columns=[{name!r}]), or say "
            f"kinds={{{name!r}: 'categorical'}}"
        )
    return "categorical"


def _leveled(name: str, kind: str, values: pd.Series, levels: Sequence[Any] | None) -> Column:
    import pandas as pd

    if levels is None and isinstance(values.dtype, pd.CategoricalDtype):
        levels = list(values.cat.categories)
    elif levels is None:
        numeric = pd.api.types.is_numeric_dtype(values)
        if kind == "ordinal" and not numeric:
            raise ValueError(
                f"column {name!r}: the order of its levels cannot be inferred from texts; give "
                f"levels={{{name!r}: [lowest, ..., highest]}} or an ordered pandas Categorical"
            )
        levels = sorted(values.unique().tolist(), key=lambda v: v if numeric else str(v))
    levels = [plain(level) for level in levels]
    blank = Column(name, cast(ColumnKind, kind), levels=tuple(levels))
    return leveled_column(blank, to_codes(blank, values))


def _float32(value: float) -> float:
    """The nearest float32, so that the same constant is used in every precision."""
    return float(np.float32(value))
