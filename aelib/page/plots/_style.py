"""One look for every figure: colors that can be told apart, text kept as text, stable SVG."""

from __future__ import annotations

import sys
from typing import Any

# Colors are written into the SVG as these very values; the book replaces them with CSS
# variables, so that a figure follows the reader's light or dark theme. A plain notebook shows
# them as they are; JupyterLab puts a light ground under figures with dark tick labels.
INK = "#3d4046"  # text, axes and ticks
RULE = "#97999d"  # grid lines
PAPER = "#fdfdfc"  # what hides a line behind a marker or a label
PALETTE = ("#2440b5", "#dc6a22", "#159aa6", "#b61963", "#9c4fe8", "#71400f")

# The same by name, as the pages know them, on a light ground and on a dark one.
_NAMES = ("ink", "rule", "paper", *(str(number) for number in range(1, 7)))
LIGHT = dict(zip(_NAMES, (INK, RULE, PAPER, *PALETTE), strict=True))
DARK = {
    "ink": "#d9dde3", "rule": "#8d939c", "paper": "#121212",
    "1": "#8ea4e8", "2": "#e8963a", "3": "#5fe3e6", "4": "#f52f80", "5": "#a85ade", "6": "#efdc86",
}  # fmt: skip

# One color for each loss and model in the whole book. Six colors are all that can be told apart,
# so names share one that are not compared with each other.
COLORS = {
    "squared error": "2", "gaussian": "2",
    "cross-entropy": "1", "bernoulli": "1",
    "absolute error": "3", "laplace": "3",
    "continuous_bernoulli": "5", "student_t": "4", "categorical": "6",
    "poisson": "3", "multinomial": "4", "negative_binomial": "5",
    "zero_inflated_negative_binomial": "1",
    "pca": "6", "linear": "5", "autoencoder": "1",
    "contractive": "4", "sparse": "5", "denoising": "3", "adversarial": "4",
    "ssim": "3", "perceptual": "5",
    "signal": "1", "noise": "2", "train": "6", "test": "1",
    "first class": "1", "second class": "4",
    "truth": "ink", "bound": "ink",
}  # fmt: skip

# Variables that a page sets, by the color they replace.
VARIABLES = {
    INK: "--figure-ink",
    RULE: "--figure-rule",
    PAPER: "--figure-paper",
    **{color: f"--figure-{index}" for index, color in enumerate(PALETTE, start=1)},
}

# At this size a figure of the usual width, 4.4 inches, has letters of 11 pixels on a phone.
FONT = 10.8
METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))


def color(name: str) -> str:
    """Color of a loss or a model, the same in the whole book.

    Args:
        name: such as ``"gaussian"``, ``"bernoulli"``, ``"pca"``, ``"truth"``.

    Returns:
        A value for Matplotlib's ``color=``; on a page it follows the theme.

    Raises:
        ValueError: if the name has no color.

    Example:
        >>> color("gaussian") == color("squared error")
        True
    """
    if name not in COLORS:
        raise ValueError(f"name: expected one of {sorted(COLORS)}, got {name!r}")
    return LIGHT[COLORS[name]]


def style() -> dict[str, Any]:
    """Matplotlib settings of the book, as ``rcParams``.

    Returns:
        Settings by name. Lines differ in dashes as well as in color.
    """
    from cycler import cycler

    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "aelib",
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": FONT,
        "mathtext.fontset": "dejavusans",
        "figure.figsize": (4.4, 2.8),
        "figure.dpi": 96,
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "savefig.facecolor": "none",
        "savefig.transparent": True,
        "text.color": INK,
        "axes.facecolor": "none",
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": FONT,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.labelsize": FONT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=_DASHES),
        "grid.color": RULE,
        "grid.alpha": 0.35,
        "grid.linewidth": 0.6,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": FONT,
        "ytick.labelsize": FONT,
        "legend.frameon": False,
        "legend.fontsize": FONT,
        "legend.labelcolor": INK,
        "lines.linewidth": 1.9,
        "lines.markersize": 4.5,
        "patch.edgecolor": "none",
        "hatch.color": INK,
        "image.cmap": "gray",
        "image.interpolation": "none",
        "boxplot.boxprops.color": INK,
        "boxplot.whiskerprops.color": INK,
        "boxplot.capprops.color": INK,
        "boxplot.flierprops.markeredgecolor": INK,
    }


def use() -> None:
    """Draw all figures of this session in the book's style; call it once at a notebook's top.

    In a notebook, figures become SVG with text kept as text, the same bytes at every run, and a
    cell that draws shows its figure alone: what its last line returns is not shown as well.

    Example:
        >>> use()
    """
    import matplotlib

    settings: Any = style()
    matplotlib.rcParams.update(settings)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return
    from matplotlib_inline.config import InlineBackend

    backend = InlineBackend.instance(parent=shell)
    # The layout engine keeps everything inside; cropping would make every figure another width.
    options: Any = {"bbox_inches": None, "metadata": METADATA}
    backend.print_figure_kwargs = options
    backend.figure_formats = {"svg"}
    _show_figures_alone(shell)


def _show_figures_alone(shell: Any) -> None:
    """Let a cell that draws and ends in ``plt.ylim(0, 1)`` show its figure, not ``(0, 1)``."""
    from matplotlib import pyplot

    hook = shell.displayhook
    ends_in_semicolon = type(hook).quiet

    def quiet() -> bool:
        return ends_in_semicolon(hook) or bool(pyplot.get_fignums())

    hook.quiet = quiet
