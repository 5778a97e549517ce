"""From a published table to a :class:`Dataset` with a column specification."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib._column import UNLIMITED, Column, ColumnKind
from aelib._lazy import require
from aelib.data._dataset import Dataset
from aelib.data._files import installed_file

if TYPE_CHECKING:
    import pandas as pd

UNITS = (
    "each column its own, see columns; binary, categorical and ordinal columns hold the number "
    "of the level, from 0"
)
CITATION = (
    "S. Seabold and J. Perktold (2010), statsmodels: econometric and statistical modeling with "
    "Python, Proceedings of the 9th Python in Science Conference, doi:10.25080/Majora-92bf1922-011"
)


class Field(NamedTuple):
    """A column and the published values that stand for its levels, in their order."""

    column: Column
    values: tuple[float, ...] = ()


def leveled(
    name: str, kind: ColumnKind, levels: Sequence[tuple[float, str]], description: str
) -> Field:
    """A binary, categorical or ordinal column from pairs of published value and meaning."""
    column = Column(name, kind, tuple(text for _, text in levels), description=description)
    return Field(column, tuple(value for value, _ in levels))


def measured(
    name: str,
    unit: str,
    description: str,
    resolution: float = 0.0,
    *,
    limits: tuple[float, float] = UNLIMITED,
) -> Field:
    """A continuous column: real numbers, on a grid if there is a resolution."""
    about: dict[str, Any] = {"unit": unit, "description": description}
    return Field(Column(name, "continuous", resolution=resolution, limits=limits, **about))


def nonnegative(name: str, unit: str, description: str, resolution: float = 0.0) -> Field:
    """A continuous column of numbers of at least zero, often exactly zero."""
    return measured(name, unit, description, resolution, limits=(0.0, math.inf))


def counted(name: str, unit: str, description: str) -> Field:
    """A column of counts: 0, 1, 2, … without a bound."""
    return Field(Column(name, "count", unit=unit, description=description))


def read_csv(path: str, digest: str, separator: str, quote: str = '"') -> pd.DataFrame:
    """One of the CSV files inside statsmodels, checked by its hash."""
    pandas = require("pandas", purpose=f"reading {path}")
    content = installed_file("statsmodels", path, digest, text=True)
    return pandas.read_csv(io.BytesIO(content), sep=separator, quotechar=quote)


def encode(table: pd.DataFrame, fields: Sequence[Field]) -> NDArray[np.float32]:
    """The columns as numbers, ``[n, d]``: level numbers where there are levels.

    Raises:
        ValueError: if a value is none of the published levels.
    """
    columns = []
    for column, values in fields:
        published = table[column.name].to_numpy(dtype=np.float64)
        if not values:
            columns.append(published)
            continue
        distance = np.abs(published[:, None] - np.asarray(values)[None, :])
        code = distance.argmin(axis=1)
        wrong = np.flatnonzero(distance[np.arange(len(code)), code] > 1e-6)
        if wrong.size:
            raise ValueError(
                f"{column.name}: expected one of {values}, got {published[wrong[0]]} "
                f"in row {wrong[0]}"
            )
        columns.append(code.astype(np.float64))
    return np.stack(columns, axis=1).astype(np.float32)


def table_dataset(name: str, table: pd.DataFrame, fields: Sequence[Field], **about: Any) -> Dataset:
    """A dataset whose ``x`` holds the coded columns and whose ``table`` the published values."""
    return Dataset(
        name=name,
        x=encode(table, fields),
        feature_names=tuple(field.column.name for field in fields),
        columns=tuple(field.column for field in fields),
        units=UNITS,
        table=table,
        **about,
    )
