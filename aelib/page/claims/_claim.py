"""A claim, its measurement and its bound; ``check`` decides and shows."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

import numpy as np

from aelib.page.claims._badge import show
from aelib.page.claims._format import measurement, number, requirement
from aelib.page.claims._interval import mean_interval

OPERATORS = ("<", "<=", ">", ">=", "==", "in")
VERDICTS = ("holds", "holds if", "does not hold")


class ClaimFailed(AssertionError):  # noqa: N818 - the name is part of the public face
    """A measurement did not meet the bound its claim states."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook the message says it all; how ``check`` is written does not help."""
        return [f"ClaimFailed: {self}"]


@dataclass(frozen=True)
class Claim:
    """What was claimed, measured and asked for.

    Attributes:
        claim_id: Number of the claim in the ledger, such as ``"3.1"``.
        text: What was measured, in words.
        values: The measurements, one per seed, or a single exact one.
        op: How the measurement is compared with the bound.
        bound: A number, or ``(low, high)`` for ``"in"``.
        unit: Unit of the measurement and the bound; empty for a pure number.
        verdict: ``"holds"``, ``"holds if"`` or ``"does not hold"``, said of the source's claim.
        condition: What the claim holds under.
    """

    claim_id: str
    text: str
    values: tuple[float, ...]
    op: str
    bound: float | tuple[float, float]
    unit: str = ""
    verdict: str = "holds"
    condition: str = ""

    @property
    def seeds(self) -> int:
        """Number of measurements."""
        return len(self.values)

    @property
    def _interval(self) -> tuple[float, float, float]:
        if self.seeds == 1 or not all(map(math.isfinite, self.values)):
            mean = math.nan if self.seeds > 1 else self.values[0]
            return mean, mean, mean
        return mean_interval(self.values)

    @property
    def mean(self) -> float:
        """Mean over seeds, or the single measurement."""
        return self._interval[0]

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of the mean."""
        return self._interval[1]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval of the mean."""
        return self._interval[2]

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
        tested = self.values if self.op == "==" else (self.low, self.high)
        return all(map(math.isfinite, self.values)) and all(map(self.admits, tested))

    def data(self) -> dict[str, Any]:
        """The claim as JSON-ready data, from which it can be drawn again in another language."""
        return {
            "id": self.claim_id,
            "text": self.text,
            "values": list(self.values),
            "op": self.op,
            "bound": list(self.bound) if isinstance(self.bound, tuple) else self.bound,
            "unit": self.unit,
            "verdict": self.verdict,
            "condition": self.condition,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Claim":
        """The claim that :meth:`data` described."""
        bound = data["bound"]
        return cls(
            data["id"],
            data["text"],
            tuple(data["values"]),
            data["op"],
            (bound[0], bound[1]) if isinstance(bound, list) else bound,
            data["unit"],
            data["verdict"],
            data["condition"],
        )

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has drawn the badge, the cell's last line need not repeat it."""


def check(
    claim_id: str,
    text: str,
    measured: SupportsFloat | Sequence[float] | np.ndarray,
    op: str,
    bound: float | tuple[float, float],
    *,
    unit: str = "",
    verdict: str = "holds",
    condition: str = "",
) -> Claim:
    """Check a claim where it is made: draw its badge, or stop the notebook.

    Several checks may carry one claim id; each is a badge of its own.

    Args:
        claim_id: Number of the claim in the ledger, such as ``"3.1"``.
        text: What was measured, in words (plain text).
        measured: One exact number, or one number per seed. Over seeds the mean and its 95 %
            Student t interval are taken and the worse end has to meet the bound.
        op: ``"<"``, ``"<="``, ``">"``, ``">="``, ``"=="`` (exact; every value) or ``"in"``.
        bound: A number, or ``(low, high)``, ends included, for ``"in"``.
        unit: Unit of ``measured`` and ``bound``, such as ``"nats"``.
        verdict: What the measurement says of the source's claim: ``"holds"``, ``"holds if"`` or
            ``"does not hold"``.
        condition: What the claim holds under; needed with ``"holds if"`` and only there.

    Returns:
        The claim, with its mean and interval.

    Raises:
        ClaimFailed: If the measurement is not finite or does not meet the bound.
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument has a value that makes no sense.

    Example:
        >>> claim = check("1.3", "Surprise at 1 %", 4.605, "in", (4.60, 4.61), unit="nats")
        >>> claim.passed
        True
    """
    claim = Claim(
        _claim_id(claim_id),
        _text("text", text),
        _measured(measured),
        _one_of("op", op, OPERATORS),
        _bound(op, bound),
        _text("unit", unit, empty=True),
        _one_of("verdict", verdict, VERDICTS),
        _text("condition", condition, empty=True),
    )
    if (claim.verdict == "holds if") != bool(claim.condition):
        raise ValueError(
            "condition: expected what the claim holds under with verdict='holds if' and nothing "
            f"otherwise, got verdict={verdict!r} and condition={condition!r}"
        )
    if not claim.passed:
        raise ClaimFailed(_failure(claim))
    show(claim)
    return claim


def _text(name: str, value: str, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected text, got {type(value).__name__}")
    if not (value.strip() or empty):
        raise ValueError(f"{name}: expected words, got {value!r}")
    return value.strip()


def _claim_id(value: str) -> str:
    if not re.fullmatch(r"\d+\.\d+", _text("claim_id", value)):
        raise ValueError(f"claim_id: expected chapter.number such as '3.1', got {value!r}")
    return value


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, known))}, got {value!r}")
    return value


