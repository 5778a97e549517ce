"""Axes for lines of measurements: which lines can share one, how far it reaches, its ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from aelib.page.claims._numbers import number
from aelib.page.claims.record import Measurement

MARGIN = 4.0  # percent of the width left free at both ends, so that no dot is cut off
LEAST = 0.12  # of a shared axis: a line whose dots and bound span less gets an axis of its own
WIDEST = 26  # characters of all tick labels that a narrow axis has room for


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic axis from ``low`` to ``high``."""

    low: float
    high: float
    scale: str = "linear"

    @classmethod
    def over(cls, measurements: Sequence[Measurement]) -> Self:
        """The axis that shows all of some measurements of one unit and scale."""
        spans = [_span(measurement) for measurement in measurements]
        low, high = min(span[0] for span in spans), max(span[1] for span in spans)
        scale = measurements[0].scale
        if scale == "log":
            return cls(low / 1.5, high * 1.5, scale) if high < 1.5 * low else cls(low, high, scale)
        if low == high:
            half = abs(low) / 2 or 1.0
            return cls(low - half, high + half)
        if 0 < low < high - low:  # near enough to zero to show how far from it
            low = 0.0
        if low - high < high < 0:
            high = 0.0
        return cls(low, high)

    def position(self, value: float) -> float:
        """Where a value stands, in percent of the width."""
        low, high = self._on_scale(self.low), self._on_scale(self.high)
        fraction = (self._on_scale(value) - low) / (high - low)
        return MARGIN + (100 - 2 * MARGIN) * min(max(fraction, 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values on the axis with their texts, few enough to stand side by side."""
        for most in (4, 3, 2):
            values = self._decades(most) if self.scale == "log" else self._steps(most)
            found = [(value, number(value, 6)) for value in values]
            if sum(len(text) for _, text in found) <= WIDEST:
                break
        return found

    def _on_scale(self, value: float) -> float:
        return math.log(value) if self.scale == "log" else value

    def _steps(self, most: int) -> list[float]:
        rough = (self.high - self.low) / most
        size = 10.0 ** math.floor(math.log10(rough))
        for step in (size, 2 * size, 5 * size, 10 * size, 20 * size):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first < most:
                break
        return [float(f"{k * step:.12g}") for k in range(first, last + 1)]

    def _decades(self, most: int) -> list[float]:
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        if last > first:
            stride = -(-(last - first + 1) // most)
            return [float(f"1e{k}") for k in range(first, last + 1, stride)]
        fine = [m * 10.0**k for k in range(first - 1, last + 2) for m in (1, 2, 5)]
        fine = [float(f"{value:.6g}") for value in fine if self.low <= value <= self.high]
        return fine[:: -(-len(fine) // most)] if fine else [float(f"{self.low:.2g}")]


def _span(measurement: Measurement) -> tuple[float, float]:
    """From the least to the greatest of what a line shows: seeds, interval, bound."""
    bound = measurement.bound
    bounds = bound if isinstance(bound, tuple) else (bound,)
    shown = [*measurement.values, *measurement.interval, *bounds]
    return min(shown), max(shown)


def in_groups(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    """Measurements in groups that share an axis, in the order in which they were made.

    They share one if they have the unit and the scale in common and none is squeezed by it to
    where seeds, interval and bound can no longer be told apart.
    """
    groups: list[list[Measurement]] = []
    for measurement in measurements:
        for group in groups:
            same = (group[0].unit, group[0].scale) == (measurement.unit, measurement.scale)
            if same and _legible([*group, measurement]):
                group.append(measurement)
                break
        else:
            groups.append([measurement])
    return groups


def _legible(measurements: Sequence[Measurement]) -> bool:
    axis = Axis.over(measurements)
    least = LEAST * (100 - 2 * MARGIN)
    for measurement in measurements:
        low, high = _span(measurement)
        if axis.position(high) - axis.position(low) < least:
            return False
    return True
