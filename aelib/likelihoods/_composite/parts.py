"""The columns of one kind, scored together; and all kinds put together in the table's order."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from aelib._column import LEVELED, UNLIMITED, Column
from aelib.likelihoods._bernoulli import Bernoulli
from aelib.likelihoods._categorical import Categorical
from aelib.likelihoods._discretized import Discretized
from aelib.likelihoods._gaussian import Gaussian
from aelib.likelihoods._negative_binomial import NegativeBinomial
from aelib.likelihoods._ordinal import Ordinal
from aelib.likelihoods._poisson import Poisson
from aelib.losses._logistic import sigmoid

Outputs = dict[str, Array]


class Part(nnx.Module):
    """The columns that one factorized likelihood covers, and the way there and back.

    One part holds many columns so that a wide table compiles to a few array operations.

    Attributes:
        columns: the columns.
        positions: where they are in the table's array.
        likelihood: the likelihood of all of them; it owns their trained parameters.

    Args:
        columns: the columns, all of one group (see :func:`parts_of`).
        positions: where they are in the table's array.
        floor: smallest scale of a continuous column, in units of its spread.
        shared_scale: whether continuous columns have one scale in that unit.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        positions: Sequence[int],
        *,
        floor: float,
        shared_scale: bool,
    ) -> None:
        self.columns = tuple(columns)
        self.positions = tuple(positions)
        self.likelihood: Any = _likelihood(self.columns, floor, shared_scale)
        self.kind = self.columns[0].kind

    def outputs(self, outputs: Mapping[str, Array]) -> Array:
        """The raw outputs of the part's columns: [batch, n], or [batch, n, K] for categories."""
        stacked = jnp.stack([outputs[column.name] for column in self.columns], axis=1)
        return stacked if self.kind == "categorical" else stacked[..., 0]

    def log_prob(
        self, outputs: Mapping[str, Array], x: Array, mask: Array | None, exposure: Array | None
    ) -> Array:
        """Log-probability of each cell, [batch, n], with respect to the columns' own units."""
        where = np.asarray(self.positions)
        mask = None if mask is None else mask[:, where]
        exposure = exposure if self.kind == "count" else None
        log_prob = self.likelihood.log_prob_per_feature(
            self.outputs(outputs), self.standard(x[:, where]), mask=mask, exposure=exposure
        )
        if self.kind != "continuous":
            return log_prob
        # The density of x is that of (x - center) / spread times the derivative, 1 / spread. A
        # mass is the same in every unit.
        jacobian = np.where(self._field("resolution") > 0, 0.0, np.log(self._field("spread")))
        log_jacobian = jnp.asarray(jacobian, log_prob.dtype)
        return log_prob - (log_jacobian if mask is None else jnp.where(mask, log_jacobian, 0.0))

    def standard(self, x: Array) -> Array:
        """From the table's array to what the likelihood takes."""
        if self.kind == "categorical":
            # No class is taken for NaN, nor for a number between two codes: -1 gives NaN.
            return jnp.where(x == jnp.round(x), x, -1).astype(jnp.int32)
        if self.kind != "continuous":
            return x
        return (x - self._like("center", x)) / self._like("spread", x)

    def original(self, values: Array) -> Array:
        """Backwards: from the likelihood's means or samples to the columns' own units."""
        if self.kind != "continuous":
            return values
        return self._like("center", values) + self._like("spread", values) * values

    def sample(self, key: Array, outputs: Mapping[str, Array], exposure: Array | None) -> Array:
        """One draw of each cell, [batch, n], on the column's grid if it has one."""
        exposure = exposure if self.kind == "count" else None
        raw = self.outputs(outputs)
        if self.kind == "categorical":
            labels = self.likelihood.sample(key, raw)
            return jnp.where(labels < 0, jnp.nan, labels.astype(raw.dtype))
        if self.kind != "continuous":
            return self.likelihood.sample(key, raw, exposure=exposure)
        # Rounded in the column's own unit, where the grid is one of round numbers.
        draw = self.original(self.likelihood.likelihood.sample(key, raw))
        step = self._like("resolution", draw)
        low, high = (jnp.asarray(ends, draw.dtype) for ends in self._field("limits").T)
        on_grid = jnp.round(draw / jnp.where(step > 0, step, 1.0)) * step
        return jnp.where(step > 0, jnp.clip(on_grid, low, high), draw)

    def mean(self, outputs: Mapping[str, Array], exposure: Array | None) -> Array:
        """Expected value of each cell: [batch, n], or [batch, n, K] for categories."""
        exposure = exposure if self.kind == "count" else None
        return self.original(self.likelihood.mean(self.outputs(outputs), exposure=exposure))

    def probabilities(self, outputs: Mapping[str, Array]) -> Array:
        """Probability of each level, [batch, n, largest K]."""
        if self.kind == "ordinal":
            return self.likelihood.probabilities(self.outputs(outputs))
        raw = self.outputs(outputs)
        if self.kind == "categorical":
            return self.likelihood.mean(raw)
        return jnp.stack([sigmoid(-raw), sigmoid(raw)], axis=-1)

    def best_guess(self, outputs: Mapping[str, Array], exposure: Array | None) -> Array:
        """The likeliest level, or the mean of a number, [batch, n]."""
        if self.kind not in LEVELED:
            return self.mean(outputs, exposure)
        mass = self.probabilities(outputs)
        likeliest = jnp.argmax(mass, axis=-1).astype(mass.dtype)
        return jnp.where(jnp.isnan(mass).any(-1), jnp.nan, likeliest)

    def learned(self) -> dict[str, Array]:
        """What is trained, by column name: a scale, thresholds or a dispersion.

        A scale is in the column's own unit. Binary and categorical columns and Poisson counts have
        nothing but the decoder.
        """
        names, shape = [column.name for column in self.columns], (1, len(self.columns))
        dtype = jnp.zeros(()).dtype
        if self.kind == "ordinal":
            return dict(zip(names, self.likelihood.thresholds(), strict=True))
        if self.kind == "continuous":
            scale = self.likelihood.likelihood.scale(None, shape, dtype)[0]
            return dict(zip(names, scale * self._like("spread", scale), strict=True))
        if isinstance(self.likelihood, NegativeBinomial):
            values = self.likelihood.dispersion(None, shape, dtype)[0]
            return dict(zip(names, values, strict=True))
        return {}

    def _field(self, name: str) -> np.ndarray:
        return np.array([getattr(column, name) for column in self.columns])

    def _like(self, name: str, like: Array) -> Array:
        dtype = like.dtype if jnp.issubdtype(like.dtype, jnp.floating) else jnp.float32
        return jnp.asarray(self._field(name), dtype)


