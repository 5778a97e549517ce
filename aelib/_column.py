"""What one column of a mixed table holds: the specification that data and likelihoods share."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Real

from aelib._checks import check_ordered

ColumnKind = Literal["binary", "categorical", "ordinal", "continuous", "count"]
LEVELED = ("binary", "categorical", "ordinal")
UNLIMITED = (-math.inf, math.inf)


@dataclasses.dataclass(frozen=True)
class Column:
    """The specification of one column of a mixed table.

    In the array that a table becomes, a column with levels holds the number of the level, from 0;
    a continuous column or a count holds its value, in its own unit. The kind, the levels, the
    resolution and the limits say what values there can be. ``center``, ``spread`` and
    ``frequencies`` are statistics of a data set: :class:`aelib.likelihoods.Columns` fills them in,
    and models start from them.

    Args:
        name: the column's name in the published table.
        kind: ``"binary"`` (two levels; Bernoulli), ``"categorical"`` (levels without an order;
            softmax), ``"ordinal"`` (levels in their order; cumulative logits), ``"continuous"``
            (Gaussian with a learned scale) or ``"count"`` (0, 1, 2, … without a bound).
        levels: the values in the data frame that stand for codes 0, 1, …, or what they mean; for
            the first three kinds.
        center: mean of the column: where a raw output of zero puts a continuous column, and what
            the encoder subtracts.
        spread: standard deviation of the column: the unit of the raw output of a continuous
            column, and what the encoder divides by.
        resolution: step of the grid on which a continuous column was recorded (1 for ages in whole
            years): it is then scored by the Gaussian *mass* of the bin around the value, at most
            0 nats, to be compared and added with other masses. 0 scores it by the *density* per
            unit of the column.
        limits: smallest and largest value a continuous column can have. With a resolution their
            bins reach to infinity, so that no probability is lost beyond them.
        frequencies: probability of each level, all positive, where the model starts; empty for
            equal ones.
        distribution: of a count: ``"negative_binomial"`` (learned dispersion) or ``"poisson"``.
        unit: unit of a count or a measured value, in words.
        description: one sentence on what the column means.
        dtype: name of the dtype that the column of the data frame had, such as ``"Int64"``, in
            which :meth:`aelib.likelihoods.Columns.decode` gives it back; empty for what pandas
            makes of the values.
        categories: of a pandas ``Categorical``: its categories in their order.

    Raises:
        TypeError: levels without an order, such as a set.
        ValueError: a field that does not go with the kind, naming the column and the field.

    Example:
        >>> Column("vote", "binary", levels=("Clinton", "Dole")).num_outputs
        1
        >>> Column("mode", "categorical", levels=("air", "train", "bus", "car")).num_outputs
        4
    """

    name: str
    kind: ColumnKind
    levels: tuple[Any, ...] = ()
    center: float = 0.0
    spread: float = 1.0
    resolution: float = 0.0
    limits: tuple[float, float] = UNLIMITED
    frequencies: tuple[float, ...] = ()
    distribution: Literal["negative_binomial", "poisson"] = "negative_binomial"
    unit: str = ""
    description: str = ""
    dtype: str = ""
    categories: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        for field in ("levels", "frequencies", "limits", "categories"):
            check_ordered(field, getattr(self, field))
            object.__setattr__(self, field, tuple(getattr(self, field)))
        kinds = get_args(ColumnKind)
        self._require(self.kind in kinds, "kind", f"one of {', '.join(kinds)}", repr(self.kind))
        self._check_levels()
        self._check_numbers()
        self._require(
            self.distribution in ("negative_binomial", "poisson"),
            "distribution",
            "'negative_binomial' or 'poisson'",
            repr(self.distribution),
        )

    def _check_levels(self) -> None:
        k, got = len(self.levels), str(self.levels)
        if self.kind in LEVELED:
            expected = "two" if self.kind == "binary" else "two or more"
            fits = k == 2 if self.kind == "binary" else k >= 2
            self._require(fits, "levels", f"{expected} for a {self.kind} column", got)
            self._require(len(set(self.levels)) == k, "levels", "different ones", got)
        else:
            self._require(not k, "levels", f"none for a {self.kind} column", got)
        p = self.frequencies
        if p:
            fits = len(p) == k and min(p) > 0 and abs(sum(p) - 1) < 1e-6
            expected = f"{k} positive probabilities that sum to 1"
            self._require(fits, "frequencies", expected, f"{p}")

    def _check_numbers(self) -> None:
        self._require(math.isfinite(self.center), "center", "a finite number", f"{self.center}")
        positive = math.isfinite(self.spread) and self.spread > 0
        self._require(positive, "spread", "a positive, finite number", f"{self.spread}")
        continuous = self.kind == "continuous"
        self._require(
            self.resolution == 0 or (continuous and 0 < self.resolution < math.inf),
            "resolution",
            "a step of at least 0 and, unless the column is continuous, 0",
            f"{self.resolution} for a {self.kind} column",
        )
        ordered = len(self.limits) == 2 and self.limits[0] < self.limits[1]
        self._require(
            self.limits == UNLIMITED or (continuous and ordered),
            "limits",
            "(smallest, largest) in order, of a continuous column",
            f"{self.limits}",
        )

    @property
    def num_levels(self) -> int:
        """Number of levels; 0 for numbers."""
        return len(self.levels)

    @property
    def num_outputs(self) -> int:
        """How many raw outputs the decoder's head for this column has, K for a categorical, else 1.

        binary: the logit of code 1; categorical: K logits; ordinal: the location (see
        :class:`aelib.likelihoods.Ordinal`); continuous: (mean - center) / spread; count: the log
        of the rate.
        """
        return self.num_levels if self.kind == "categorical" else 1

    @property
    def level_probabilities(self) -> tuple[float, ...]:
        """The frequencies of the levels, or equal ones where none are given."""
        return self.frequencies or (1 / max(self.num_levels, 1),) * self.num_levels

    @property
    def start(self) -> tuple[float, ...]:
        """Raw outputs that say what the column alone says, where a head's bias starts."""
        p = self.level_probabilities
        if self.kind == "binary":
            return (math.log(p[1]) - math.log(p[0]),)
        if self.kind == "categorical":
            return tuple(math.log(each) for each in p)
        if self.kind == "count":
            return (math.log(self.center) if self.center > 0 else 0.0,)
        return (0.0,)

    @property
    def support(self) -> str:
        """What :meth:`accepts` accepts, in words."""
        if self.kind in LEVELED:
            return f"a level number from 0 to {self.num_levels - 1}"
        if self.kind == "count":
            return "a count (a whole number, 0 or more)"
        values = f"a multiple of {self.resolution:g}" if self.resolution else "a finite number"
        if self.limits == UNLIMITED:
            return values
        return f"{values} from {self.limits[0]:g} to {self.limits[1]:g}"

    def as_number(self) -> Column:
        """The same column taken for a number; see :meth:`aelib.likelihoods.Columns.as_numbers`."""
        if self.kind == "continuous":
            return self
        last = self.num_levels - 1 if self.kind in LEVELED else math.inf
        return Column(
            self.name,
            "continuous",
            center=self.center,
            spread=self.spread,
            resolution=1.0,
            limits=(0.0, last),
            unit=self.unit,
            description=self.description,
        )

    def accepts(self, codes: Real[np.ndarray, " ..."]) -> Bool[np.ndarray, " ..."]:
        """Which codes are in the column's support, shaped like ``codes``."""
        codes = np.asarray(codes, np.float64)
        finite = np.isfinite(codes)
        whole = finite & (codes == np.round(codes))
        if self.kind in LEVELED:
            return whole & (codes >= 0) & (codes < self.num_levels)
        if self.kind == "count":
            return whole & (codes >= 0)
        inside = finite & (codes >= self.limits[0]) & (codes <= self.limits[1])
        if not self.resolution:
            return inside
        step = np.where(finite, codes, 0.5 * self.resolution) / self.resolution
        # Values come in float32, whose rounding a step of the grid has to survive.
        slack = 1e-3 + np.abs(step) * 2.0**-23
        return inside & (np.abs(step - np.round(step)) < slack)

    def nearest(self, codes: Real[np.ndarray, " ..."]) -> Real[np.ndarray, " ..."]:
        """The possible value nearest to each finite number, shaped like ``codes``."""
        if self.kind in LEVELED:
            return np.clip(np.round(codes), 0, self.num_levels - 1)
        if self.kind == "count":
            return np.maximum(np.round(codes), 0)
        if self.resolution:
            codes = np.round(codes / self.resolution) * self.resolution
        return np.clip(codes, *self.limits)

    def _require(self, fits: bool, field: str, expected: str, got: str) -> None:
        if not fits:
            raise ValueError(f"{field}: expected {expected}, got {got} (column {self.name!r})")