def _measured(measured: Any) -> tuple[float, ...]:
    values = np.asarray(measured)
    if values.dtype.kind not in "iuf" and values.dtype.name != "bfloat16":
        kind = type(measured).__name__ if values.ndim == 0 else f"{values.dtype} values"
        raise TypeError(f"measured: expected a real number or one per seed, got {kind}")
    if values.ndim > 1 or (values.ndim == 1 and values.size < 2):
        raise ValueError(
            "measured: expected one number, or a sequence of at least two (one per seed), "
            f"got shape {values.shape}"
        )
    return tuple(float(value) for value in values.reshape(-1))


def _bound(op: str, bound: Any) -> float | tuple[float, float]:
    values = np.asarray(bound)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"bound: expected a real number or (low, high), got {bound!r}")
    if values.shape != ((2,) if op == "in" else ()):
        wanted = "(low, high) with op='in'" if op == "in" else f"one number with op={op!r}"
        raise ValueError(f"bound: expected {wanted}, got {bound!r}")
    if not np.all(np.isfinite(values)) or (op == "in" and values[0] > values[1]):
        raise ValueError(f"bound: expected finite numbers, low before high, got {bound!r}")
    return (float(values[0]), float(values[1])) if op == "in" else float(values)


def _failure(claim: Claim) -> str:
    """A message to act on: what was claimed, what came, by how much it misses, what to do."""
    unit = f" {claim.unit}" if claim.unit else ""
    lines = [f"claim {claim.claim_id}: {claim.text}"]
    finite = all(map(math.isfinite, claim.values))
    if not finite:
        lines.append(f"  measured: a value that is not finite: {list(claim.values)}")
    elif claim.seeds == 1:
        lines.append(f"  measured: {claim.mean!r}{unit}")
    else:
        lines.append(
            f"  measured: {measurement(claim)}{unit}, 95 % interval "
            f"[{number(claim.low, 6)}, {number(claim.high, 6)}] over {claim.seeds} seeds"
        )
    worse = "every seed" if claim.op == "==" else "both ends of the interval"
    over = f" of {worse}" if claim.seeds > 1 else ""
    lines.append(f"  required{over}: {requirement(claim)}{unit}")
    if finite and claim.seeds > 1:
        lines.append(f"  seeds: {', '.join(number(value, 6) for value in claim.values)}")
    lines.append(
        "Either something broke, or the claim says too much: mend the code, or change the bound, "
        "the verdict and the words around it."
    )
    return "\n".join(lines)
