"""An explorable as HTML: a still picture, data, code, and what is needed to run it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aelib.page._embed import Output, common, inline, json_element, script
from aelib.page.plots import themed_svg
from aelib.page.plots._figure import svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FOLDER = Path(__file__).parent / "js"
_KINDS = {"f": "float32", "i": "int32", "u": "uint8", "b": "uint8"}


def show(
    name: str,
    *,
    data: Mapping[str, Any],
    still: Figure | str,
    title: str,
    caption: str,
    alt: str,
    extra: str | Path | None = None,
    label: str = "",
    max_kilobytes: int = 400,
) -> None:
    """Display an explorable.

    Args:
        name: name of the explorable: that of its file in ``aelib/page/explorables/js``.
        data: what its code gets: numbers, strings, lists, dictionaries and arrays. Arrays of
            floats travel as float32; ``uint8`` arrays, one byte a value, stay what they are.
        still: what is seen without scripts and in print: a figure (it is closed), or an SVG.
        title: a few words that name it.
        caption: what to conclude; ``$…$``, ``*…*`` and backquotes are understood.
        alt: what is to be seen in the still picture.
        extra: path of a JavaScript file with an explorable of your own.
        label: name to refer to the figure by, as in ``{numref}``.
        max_kilobytes: largest size of the data; a page has to stay light.

    Raises:
        ValueError: if there is no such explorable, a text is empty, or the data is too large.
        TypeError: if the data holds something that is none of these.
    """
    for argument, words in [("title", title), ("caption", caption), ("alt", alt)]:
        if not words.strip():
            raise ValueError(f"{argument}: expected words, got {words!r}")
    code = _source(name, extra)
    packed = json_element(_pack(dict(data), "data"))
    size = len(packed) / 1000
    if size > max_kilobytes:
        raise ValueError(f"data: expected at most {max_kilobytes} kB, got {size:.0f} kB")
    svg = still if isinstance(still, str) else _drawn(still)
    key = hashlib.sha256((name + svg + packed).encode()).hexdigest()[:8]
    picture = themed_svg(svg, prefix=f"e{key}", label=alt)
    anchor = f' data-label="{escape(label)}"' if label else ""
    markup = (
        f'<figure class="aelib aelib-explorable" data-explorable="{name}"{anchor}>'
        f'<div class="aelib-still">{picture}</div>'
        f'<div class="aelib-live" role="group" aria-label="{escape(title)}" hidden></div>'
        f"{packed}"
        f'<figcaption class="tex2jax_process"><strong>{inline(title)}.</strong> {inline(caption)}'
        f"</figcaption>{common()}{script(name, code)}</figure>"
    )
    plain = f"({title}: an explorable, which needs a display with HTML. {caption})"
    Output(markup, plain).show()


def _source(name: str, extra: str | Path | None) -> str:
    path = Path(extra) if extra is not None else _FOLDER / f"{name}.js"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        known = sorted(file.stem for file in _FOLDER.glob("*.js"))
        raise ValueError(f"name: expected one of {known}, or `extra`, a file; got {name!r}")
    code = path.read_text(encoding="utf-8")
    if f'explorable("{name}"' not in code:
        raise ValueError(f'{path}: expected a call explorable("{name}", …), found none')
    return code


def _drawn(figure: Figure) -> str:
    from matplotlib import pyplot

    svg = svg_of(figure)
    pyplot.close(figure)  # or the notebook would show it once more
    return svg


def _pack(value: Any, where: str) -> Any:
    """Data as JSON can hold it; arrays as the base64 of their bytes."""
    if isinstance(value, Mapping):
        return {str(key): _pack(inner, f"{where}[{key!r}]") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"{where}: expected numbers, text, lists, dicts or arrays, got {value!r}")
    if array.ndim == 0:
        return array.item()
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    kind = _KINDS[array.dtype.kind]
    if kind == "int32" and array.size and np.abs(array).max() > np.iinfo(np.int32).max:
        raise ValueError(f"{where}: expected integers of 32 bits, got {np.abs(array).max()}")
    small = np.ascontiguousarray(array.astype(f"<{np.dtype(kind).str[1:]}"))
    if not np.isfinite(small).all():
        raise ValueError(f"{where}: expected finite values")
    text = base64.b64encode(small.tobytes()).decode()
    return {"array": kind, "shape": list(array.shape), "base64": text}
