"""Figures become part of the page: they follow its theme, carry their text and have a name.

Every picture must say what is to be seen (``alt``); one that does not is a warning. SVG that a
chapter drew is set into the page in place of an ``<img>``, see :func:`aelib.page.plots.themed_svg`.
"""

import re
from pathlib import Path
from typing import Any

from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from aelib.page.plots import themed_svg

LOGGER = logging.getLogger(__name__)
_PICTURE = re.compile(r"<(?:svg|img)\b[^>]*>")
_NAMED = re.compile(r'\b(?:alt|aria-label)="\s*[^"\s]|\baria-hidden="true"')


def unnamed_pictures(html: str) -> list[str]:
    """Start tags of pictures in raw HTML that have no alternative text.

    Example:
        >>> unnamed_pictures('<img src="a.png" alt="A curve"><svg class="b"></svg>')
        ['<svg class="b">']
    """
    return [tag for tag in _PICTURE.findall(html) if not _NAMED.search(tag)]


def require_words(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of pictures without alternative text and of drawn figures without a caption."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            _warn("picture without alt text: say what is to be seen", '"image": {"alt"', image)
        if _is_drawn(image) and _caption_of(image) is None:
            _warn("figure without caption: say what follows", '"figure": {"caption"', image)
    for raw in doctree.findall(nodes.raw):
        for tag in unnamed_pictures(raw.astext()):
            _warn(f"picture without alt text in HTML: {tag[:60]}…", '"image": {"alt"', raw)


def _warn(message: str, key: str, node: nodes.Node) -> None:
    hint = f"in a code cell's metadata as mystnb: {{{key}: …}}}}"
    LOGGER.warning("%s (%s)", message, hint, location=node, type="book", subtype="alt")


def _is_drawn(image: nodes.image) -> bool:
    """Whether a cell drew the picture: myst-nb stores those in one folder."""
    return "jupyter_execute" in Path(_file_of(image)).parts


def _caption_of(image: nodes.image) -> nodes.caption | None:
    node = image.parent
    while node is not None and not isinstance(node, nodes.figure):
        node = node.parent
    return next(iter(node.findall(nodes.caption)), None) if node is not None else None


class InlineFigures(SphinxPostTransform):
    """Put the SVG files that cells drew into the page."""

    default_priority = 6  # after myst-nb has chosen the output to show (4)
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace the image nodes whose file is an SVG that myst-nb stored."""
        count = 0
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir) / _file_of(image)
            if path.suffix != ".svg" or not _is_drawn(image):
                continue
            count += 1
            html = themed_svg(
                path.read_text(encoding="utf-8"),
                prefix=f"figure-{count}",
                label=words_of(self.env).get(image["alt"], image["alt"]) or "figure",
                relabel=words_of(self.env),
            )
            if "min-width" in html:  # wider than a phone: it scrolls, also from the keyboard
                html = f'<div class="aelib-wide" tabindex="0">{html}</div>'
            image.replace_self(nodes.raw("", html, format="html", classes=["inline-figure"]))


def _file_of(image: nodes.image) -> str:
    candidates: dict[str, str] = image.get("candidates", {})
    return candidates.get("*") or candidates.get("image/svg+xml") or image["uri"].lstrip("/")


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when a page is read, inline when it is written."""
    app.setup_extension("book_words")
    app.connect("doctree-read", require_words)
    app.add_post_transform(InlineFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
