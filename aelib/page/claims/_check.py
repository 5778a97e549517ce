"""``check`` decides and shows; ``verdict`` and ``forest`` draw what has been checked."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import SupportsFloat

import numpy as np

from aelib.page.claims._numbers import number
from aelib.page.claims.drawing import STYLE, card, data_of, lines, plain, plain_card
from aelib.page.claims.drawing import forest as forest_html
from aelib.page.claims.record import OPERATORS, SCALES, SHOWS, VERDICTS, Measurement, Verdict

# What this session has measured, by claim and by words: a cell that is run again replaces its own.
_measured_here: dict[tuple[str, str], Measurement] = {}


class ClaimFailed(AssertionError):  # noqa: N818 - the name is part of the public face
    """A measurement did not meet the bound its claim states."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook the message says it all; how ``check`` is written does not help."""
        return [f"ClaimFailed: {self}"]


def check(
    claim_id: str,
    text: str,
    measured: SupportsFloat | Sequence[float] | np.ndarray,
    op: str,
    bound: float | tuple[float, float],
    *,
    unit: str = "",
    because: str = "",
    shows: str = "supports",
    scale: str = "linear",
    decides: bool = False,
    verdict: str = "",
    condition: str = "",
) -> Measurement:
    """Hold a measurement to its bound: show it as a line, or stop the notebook.

    Args:
        claim_id: number of the claim in the ledger, such as ``"3.1"``.
        text: what was measured, in words (plain text), other words for each measurement. Of
            several whose words are the same up to the last colon, as in ``"AUROC: 600 steps"`` and
            ``"AUROC: 1200 steps"``, these become the heading in a plot.
        measured: one exact number, or one number per seed. Over seeds the mean and its 95 %
            Student t interval are taken and the worse end has to meet the bound. Of positive
            quantities over decades give the worst as one number, or use ``scale="log"``.
        op: ``"<"``, ``"<="``, ``">"``, ``">="``, ``"=="`` (exact; every value) or ``"in"``.
        bound: a number, or ``(low, high)``, ends included, for ``"in"``.
        unit: unit of ``measured`` and ``bound``, such as ``"nats"``.
        because: the reason of the bound: a null, a theory, the smallest effect that matters.
            The book demands it of every chapter with verdict cards.
        shows: what the measurement shows of the claim: ``"supports"``, ``"contradicts"`` or
            ``"context"``.
        scale: ``"log"`` for positive values over decades: mean and interval are taken over
            logarithms, and the axis is logarithmic.
        decides: whether the claim's card shows this measurement, of which it shows two at most.
        verdict: in chapters without verdict cards, what the measurement says of the claim.
        condition: with ``verdict="holds if"``, what the claim holds under.

    Returns:
        The measurement, with its mean and interval.

    Raises:
        ClaimFailed: if the measurement is not finite or does not meet the bound.
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument has a value that makes no sense.

    Example:
        >>> reason = "-ln 0.01 is 4.605"
        >>> surprise = check("1.3", "At 1 %", 4.6052, "in", (4.60, 4.61), because=reason)
        >>> surprise.passed
        True
    """
    if verdict:
        _verdict(verdict, condition)
        if shows == "supports":
            shows = {"does not hold": "contradicts", "holds if": "context"}.get(verdict, shows)
    elif condition:
        raise ValueError(f"condition: expected none without a verdict, got {condition!r}")
    values = _measured(measured)
    measurement = Measurement(
        _claim_id(claim_id),
        _text("text", text),
        values,
        _one_of("op", op, OPERATORS),
        _bound(op, bound),
        _text("unit", unit, empty=True),
        _text("because", because, empty=True),
        _one_of("shows", shows, SHOWS),
        _scale(scale, values, bound),
        bool(decides),
        verdict,
        condition.strip(),
    )
    if not measurement.passed:
        raise ClaimFailed(_failure(measurement))
    _measured_here[measurement.claim_id, measurement.text] = measurement
    _show(plain(measurement), lines([measurement]) + data_of(measurement))
    return measurement


def verdict(claim_id: str, verdict: str, condition: str = "") -> None:
    """Show the card of a claim: the verdict and all that was measured for it.

    In a notebook the card is drawn from what has run so far; in the book, from everything that
    chapter and lab have measured.

    Args:
        claim_id: number of the claim in the ledger, such as ``"3.1"``.
        verdict: ``"holds"``, ``"holds if"`` or ``"does not hold"``.
        condition: what the claim holds under; needed with ``"holds if"`` and only there. It is
            about the data or the model, and can be checked beforehand.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument has a value that makes no sense.

    Example:
        >>> verdict("1.2", "holds if", "the pixels are black and white")
    """
    _verdict(verdict, condition)
    concluded = Verdict(_claim_id(claim_id), verdict, condition.strip(), _sentence(claim_id))
    found = _found(claim_id)
    _show(plain_card(concluded, found), card(concluded, found))


