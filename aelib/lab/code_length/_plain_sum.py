"""The usual shortcut for mixed tables: cross-entropies plus squared errors, without scales."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, Real

from aelib.likelihoods import Columns, Composite


class PlainSum(Composite):
    """Cross-entropies plus half the squared errors of the continuous columns: *not* a likelihood.

    What :class:`aelib.likelihoods.Composite` becomes when the scales of its Gaussians are left out.
    The squared error of a column is in the square of a unit, so that the choice of the unit is a
    weight: a column in cents counts ten thousand times as much as the same column in dollars.

    Args:
        columns: the specification.
        units: for each continuous column by name, the size of the unit in which its error is
            squared, in the unit of the data: 1 for the same, 0.01 for cents where data are dollars.

    Raises:
        ValueError: a continuous column without a unit, or a unit that is not positive.

    Example:
        >>> import aelib
        >>> from aelib.data import Column
        >>> import jax.numpy as jnp
        >>> dollars = Columns((Column("income", "continuous"),))
        >>> error = lambda unit: PlainSum(dollars, {"income": unit}).log_prob(
        ...     {"income": jnp.zeros((1, 1))}, jnp.array([[2.0]]))
        >>> [round(float(error(unit)[0]), 1) for unit in (1.0, 0.01)]
        [-2.0, -20000.0]
    """

    def __init__(self, columns: Columns, units: Mapping[str, float]) -> None:
        super().__init__(columns)
        continuous = {column.name for column in columns if column.kind == "continuous"}
        if set(units) != continuous or not all(unit > 0 for unit in units.values()):
            raise ValueError(
                f"units: expected a positive one for each of {sorted(continuous)}, got {units}"
            )
        self.units = nnx.static(tuple((name, float(unit)) for name, unit in units.items()))

    def log_prob_per_feature(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        x: Real[ArrayLike, "batch columns"],
        *,
        mask: Bool[ArrayLike, "batch columns"] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch columns"]:
        """Minus the terms of the sum, [batch, columns]; 0 where not observed."""
        terms = super().log_prob_per_feature(outputs, x, mask=mask, exposure=exposure)
        mean, x = self.mean(outputs), jnp.asarray(x)
        for name, unit in self.units:
            j = self.columns.position(name)
            square = 0.5 * jnp.square((x[:, j] - mean[name]) / unit)
            seen = True if mask is None else jnp.asarray(mask)[:, j]
            terms = terms.at[:, j].set(jnp.where(seen, -square, 0.0))
        return terms
