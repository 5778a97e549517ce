"""The decoder's dict of raw outputs, against the columns it is for."""

from collections.abc import Mapping

from jax import Array
from jax.typing import ArrayLike

from aelib.likelihoods._outputs import floating
from aelib.likelihoods.composite_columns import Columns


def by_column(
    columns: Columns, outputs: Mapping[str, ArrayLike], batch: int | None = None
) -> dict[str, Array]:
    """Every column's raw outputs as [batch, p].

    Args:
        columns: the specification.
        outputs: column name -> [batch, p], or [batch] where p is 1.
        batch: number of rows, or None for that of the first column.

    Raises:
        TypeError: outputs that are no dict or no real numbers.
        ValueError: a column without outputs, outputs without a column, or a wrong shape.
    """
    if not isinstance(outputs, Mapping):
        raise TypeError(
            "outputs: expected a dict of raw outputs by column name (the decoder of "
            f"aelib.models.table makes one), got {type(outputs).__name__}"
        )
    missing = [name for name in columns.names if name not in outputs]
    extra = [name for name in outputs if name not in columns.names]
    if missing or extra:
        raise ValueError(
            f"outputs: expected one entry for each of {columns.names}; missing {missing}, "
            f"not expected {extra}"
        )
    found: dict[str, Array] = {}
    for column in columns:
        value = floating(f"outputs[{column.name!r}]", outputs[column.name])
        p = column.num_outputs
        if p == 1 and value.ndim == 1:
            value = value[:, None]
        batch = value.shape[0] if batch is None and value.ndim else batch
        if value.shape != (batch, p):
            raise ValueError(
                f"outputs[{column.name!r}]: expected shape ({batch}, {p}), got {value.shape}"
            )
        found[column.name] = value
    return found
