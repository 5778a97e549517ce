"""What one column of a mixed table holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["binary", "categorical", "ordinal", "count", "continuous", "nonnegative"]


@dataclass(frozen=True)
class Column:
    """One column of a mixed table: its name, the kind of its values, their unit and meaning.

    The kind decides which likelihoods have the column's values in their support.

    Args:
        name: as in the published table.
        kind: ``"binary"`` (two levels), ``"categorical"`` (levels without an order),
            ``"ordinal"`` (levels in their order), ``"count"`` (0, 1, 2, … without a bound),
            ``"continuous"`` (any real number) or ``"nonnegative"`` (a real number of at least
            zero, often exactly zero).
        levels: what each level means, in the order of its code 0, 1, …; for the first three kinds
            only.
        unit: unit of a count or a measured value, in words.
        resolution: step between the values that a measured one is rounded to, 0 where it is not
            coarse; a density has to be integrated over this step to be compared with a mass.
        description: one sentence.

    Raises:
        ValueError: if the kind is unknown, or its levels are missing or not to be given.

    Example:
        >>> Column("vote", "binary", levels=("Clinton", "Dole")).num_levels
        2
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    unit: str = ""
    resolution: float = 0.0
    description: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind: expected one of {get_args(Kind)}, got {self.kind!r}")
        leveled = self.kind in ("binary", "categorical", "ordinal")
        if leveled and len(self.levels) < 2:
            raise ValueError(f"levels: expected at least two for a {self.kind} column {self.name}")
        if self.kind == "binary" and len(self.levels) != 2:
            raise ValueError(
                f"levels: expected two for the binary column {self.name}, got {len(self.levels)}"
            )
        if not leveled and self.levels:
            raise ValueError(f"levels: expected none for a {self.kind} column {self.name}")

    @property
    def num_levels(self) -> int:
        """Number of levels; 0 for counts and measured values."""
        return len(self.levels)
