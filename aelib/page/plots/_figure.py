"""A Matplotlib figure as SVG text: the same figure gives the same bytes."""

import io
from typing import TYPE_CHECKING, Any

from aelib.page.plots._style import METADATA, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def svg_of(figure: "Figure") -> str:
    """SVG of a figure, uncropped, with text kept as text and nothing that changes between runs.

    Args:
        figure: a Matplotlib figure.
    """
    import matplotlib

    fixed: Any = {key: value for key, value in style().items() if key.startswith("svg.")}
    buffer = io.StringIO()
    with matplotlib.rc_context(fixed):
        figure.savefig(buffer, format="svg", metadata=METADATA, transparent=True)
    return buffer.getvalue()
