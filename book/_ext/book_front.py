"""The front page shows what a chapter has just drawn, not a picture that was drawn once.

The page names a committed picture, the one the README shows. When the page is written, the figure
that the chapter drew in this build takes its place, so the page cannot show anything else; and the
figure is left in ``_build/front.svg``, from where ``make picture`` renews the committed one.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform

PAGE = "book/index"
PICTURE = "book/_static/front.svg"
CHAPTER = "book/chapters/00_introduction"
FIGURE = "fig-two-worlds"


class FrontPicture(SphinxPostTransform):
    """Put the chapter's figure in the place of the committed picture."""

    default_priority = 5  # after myst-nb has chosen outputs (4), before SVG is set into pages (6)

    def run(self, **kwargs: Any) -> None:
        """Change the front page's image; other pages have none of that name."""
        if self.env.docname != PAGE:
            return
        for image in self.document.findall(nodes.image):
            if image["uri"] == PICTURE:
                drawn = drawn_figure(self.env.get_doctree(CHAPTER))
                image["uri"], image["candidates"] = drawn, {"*": drawn}
                svg = (Path(self.env.srcdir) / drawn).read_text(encoding="utf-8")
                kept = Path(self.env.srcdir) / "_build" / Path(PICTURE).name
                kept.write_text(on_paper(svg), encoding="utf-8")


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
        ExtensionError: If the chapter has no such figure.
    """
    for figure in chapter.findall(nodes.figure):
        if FIGURE in figure["names"] or FIGURE in figure["ids"]:
            for image in figure.findall(nodes.image):
                return str(image["uri"])
    raise ExtensionError(f"{CHAPTER}: expected a figure named {FIGURE!r} for the front page")


def rewrite_front_page(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The front page is written at every build: the chapter may have changed."""
    return [PAGE] if PAGE in env.found_docs and CHAPTER in env.found_docs else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Change the page when it is written."""
    app.add_post_transform(FrontPicture)
    app.connect("env-updated", rewrite_front_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