def parts_of(columns: Sequence[Column], *, floor: float, shared_scale: bool) -> tuple[Part, ...]:
    """Group the columns by likelihood, in order of first appearance."""
    groups: dict[Hashable, list[int]] = {}
    for position, column in enumerate(columns):
        groups.setdefault(_group(column), []).append(position)
    return tuple(
        Part([columns[i] for i in positions], positions, floor=floor, shared_scale=shared_scale)
        for positions in groups.values()
    )


def _group(column: Column) -> tuple[Hashable, ...]:
    if column.kind == "categorical":
        return column.kind, column.num_levels
    return (column.kind, column.distribution) if column.kind == "count" else (column.kind,)


def _likelihood(columns: tuple[Column, ...], floor: float, shared_scale: bool) -> Any:
    first, n = columns[0], len(columns)
    if first.kind == "binary":
        return Bernoulli()
    if first.kind == "categorical":
        return Categorical(first.num_levels)
    if first.kind == "ordinal":
        levels, p = zip(*((c.num_levels, c.level_probabilities) for c in columns), strict=True)
        return Ordinal(levels, frequencies=p)
    if first.kind == "count":
        if first.distribution == "poisson":
            return Poisson()
        return NegativeBinomial("feature", num_features=n)
    scale = "shared" if shared_scale else "feature"
    return Discretized(
        Gaussian(scale, num_features=n, floor=floor),
        bin_width=[column.resolution / column.spread for column in columns],
        limits=[_standard_limits(column) for column in columns],
    )


def _standard_limits(column: Column) -> tuple[float, float]:
    """Where the grid ends, in units of the spread from the center; a density has no ends."""
    low, high = column.limits if column.resolution else UNLIMITED
    return (low - column.center) / column.spread, (high - column.center) / column.spread


def log_prob(
    parts: Sequence[Part], outputs: Outputs, x: Array, mask: Array | None, exposure: Array | None
) -> Array:
    """Log-probability of each cell, [batch, columns]."""
    return _assemble(parts, [part.log_prob(outputs, x, mask, exposure) for part in parts])


def mean(parts: Sequence[Part], outputs: Outputs, exposure: Array | None) -> Outputs:
    """Expected value of each column by name."""
    return {
        column.name: value[:, i]
        for part in parts
        for value in [part.mean(outputs, exposure)]
        for i, column in enumerate(part.columns)
    }


def probabilities(parts: Sequence[Part], outputs: Outputs) -> Outputs:
    """Probability of each level, [batch, K], by name of the columns that have levels."""
    return {
        column.name: mass[:, i, : column.num_levels]
        for part in parts
        if part.kind in LEVELED
        for mass in [part.probabilities(outputs)]
        for i, column in enumerate(part.columns)
    }


def predict(parts: Sequence[Part], outputs: Outputs, exposure: Array | None) -> Array:
    """Best guess of each cell, [batch, columns]."""
    return _assemble(parts, [part.best_guess(outputs, exposure) for part in parts])


def sample(parts: Sequence[Part], key: Array, outputs: Outputs, exposure: Array | None) -> Array:
    """A draw of each cell, [batch, columns]."""
    keys = jax.random.split(key, len(parts))
    draws = [part.sample(k, outputs, exposure) for k, part in zip(keys, parts, strict=True)]
    return _assemble(parts, draws)


def _assemble(parts: Sequence[Part], values: list[Array]) -> Array:
    """[batch, columns] in the table's order from the [batch, n] of the parts."""
    order = np.concatenate([part.positions for part in parts])
    dtype = jnp.result_type(*values)
    joined = jnp.concatenate([value.astype(dtype) for value in values], axis=1)
    return joined[:, np.argsort(order)]
