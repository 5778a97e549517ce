"""A Matplotlib SVG made part of a page: unique ids, the page's colors, a name, other words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from xml.etree import ElementTree

from aelib.page.plots._style import VARIABLES

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_ANY_REFERENCE = re.compile(r"[\"(]#([^\")]+)[\")]")
_FONT = re.compile(r"font-family: 'DejaVu Sans', sans-serif;? ?|(?<=px )'DejaVu Sans', sans-serif")
_NO_TURN = re.compile(r"rotate\(-?0 [^)]*\)")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_SIZE = re.compile(r"\bfont(?:-size)?:[^;]*?([\d.]+)px")
LEAST = 11  # pixels: smaller letters are not read on a phone
PHONE = 328  # pixels that a phone of 360 leaves for a figure
_COORDINATES = frozenset(["d", "x", "y", "width", "height", "points"])


def themed_svg(
    svg: str,
    *,
    prefix: str,
    label: str,
    relabel: Mapping[str, str] | None = None,
) -> str:
    """SVG markup for direct use in an HTML page, from a file Matplotlib wrote in our style.

    Ids are prefixed so that several figures can share a page; our style's colors become CSS
    variables with themselves as fallback; embedded raster images are left as they are; the
    stylesheet, which would leak into the page, becomes inherited properties.

    Args:
        svg: what Matplotlib wrote, with ``svg.fonttype`` ``"none"``.
        prefix: start of every id; letters, digits and hyphens.
        label: alternative text: what is to be seen.
        relabel: words in the figure, by the words that replace them.

    Returns:
        One ``<svg role="img">`` element with the label as its name.

    Raises:
        ValueError: if ``svg`` is not an SVG document or ``label`` has no words.
    """
    if not label.strip():
        raise ValueError("label: expected alternative text for the figure, got no words")
    root = _parse(svg)
    used = set(_ANY_REFERENCE.findall(svg))
    for element in root.iter():
        _use_prefix(element, prefix, used)
        _use_variables(element)
        _round(element)
        if _name(element) == "text":
            _relabel(element, relabel or {})
    points = float(root.get("viewBox", "0 0 480 320").split()[2])
    needed = _least_width(root, points)
    least = f"min-width:{needed:.0f}px;" if needed else ""
    # A page has more room than paper: figures may grow a little beyond their nominal inches.
    width = 1.15 * points / 72
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("class", "aelib-figure")
    root.set("role", "img")
    root.set("aria-label", label)
    root.set(
        "style",
        f"width:100%;max-width:{width:.2f}in;{least}height:auto;"
        "stroke-linejoin:round;stroke-linecap:butt;"
        "font-family:var(--figure-font,'DejaVu Sans',sans-serif)",
    )
    return _serialize(root)


def _least_width(root: ElementTree.Element, width: float) -> float:
    """Width in pixels at which the smallest words have ``LEAST`` pixels; 0 if any phone has it.

    Args:
        root: the figure.
        width: its own width, in the unit of its font sizes.
    """
    styles = (element.get("style", "") for element in root.iter() if _name(element) == "text")
    sizes = [float(size) for style in styles for size in _SIZE.findall(style)]
    needed = width * LEAST / min(sizes) if sizes else 0.0
    return needed if needed > PHONE else 0.0


def _parse(svg: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(svg.encode("utf-8"))
    except ElementTree.ParseError as error:
        raise ValueError(f"svg: expected an SVG document, got {svg[:60]!r}") from error
    if _name(root) != "svg":
        raise ValueError(f"svg: expected an SVG document, got <{_name(root)}>")
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in ("metadata", "style"):
                parent.remove(child)
    return root


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _use_prefix(element: ElementTree.Element, prefix: str, used: set[str]) -> None:
    for key, value in list(element.attrib.items()):
        name = key.rpartition("}")[2]
        if name == "id" and value not in used:
            del element.attrib[key]
        elif name == "id":
            element.set(key, f"{prefix}-{value}")
        elif name == "href" and value.startswith("#"):
            element.set(key, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))


def _use_variables(element: ElementTree.Element) -> None:
    style = element.get("style", "")
    for color, variable in VARIABLES.items():
        style = style.replace(color, f"var({variable},{color})")
    style = _FONT.sub(lambda m: "" if m[0].startswith("font-family") else "inherit", style)
    if style:
        element.set("style", style.replace("; ", ";").replace(": ", ":"))


def _round(element: ElementTree.Element) -> None:
    """Two decimals of a point are finer than any screen and half the bytes."""
    for key in _COORDINATES & element.attrib.keys():
        short = _LONG_NUMBER.sub(lambda m: f"{float(m[0]):.2f}", element.attrib[key])
        element.set(key, " ".join(short.split()))
    if _NO_TURN.fullmatch(element.get("transform", "")):
        del element.attrib["transform"]


def _words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _relabel(element: ElementTree.Element, relabel: Mapping[str, str]) -> None:
    words = relabel.get(_words(element))
    if words is not None:
        for child in list(element):
            element.remove(child)
        element.text = words


def _serialize(element: ElementTree.Element) -> str:
    """Markup that HTML and XML parsers read alike, without namespace prefixes or white space."""
    name = _name(element)
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    head = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items())
    if name == "svg":
        head += ' xmlns="http://www.w3.org/2000/svg"'
    keep_space = name in ("text", "tspan", "title")
    inner = _text(element.text, keep_space)
    for child in element:
        inner += _serialize(child) + _text(child.tail, keep_space)
    if (name == "g" and not head) or (name == "defs" and not inner):
        return inner
    return f"<{name}{head}>{inner}</{name}>" if inner else f"<{name}{head}/>"


def _text(text: str | None, keep_space: bool) -> str:
    text = text or ""
    return escape(text, quote=False) if keep_space or text.strip() else ""


def _attribute(value: str) -> str:
    return escape(value, quote=False).replace('"', "&quot;")
