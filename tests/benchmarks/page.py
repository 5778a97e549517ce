"""The table and the figure of the book's page on speed."""

import dataclasses
import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.harness import Figure, Growth, Report

STATIC = Path(__file__).parents[2] / "book" / "_static"
RECORD = STATIC / "speed.json"
HEADER = "| work | against | ours | theirs | ratio (lowest to highest) | at least | |"


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table, a row for each figure."""
    return "\n".join([HEADER, "|---|---|---|---|---|---|---|", *map(_row, figures)])


def renew(name: str, report: Report, machine: str, *, order: Sequence[str]) -> None:
    """Put what one benchmark found in place of what it found before, and draw the page anew.

    Writes ``speed.json``, the record, and what ``book/speed.md`` includes.
    """
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    today = datetime.date.today().isoformat()
    record[name] = {"date": today, "machine": machine, **dataclasses.asdict(report)}
    record = {key: record[key] for key in order if key in record}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    measured = sorted({(entry["date"], entry["machine"]) for entry in record.values()})
    lines = [f"Measured on {date}: {where}." for date, where in measured]
    figures = [Figure(**item) for entry in record.values() for item in entry["figures"]]
    growth = [Growth(**item) for entry in record.values() for item in entry["growth"]]
    STATIC.joinpath("speed_table.txt").write_text("\n".join([*lines, "", table(figures), ""]))
    if growth:
        options = {"bbox_inches": "tight", "transparent": True, "metadata": {"Date": None}}
        _plot(growth).savefig(STATIC / "speed.svg", **options)


def _row(figure: Figure) -> str:
    middle, low, high = figure.ratio
    spread = f"{middle:.3g}" if low == high else f"{middle:.3g} ({low:.3g} to {high:.3g})"
    met = "met" if middle >= figure.at_least else "**short**"
    amounts = [_amount(value, figure.unit) for value in (figure.ours, figure.theirs)]
    work = f"{figure.work} *({figure.note})*" if figure.note else figure.work
    cells = [work, figure.against, *amounts, spread, f"{figure.at_least:.2g}", met]
    return "| " + " | ".join(cells) + " |"


def _amount(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.0f} {unit}"
    return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def _plot(growths: Sequence[Growth]):
    import matplotlib.pyplot as plt

    from aelib.page import plots

    plots.use()
    rows = -(-len(growths) // 3)
    figure, axes = plt.subplots(rows, 3, figsize=(7.8, 2.6 * rows), squeeze=False)
    for axis in axes.flat[len(growths) :]:
        axis.set_axis_off()
    for axis, item in zip(axes.flat, growths, strict=False):
        axis.loglog(item.sizes, item.seconds, "o-")
        axis.set_title(item.work, fontsize=8)
        axis.set_xlabel(f"{item.size}\ntime ~ size^{item.exponent:.2f}")
        axis.set_xticks(item.sizes, [f"{size:,}" for size in item.sizes], fontsize=7)
        axis.minorticks_off()
    for row in axes:
        row[0].set_ylabel("seconds")
    return figure