def forest(claim_id: str) -> None:
    """Show the forest plot of what a notebook has measured for a claim.

    Args:
        claim_id: number of the claim in the ledger, such as ``"3.1"``.

    Raises:
        TypeError: if ``claim_id`` is not text.
        ValueError: if ``claim_id`` is not of the form ``"3.1"``.

    Example:
        >>> forest("1.2")
    """
    found = _found(_claim_id(claim_id))
    html = f'<div class="aelib-claims" data-forest="{claim_id}">{forest_html(found)}</div>'
    _show("\n".join(map(plain, found)) or f"Claim {claim_id}: nothing measured yet", html)


def _found(claim_id: str) -> list[Measurement]:
    return [m for (name, _), m in _measured_here.items() if name == claim_id]


def _sentence(claim_id: str) -> str:
    """The claim's words, where the book's list of claims lies above the notebook."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        path = folder / "claims.yml"
        if path.is_file():
            import yaml

            chapters = yaml.safe_load(path.read_text(encoding="utf-8"))
            claims = {k: v for entry in chapters for k, v in entry["claims"].items()}
            return str(claims.get(claim_id, ""))
    return ""


def _show(text: str, html: str) -> None:
    """Display if there is a notebook or an IPython prompt to display it in."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": f"<style>{STYLE}</style>{html}"}, raw=True)


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


def _verdict(verdict: str, condition: str) -> None:
    _one_of("verdict", verdict, VERDICTS)
    if (verdict == "holds if") != bool(_text("condition", condition, empty=True)):
        raise ValueError(
            "condition: expected what the claim holds under with verdict='holds if' and nothing "
            f"otherwise, got verdict={verdict!r} and condition={condition!r}"
        )


def _measured(measured: SupportsFloat | Sequence[float] | np.ndarray) -> tuple[float, ...]:
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


def _bound(op: str, bound: float | tuple[float, float]) -> float | tuple[float, float]:
    values = np.asarray(bound)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"bound: expected a real number or (low, high), got {bound!r}")
    if values.shape != ((2,) if op == "in" else ()):
        wanted = "(low, high) with op='in'" if op == "in" else f"one number with op={op!r}"
        raise ValueError(f"bound: expected {wanted}, got {bound!r}")
    if not np.all(np.isfinite(values)) or (op == "in" and values[0] > values[1]):
        raise ValueError(f"bound: expected finite numbers, low before high, got {bound!r}")
    return (float(values[0]), float(values[1])) if op == "in" else float(values)


def _scale(scale: str, values: tuple[float, ...], bound: float | tuple[float, float]) -> str:
    if _one_of("scale", scale, SCALES) == "log":
        for name, least in (("measured", min(values)), ("bound", np.min(bound))):
            if least <= 0:
                raise ValueError(f"{name}: expected positive with scale='log', got {least!r}")
    return scale


def _failure(measurement: Measurement) -> str:
    """A message to act on: what was claimed, what came, by how much it misses, what to do."""
    m = measurement
    rows = [f"claim {m.claim_id}: {m.text}"]
    finite = all(map(math.isfinite, m.values))
    if not finite:
        rows.append(f"  measured: a value that is not finite: {list(m.values)}")
    elif m.seeds == 1:
        rows.append(f"  measured: {m.mean!r}{f' {m.unit}' if m.unit else ''}")
    else:
        rows.append(
            f"  measured: {m.measured}, 95 % interval "
            f"[{number(m.low, 6)}, {number(m.high, 6)}] over {m.seeds} seeds"
        )
    worse = "every seed" if m.op == "==" else "both ends of the interval"
    rows.append(f"  required{f' of {worse}' if m.seeds > 1 else ''}: {m.required}")
    if m.because:
        rows.append(f"  because: {m.because}")
    if finite and m.seeds > 1:
        rows.append(f"  seeds: {', '.join(number(value, 6) for value in m.values)}")
    rows.append(
        "Either something broke, or the claim says too much: fix the code, or change the bound, "
        "the verdict and the words around it."
    )
    return "\n".join(rows)
