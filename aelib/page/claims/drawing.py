"""Cards and forest plots as HTML and as plain text, from measurements and verdicts.

One line for each measurement: the words, the seeds as dots above the mean with its 95 % interval,
the bound, and the numbers as text, which is what a screen reader reads. Lines of one unit share an
axis where none is squeezed by it. Positions are percentages, so that a plot is as wide as it has
room. Everything is drawn without scripts.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from aelib.page.claims._axis import Axis, in_groups
from aelib.page.claims._style import STYLE as STYLE
from aelib.page.claims.record import SHOWS, Measurement, Verdict

SYMBOLS = {"holds": "✓", "holds if": "◐", "does not hold": "✗", "open": "○"}

# The words of cards and plots; an edition in another language passes its own.
WORDS = {
    "claim": "Claim",
    "holds": "holds",
    "holds if": "holds if",
    "does not hold": "does not hold",
    "open": "is still to be put to the test",
    "supports": "supports",
    "contradicts": "contradicts",
    "context": "context",
    "required": "required:",
    "as above": "required: as above",
    "seeds": "{n} seeds",
    "alike": "the same for all {n} seeds",
    "evidence": "Evidence:",
    "measured": "{n} measured",
    "n supports": "{n} supporting",
    "n contradicts": "{n} contradicting",
    "n context": "{n} for context",
    "key": "Dots: seeds. Bar: mean and its 95 % interval. Dashed: the bound; "
    "shaded: what it admits.",
}
MARKS = {  # told apart by shape as well as by color
    "supports": "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0-4.5 0z",
    "contradicts": "M-5.5 0L0-5.5L5.5 0L0 5.5z",
    "context": "M-4-4H4V4H-4z",
}
Where = Callable[[Measurement], str]  # an address, an id or a piece of HTML, or ""


def nowhere(_measurement: Measurement) -> str:
    """No address, no id: a notebook has no page to lead to."""
    return ""


def forest(
    measurements: Sequence[Measurement],
    words: Mapping[str, str] = WORDS,
    *,
    where: Where = nowhere,
    anchor: Where = nowhere,
    prefix: Where = nowhere,
) -> str:
    """HTML of a forest plot: a line for each measurement.

    Lines of one axis whose words are the same up to the last colon stand under one heading, and a
    bound that is that of the line above is not written again.

    Args:
        measurements: what is drawn, in this order except that lines of one axis stand together.
        words: words of the plot; see ``WORDS``.
        where: gives the address that a line's words lead to.
        anchor: gives a line's id.
        prefix: gives HTML to stand before a line's words.

    Returns:
        One ``<ul>``.
    """
    rows = []
    above = ("", "")  # bound and reason of the line above
    for group in in_groups(measurements):
        axis = Axis.over(group)
        runs = _runs(group)
        for run in runs:
            title = _title(run)
            if title:
                rows.append(_heading(run, title, words, prefix(run[0])))
                above = _bound_of(run[0]) if _one_bound(run) else ("", "")
            for m in run:
                plot = _line(m, axis)
                if m is runs[-1][-1]:
                    plot += _ticks(axis)
                required = _required(m, words)
                if _bound_of(m) == above:
                    required = "" if title and _one_bound(run) else words["as above"]
                above = _bound_of(m)
                text = m.text.removeprefix(f"{title}: ") if title else m.text
                before = "" if title else prefix(m)
                rows.append(_row(m, text, required, plot, words, where(m), anchor(m), before))
    return f'<ul class="claim-rows">{"".join(rows)}</ul>'


def card(
    verdict: Verdict,
    measurements: Sequence[Measurement],
    words: Mapping[str, str] = WORDS,
    *,
    where: Where = nowhere,
    anchor: str = "",
    href: str = "",
) -> str:
    """HTML of a verdict card, with the verdict's data in ``data-verdict-card``.

    Args:
        verdict: what was concluded.
        measurements: everything that was measured for the claim.
        words: words of the card; see ``WORDS``.
        where: gives the address that a measurement's words lead to.
        anchor: the element's id, if it is to be linked to.
        href: where the claim's number leads to, if anywhere.

    Returns:
        One ``<section>``: verdict, claim, the numbers that decide it, all the evidence folded.
    """
    data = escape(json.dumps(verdict.data(), ensure_ascii=False, separators=(",", ":")))
    identity = f' id="{escape(anchor)}"' if anchor else ""
    label = escape(f"{words['claim']} {verdict.claim_id} {sentence(verdict, words)}")
    claim = f'<p class="claim-sentence">{escape(verdict.text)}</p>' if verdict.text else ""
    shown = deciding(verdict, measurements)
    plot = forest(shown, words, where=where) if shown else ""
    evidence = ""
    if measurements:
        evidence = (
            f"<details><summary>{escape(summary(measurements, words))}</summary>"
            f"{forest(measurements, words, where=where)}"
            f'<p class="claim-key">{escape(words["key"])}</p></details>'
        )
    return (
        f'<section class="aelib-card"{identity} aria-label="{label}" '
        f'data-verdict="{verdict.verdict}" data-verdict-card="{data}">'
        f"{head(verdict, words, href)}{claim}{plot}{evidence}</section>"
    )


def lines(
    measurements: Sequence[Measurement],
    words: Mapping[str, str] = WORDS,
    *,
    anchor: Where = nowhere,
    ledger: str = "",
) -> str:
    """HTML of what one cell has checked.

    Args:
        measurements: what the cell has checked.
        words: words of the lines; see ``WORDS``.
        anchor: gives a line's id.
        ledger: address of the ledger, if the claims' numbers are to lead there.

    Returns:
        A ``<div>`` for each claim, under a heading where the checks themselves say a verdict.
    """
    found = ""
    for key in dict.fromkeys((m.claim_id, m.verdict, m.condition) for m in measurements):
        same = [m for m in measurements if (m.claim_id, m.verdict, m.condition) == key]
        href = f"{ledger}#{ledger_anchor(key[0])}" if ledger else ""
        title = head(Verdict(*key), words, href) if key[1] else ""

        def number(m: Measurement, title: str = title, href: str = href) -> str:
            return "" if title else f"{_name(m.claim_id, words, href)}: "

        plot = forest(same, words, anchor=anchor, prefix=number)
        verdict = f' data-verdict="{key[1]}"' if key[1] else ""
        found += f'<div class="aelib-claims"{verdict}>{title}{plot}</div>'
    return found


def data_of(measurement: Measurement) -> str:
    """An empty element that carries a measurement's data, for whoever collects it."""
    data = json.dumps(measurement.data(), ensure_ascii=False, separators=(",", ":"))
    return f'<span hidden data-claim="{escape(data)}"></span>'


