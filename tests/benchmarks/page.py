"""The table and the figure of the book's page on speed."""

from collections.abc import Sequence
from pathlib import Path

from harness import Figure, Growth, Report

STATIC = Path(__file__).parents[2] / "book" / "_static"
HEADER = "| work | against | ours | theirs | ratio (lowest to highest) | at least | | remark |"


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table, a row for each figure."""
    return "\n".join([HEADER, "|---|---|---|---|---|---|---|---|", *map(_row, figures)])


def write(report: Report, machine: str, date: str) -> None:
    """Write what ``book/speed.md`` includes."""
    STATIC.joinpath("speed_table.txt").write_text(
        f"Measured on {date}: {machine}.\n\n{table(report.figures)}\n"
    )
    _plot(report.growth).savefig(
        STATIC / "speed.svg", bbox_inches="tight", transparent=True, metadata={"Date": None}
    )


def _row(figure: Figure) -> str:
    middle, low, high = figure.ratio
    spread = f"{middle:.2g}" if low == high else f"{middle:.2g} ({low:.2g} to {high:.2g})"
    met = "met" if middle >= figure.at_least else "**short**"
    amounts = [_amount(value, figure.unit) for value in (figure.ours, figure.theirs)]
    cells = [figure.work, figure.against, *amounts, spread, f"{figure.at_least:.2g}", met]
    return "| " + " | ".join([*cells, figure.note]) + " |"


def _amount(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.0f} {unit}"
    return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def _plot(growths: Sequence[Growth]):
    import matplotlib.pyplot as plt

    from aelib import plots

    plots.use()
    figure, axes = plt.subplots(1, len(growths), figsize=(2.6 * len(growths), 2.6))
    for axis, item in zip(axes, growths, strict=True):
        axis.loglog(item.sizes, item.seconds, "o-")
        axis.set_title(item.work, fontsize=8)
        axis.set_xlabel(f"{item.size}\ntime ~ size^{item.exponent:.2f}")
        axis.set_xticks(item.sizes, [f"{size:,}" for size in item.sizes], fontsize=7)
        axis.minorticks_off()
    axes[0].set_ylabel("seconds")
    figure.tight_layout()
    return figure
