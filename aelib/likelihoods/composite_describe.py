"""A specification to be looked at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aelib.likelihoods.composite_column import TableColumn

if TYPE_CHECKING:
    import pandas as pd


def describe(entries: Sequence[TableColumn]) -> "pd.DataFrame":
    """See :meth:`Columns.describe`."""
    import pandas as pd

    rows = [
        {
            "column": column.name,
            "kind": column.kind,
            "levels": ", ".join(map(str, column.levels)) or "–",
            "centre": column.center,
            "spread": column.spread,
            "resolution": column.resolution,
            "likelihood": _family(column),
        }
        for column in entries
    ]
    return pd.DataFrame(rows).set_index("column")


def _family(column: TableColumn) -> str:
    if column.kind == "continuous":
        return "Gaussian mass of the bin" if column.resolution else "Gaussian density"
    names = {"binary": "Bernoulli", "categorical": "softmax", "ordinal": "cumulative logits"}
    return names.get(column.kind, column.distribution.replace("_", " "))