def plain(measurement: Measurement) -> str:
    """One line of text for a terminal or a screen without HTML."""
    m = measurement
    what = f"{m.verdict} {m.condition}".strip() or m.shows
    seeds = f"; {m.seeds} seeds" if m.seeds > 1 else ""
    return f"Claim {m.claim_id} ({what}) {m.text}: {m.measured} ({m.required}{seeds})"


def plain_card(verdict: Verdict, measurements: Sequence[Measurement]) -> str:
    """A card as text: the verdict, the claim, and a line for each measurement."""
    symbol = SYMBOLS[verdict.verdict]
    first = f"{symbol} Claim {verdict.claim_id} {sentence(verdict, WORDS)}"
    return "\n".join([first, *filter(None, [verdict.text]), *map(plain, measurements)])


def deciding(verdict: Verdict, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The one or two measurements that a card shows unfolded.

    Those marked with ``decides``; else the first that say what the verdict says.
    """
    marked = [m for m in measurements if m.decides]
    side = "contradicts" if verdict.verdict == "does not hold" else "supports"
    agreeing = [m for m in measurements if m.shows == side]
    return marked[:2] or agreeing[:2] or list(measurements[:2])


def sentence(verdict: Verdict, words: Mapping[str, str]) -> str:
    """The verdict in words, with its condition."""
    return f"{words[verdict.verdict]} {verdict.condition}".strip()


def summary(measurements: Sequence[Measurement], words: Mapping[str, str]) -> str:
    """How much evidence there is and what it shows."""
    counts = Counter(measurement.shows for measurement in measurements)
    parts = [words[f"n {shows}"].format(n=counts[shows]) for shows in SHOWS if counts[shows]]
    total = words["measured"].format(n=len(measurements))
    return f"{words['evidence']} {total} ({', '.join(parts)})"


def head(verdict: Verdict, words: Mapping[str, str], href: str = "") -> str:
    """The first line of a card: the claim's number and the verdict."""
    symbol = f'<span aria-hidden="true">{SYMBOLS[verdict.verdict]}</span>'
    return (
        f'<p class="claim-head">{_name(verdict.claim_id, words, href)} '
        f'<span class="claim-verdict">{symbol} {escape(sentence(verdict, words))}</span></p>'
    )


def ledger_anchor(claim_id: str) -> str:
    """Id of a claim's line in the ledger."""
    return f"ledger-{claim_id.replace('.', '-')}"


def _name(claim_id: str, words: Mapping[str, str], href: str) -> str:
    name = f"{escape(words['claim'])} {claim_id}"
    return f'<a href="{escape(href)}">{name}</a>' if href else name


def _runs(group: Sequence[Measurement]) -> list[list[Measurement]]:
    """Lines that stand together because their words are the same up to the last colon."""
    runs: dict[str, list[Measurement]] = {}
    for m in group:
        common = m.text.rpartition(": ")[0]
        runs.setdefault(common or m.text, []).append(m)
    return list(runs.values())


def _title(run: Sequence[Measurement]) -> str:
    """The words that lines have in common, if there are several."""
    return run[0].text.rpartition(": ")[0] if len(run) > 1 else ""


def _bound_of(m: Measurement) -> tuple[str, str]:
    return m.required, m.because


def _one_bound(run: Sequence[Measurement]) -> bool:
    return len(set(map(_bound_of, run))) == 1


def _required(m: Measurement, words: Mapping[str, str]) -> str:
    bound = f"{words['required']} {m.required}".replace(" ", "\u00a0", 2)  # the unit may wrap
    return f"{bound}; {m.because}" if m.because else bound


def _heading(run: Sequence[Measurement], title: str, words: Mapping[str, str], prefix: str) -> str:
    required = f"<small>{escape(_required(run[0], words))}</small>" if _one_bound(run) else ""
    return f'<li class="claim-title">{prefix}{escape(title)}{required}</li>'


def _row(
    m: Measurement,
    text: str,
    required: str,
    plot: str,
    words: Mapping[str, str],
    href: str,
    anchor: str,
    prefix: str,
) -> str:
    name = f' id="{escape(anchor)}"' if anchor else ""
    what = f'<a href="{escape(href)}">{escape(text)}</a>' if href else escape(text)
    required = f"<small>{escape(required)}</small>" if required else ""
    seeds = ""
    if m.seeds > 1:
        seeds = words["seeds" if m.high > m.low else "alike"].format(n=m.seeds) + "; "
    return (
        f'<li class="claim-row"{name} data-shows="{m.shows}">'
        f'<div class="claim-what">{prefix}{what}{required}</div>'
        f'<div class="claim-plot">{plot}</div>'
        f'<div class="claim-value"><span class="claim-number">{escape(m.measured)}</span>'
        f"<small>{escape(seeds)}"
        f'<span class="claim-shows">{escape(words[m.shows])}</span></small></div></li>'
    )


def mini(measurement: Measurement) -> str:
    """The line of one measurement without its words, on an axis without ticks."""
    plot = _line(measurement, Axis.over([measurement]))
    return f'<span class="claim-row claim-mini" data-shows="{measurement.shows}">{plot}</span>'


def _line(m: Measurement, axis: Axis) -> str:
    at = _Positions(axis)
    parts = [_admitted(m, at), '<line class="base" x1="0" x2="100%" y1="20" y2="20"/>']
    for bound in m.bound if isinstance(m.bound, tuple) else (m.bound,):
        parts.append(f'<line class="bound" x1="{at[bound]}" x2="{at[bound]}" y1="1" y2="29"/>')
    if m.seeds > 1:
        for index, value in enumerate(m.values):
            y = 6 + 4 * (index % 2)  # two rows, so that equal values are seen to be several
            parts.append(f'<circle class="seed" cx="{at[value]}" cy="{y}" r="2.6"/>')
        parts.append(f'<line class="interval" x1="{at[m.low]}" x2="{at[m.high]}" y1="20" y2="20"/>')
    parts.append(
        f'<svg x="{at[m.mean]}" y="20" overflow="visible" aria-hidden="true">'
        f'<path class="mean" d="{MARKS[m.shows]}"/></svg>'
    )
    return f'<svg class="claim-line" aria-hidden="true">{"".join(parts)}</svg>'


def _admitted(m: Measurement, at: "_Positions") -> str:
    """The part of the axis that meets the bound."""
    low, high = 0.0, 100.0
    if isinstance(m.bound, tuple):
        low, high = (at.percent(end) for end in m.bound)
    elif m.op == "==":
        return ""
    elif m.op in ("<", "<="):
        high = at.percent(m.bound)
    else:
        low = at.percent(m.bound)
    width = max(high - low, 0.0)
    return f'<rect class="admitted" x="{low:.2f}%" width="{width:.2f}%" y="1" height="28"/>'


def _ticks(axis: Axis) -> str:
    at = _Positions(axis)
    parts = ['<line class="base" x1="0" x2="100%" y1="0.5" y2="0.5"/>']
    for value, text in axis.ticks():
        parts.append(f'<line class="tick" x1="{at[value]}" x2="{at[value]}" y1="0" y2="5"/>')
        # Words at the right end would be cut off at the edge of a phone.
        cut = at.percent(value) > 90 and len(text) > 3
        x, end = ("100%", " data-end") if cut else (at[value], "")
        parts.append(f'<text x="{x}" y="17"{end}>{escape(text)}</text>')
    return f'<svg class="claim-axis" aria-hidden="true">{"".join(parts)}</svg>'


class _Positions:
    """Places on an axis as SVG writes them."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis

    def percent(self, value: float) -> float:
        return self.axis.position(value)

    def __getitem__(self, value: Any) -> str:
        return f"{self.percent(value):.2f}%"
