"""What was measured for a claim and what was concluded: the data that pages are drawn from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from aelib.page.claims._interval import mean_interval
from aelib.page.claims._numbers import number, with_uncertainty

OPERATORS = ("<", "<=", ">", ">=", "==", "in")
SHOWS = ("supports", "contradicts", "context")
SCALES = ("linear", "log")
VERDICTS = ("holds", "holds if", "does not hold")
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "in": "in"}


@dataclass(frozen=True)
class Measurement:
    """One measurement for a claim, with the bound it was held to.

    Attributes:
        claim_id: number of the claim in the ledger, such as ``"3.1"``.
        text: what was measured, in words.
        values: the measurements, one per seed, or a single exact one.
        op: how the measurement is compared with the bound.
        bound: a number, or ``(low, high)`` for ``"in"``.
        unit: unit of the measurement and the bound; empty for a pure number.
        because: the reason of the bound.
        shows: what the measurement shows of the claim: ``"supports"``, ``"contradicts"`` or
            ``"context"``.
        scale: ``"linear"``, or ``"log"`` for positive values over decades.
        decides: whether the claim's card shows this measurement.
        verdict: in chapters without verdict cards, the verdict on the claim; elsewhere empty.
        condition: in chapters without verdict cards, what the claim holds under.
    """

    claim_id: str
    text: str
    values: tuple[float, ...]
    op: str
    bound: float | tuple[float, float]
    unit: str = ""
    because: str = ""
    shows: str = "supports"
    scale: str = "linear"
    decides: bool = False
    verdict: str = ""
    condition: str = ""

    @property
    def seeds(self) -> int:
        """Number of measurements."""
        return len(self.values)

    @property
    def interval(self) -> tuple[float, float, float]:
        """Mean over seeds and the ends of its 95 % interval, or three times the one number."""
        if self.seeds == 1 or not all(map(math.isfinite, self.values)):
            mean = math.nan if self.seeds > 1 else self.values[0]
            return mean, mean, mean
        return mean_interval(self.values, scale=self.scale)

    @property
    def mean(self) -> float:
        """Mean over seeds (geometric on the scale ``"log"``), or the single measurement."""
        return self.interval[0]

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of the mean."""
        return self.interval[1]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval of the mean."""
        return self.interval[2]

    def admits(self, value: float) -> bool:
        """Whether one finite number would meet the bound."""
        if not math.isfinite(value):
            return False
        if isinstance(self.bound, tuple):
            return self.bound[0] <= value <= self.bound[1]
        return {
            "<": value < self.bound,
            "<=": value <= self.bound,
            ">": value > self.bound,
            ">=": value >= self.bound,
            "==": value == self.bound,
        }[self.op]

    @property
    def passed(self) -> bool:
        """Whether both ends of the interval (for ``"=="``, every value) meet the bound."""
        tested = self.values if self.op == "==" else self.interval[1:]
        return all(map(math.isfinite, self.values)) and all(map(self.admits, tested))

    @property
    def measured(self) -> str:
        """What was measured, as text with the unit."""
        mean, low, high = self.interval
        unit = f" {self.unit}" if self.unit else ""
        if self.seeds > 1 and high > low:
            if self.scale == "log":
                ends = f"{number(low, 2)} to {number(high, 2)}"
                return f"{number(mean, 3)}{unit} ({ends})"
            return with_uncertainty(mean, (high - low) / 2) + unit
        for digits in range(4, 17):  # enough that the rounded number still meets the bound
            if self.admits(float(f"{mean:.{digits - 1}e}")) == self.admits(mean):
                break
        return number(mean, digits) + unit

    @property
    def required(self) -> str:
        """The bound, as text with the unit.

        Example:
            >>> Measurement("3.1", "Angle", (2e-5,), "<=", 1e-4, unit="rad").required
            '≤ 10⁻⁴ rad'
        """
        unit = f" {self.unit}" if self.unit else ""
        if isinstance(self.bound, tuple):
            return "in [{}, {}]".format(*(number(end, 6) for end in self.bound)) + unit
        return f"{_SIGNS[self.op]} {number(self.bound, 6)}{unit}"

    def data(self) -> dict[str, Any]:
        """The measurement as JSON-ready data, from which it can be drawn again."""
        bound = list(self.bound) if isinstance(self.bound, tuple) else self.bound
        return {**asdict(self), "values": list(self.values), "bound": bound}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Measurement:
        """The measurement that :meth:`data` described."""
        bound = data["bound"]
        pair = (bound[0], bound[1]) if isinstance(bound, list) else bound
        return cls(**{**data, "values": tuple(data["values"]), "bound": pair})

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has drawn it, the cell's last line need not repeat it."""


@dataclass(frozen=True)
class Verdict:
    """What was concluded about a claim.

    Attributes:
        claim_id: number of the claim in the ledger, such as ``"3.1"``.
        verdict: ``"holds"``, ``"holds if"``, ``"does not hold"``, or ``"open"``.
        condition: what the claim holds under.
        text: the claim in one sentence, where it is known.
    """

    claim_id: str
    verdict: str
    condition: str = ""
    text: str = ""

    def data(self) -> dict[str, Any]:
        """The verdict as JSON-ready data, from which its card can be drawn again."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Verdict:
        """The verdict that :meth:`data` described."""
        return cls(**data)
