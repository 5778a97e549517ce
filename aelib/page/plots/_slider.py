"""Something to move: figures shown one at a time, chosen with a native range input, offline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aelib.page.plots._figure import svg_of
from aelib.page.plots._style import INK, VARIABLES
from aelib.page.plots._svg import themed_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# All the script there is: an attribute of the input, which finds its own slider, so that any
# number of them share a page and a notebook needs to run nothing when it is opened.
_ON_INPUT = (
    "const s=this.closest('.aelib-slider'),i=+this.value,t=this.dataset.values.split('|')[i];"
    "s.querySelectorAll('.aelib-frame').forEach((f,j)=>{f.hidden=j!==i});"
    "this.setAttribute('aria-valuetext',t);s.querySelector('output').value=t"
)
# The colors of all frames, declared once: the page's, or the notebook's for text, or our own.
_SHORT = {
    f"var({variable},{color})": (f"--f{index}", variable, color)
    for index, (color, variable) in enumerate(VARIABLES.items())
}


class Slider:
    """Frames in one HTML element; a notebook shows it, ``html`` is its markup."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": "(a slider: needs a display with HTML)"}


def slider(
    frames: Callable[[Any], Figure | None] | Sequence[Figure],
    *,
    label: str,
    alt: str | Sequence[str],
    values: Sequence[Any],
    start: int = 0,
    max_kilobytes: int = 150,
) -> Slider:
    """A range input that moves through figures; works offline, from the keyboard, in any page.

    Args:
        frames: one figure per value, or a function of a value that draws one (what it draws in
            the current figure is taken when it returns nothing).
        label: what the slider sets, with its unit, such as ``"Code size"``.
        alt: what is to be seen; one text for all frames, or one for each.
        values: what the slider shows for each frame.
        start: index of the frame to begin with.
        max_kilobytes: largest size of the result; a page has to stay light.

    Returns:
        An object that a notebook displays as the last expression of a cell.

    Raises:
        ValueError: if the numbers of frames, values and texts differ, ``start`` is not an index,
            a text is empty, or the result is larger than ``max_kilobytes``.
    """
    values = list(values)
    shown = [_shown(value) for value in values]
    drawn = _draw(frames, values)
    alts = [alt] * len(drawn) if isinstance(alt, str) else list(alt)
    if not len(drawn) == len(values) == len(alts) or len(drawn) < 2:
        raise ValueError(
            "frames, values, alt: expected at least two and as many of each, got "
            f"{len(drawn)}, {len(values)} and {len(alts)}"
        )
    if not 0 <= start < len(drawn):
        raise ValueError(f"start: expected an index below {len(drawn)}, got {start}")
    for name, words in [("label", label), *[("alt", text) for text in alts]]:
        if not words.strip():
            raise ValueError(f"{name}: expected words, got {words!r}")
    key = hashlib.sha256("".join(drawn).encode()).hexdigest()[:8]
    html = _html(
        [
            themed_svg(svg, prefix=f"s{key}-{index}", label=text)
            for index, (svg, text) in enumerate(zip(drawn, alts, strict=True))
        ],
        label,
        shown,
        start,
    )
    size = len(html.encode()) / 1000
    if size > max_kilobytes:
        raise ValueError(
            f"frames: expected at most {max_kilobytes} kB in all, got {size:.0f} kB: draw fewer "
            "frames or points, or raise max_kilobytes"
        )
    return Slider(html)


def _draw(frames: Any, values: list[Any]) -> list[str]:
    """SVG of each frame; the figures are closed, or the notebook would show them once more."""
    from matplotlib import pyplot

    if callable(frames):
        made = []
        for value in values:
            before = set(pyplot.get_fignums())
            figure = frames(value)
            if figure is None:
                if set(pyplot.get_fignums()) == before:
                    raise ValueError(f"frames: expected a new figure for {value!r}, got none")
                figure = pyplot.gcf()
            made.append(svg_of(figure))
            pyplot.close(figure)
        return made
    made = [svg_of(figure) for figure in frames]
    for figure in frames:
        pyplot.close(figure)
    return made


def _shown(value: Any) -> str:
    return str(f"{value:.4g}" if isinstance(value, float) else value).replace("|", "/")


def _html(svgs: list[str], label: str, values: list[str], start: int) -> str:
    for long, (short, _, _) in _SHORT.items():
        svgs = [svg.replace(long, f"var({short})") for svg in svgs]
    frames = "".join(
        f'<div class="aelib-frame"{"" if index == start else " hidden"}>{svg}</div>'
        for index, svg in enumerate(svgs)
    )
    return (
        f'<div class="aelib-slider" style="{_declarations()}">{frames}'
        '<label style="display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .8rem">'
        f"<span>{escape(label)}</span>"
        f'<input type="range" min="0" max="{len(svgs) - 1}" step="1" value="{start}" '
        f'aria-valuetext="{escape(values[start])}" data-values="{escape("|".join(values))}" '
        f'style="flex:1 1 10rem;max-width:22rem" autocomplete="off" oninput="{escape(_ON_INPUT)}">'
        f"<output>{escape(values[start])}</output></label></div>"
    )


def _declarations() -> str:
    return ";".join(
        f"{short}:var({variable},{_in_jupyter(color)})"
        for short, variable, color in _SHORT.values()
    )


def _in_jupyter(color: str) -> str:
    return f"var(--jp-content-font-color1,{color})" if color == INK else color
