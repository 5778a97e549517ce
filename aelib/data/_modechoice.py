"""Choices between plane, train, bus and car, as published with statsmodels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aelib.data._dataset import Dataset
from aelib.data._table import Field, counted, leveled, nonnegative, read_csv, table_dataset

if TYPE_CHECKING:
    import pandas as pd

_DIGEST = "d2d72c1db440f8ffce01f58ed39fc1145569ec1703970dac1636c154fc01fd8e"
_MODES = ("air", "train", "bus", "car")
_MODE_LEVELS = list(enumerate(_MODES, start=1))
_SERVICE = {
    "ttme": ("minutes", "waiting time at the terminal"),
    "invc": ("dollars", "cost in the vehicle"),
    "invt": ("minutes", "time in the vehicle"),
    "gc": ("dollars", "generalized cost: invc + invt times a value of time"),
}


def _household() -> list[Field]:
    return [
        nonnegative("hinc", "1000 dollars", "income of the household", 1.0),
        counted("psize", "people", "size of the party, at least 1"),
    ]


def _wide(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Field]]:
    """One row per traveler; the car's waiting time, always 0, is left out."""
    by_mode = table.pivot_table(index="individual", columns="mode", values=list(_SERVICE))
    chosen = table[table["choice"] == 1].set_index("individual")
    wide = chosen[["mode", "hinc", "psize"]].copy()
    fields = [leveled("mode", "categorical", _MODE_LEVELS, "the mode chosen"), *_household()]
    for number, mode in _MODE_LEVELS:
        for key, (unit, description) in _SERVICE.items():
            if (key, mode) == ("ttme", "car"):
                continue
            wide[f"{key}_{mode}"] = by_mode[key, number]
            fields.append(nonnegative(f"{key}_{mode}", unit, f"{description}, {mode}", 1.0))
    return wide, fields


def load_modechoice(*, layout: str = "wide") -> Dataset:
    """How 210 people traveled between Sydney, Canberra and Melbourne.

    Args:
        layout: ``"wide"``, one row for each traveler with the mode chosen as a category of four
            levels; or ``"long"``, as published, one row for each traveler and mode.

    Returns:
        ``[210, 18]``, or ``[840, 8]`` in the long layout with ``groups`` the travelers.

    Raises:
        ValueError: if the layout is neither.
    """
    table = read_csv("datasets/modechoice/modechoice.csv", _DIGEST, ";")
    groups = None
    if layout == "wide":
        table, fields = _wide(table)
    elif layout == "long":
        groups = table["individual"].to_numpy(dtype=np.int64)
        no_yes = [(0.0, "no"), (1.0, "yes")]
        fields = [
            leveled("mode", "categorical", _MODE_LEVELS, "the mode this row is about"),
            leveled("choice", "binary", no_yes, "whether it was chosen"),
            *(nonnegative(key, *about, 1.0) for key, about in _SERVICE.items()),
            *_household(),
        ]
    else:
        raise ValueError(f"layout: expected 'wide' or 'long', got {layout!r}")
    return table_dataset(
        "modechoice",
        table,
        fields,
        groups=groups,
        source="statsmodels, sm.datasets.modechoice: table F18-2 of Greene, Econometric Analysis",
        license="public domain",
        citation="W. H. Greene and D. Hensher (1997), Multinomial logit and discrete choice "
        "models, in W. H. Greene, LIMDEP version 7.0 user's manual, Econometric Software",
        description="Published with four rows for each traveler, of which one is chosen: those "
        "rows are not independent, and the long layout keeps a traveler's rows in one part. "
        "Travelers were sampled by their choice, so shares of the modes are not those of the "
        "public. gc follows from invc, invt and a value of time that is not given; "
        "all values are whole numbers.",
    )
