"""The README's picture is what a chapter has just drawn, not a picture that was drawn once.

When the book is built, the figure that the chapter drew is left in ``_build/front.svg``, from where
``make picture`` renews the committed one.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PICTURE = "front.svg"
CHAPTER = "book/chapters/00_introduction"
FIGURE = "fig-puzzle"


def keep_picture(app: Sphinx, exception: Exception | None) -> None:
    """Leave the chapter's figure in the build folder."""
    if exception is not None or app.builder.format != "html" or CHAPTER not in app.env.found_docs:
        return
    root = Path(app.srcdir)
    svg = (root / drawn_figure(app.env.get_doctree(CHAPTER))).read_text(encoding="utf-8")
    (root / "_build" / PICTURE).write_text(on_paper(svg), encoding="utf-8")


def on_paper(svg: str) -> str:
    """The figure on a light ground: where the README is shown there is no theme to follow.

    Example:
        >>> on_paper('<svg><g id="figure_1"/></svg>')
        '<svg><rect width="100%" height="100%" fill="#fff"/><g id="figure_1"/></svg>'
    """
    return svg.replace("<g ", '<rect width="100%" height="100%" fill="#fff"/><g ', 1)


def drawn_figure(chapter: nodes.document) -> str:
    """Path of the SVG file that the chapter's figure is stored in.

    Raises:
        ExtensionError: if the chapter has no such figure.
    """
    for figure in chapter.findall(nodes.figure):
        if FIGURE in figure["names"] or FIGURE in figure["ids"]:
            for image in figure.findall(nodes.image):
                return str(image["uri"])
    raise ExtensionError(f"{CHAPTER}: expected a figure named {FIGURE!r} for the README")


def setup(app: Sphinx) -> dict[str, Any]:
    """Keep the picture when the build ends."""
    app.connect("build-finished", keep_picture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
