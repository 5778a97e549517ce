"""Explorables and exercises in the built book: numbered as figures, their code written once.

In a notebook each output brings the stylesheet and the scripts along. A page of the book links to
them instead, in files that are written from the package when the build ends. ``{explorable} name``
shows an explorable of a chapter on a page that runs nothing, with what the chapter has put out.
"""

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from aelib.page import _embed, explorables

LOGGER = logging.getLogger(__name__)
FOLDER = "_static/aelib"
_EXPLORABLE = re.compile(r'<figure class="aelib aelib-explorable" data-explorable="(\w+)"[^>]*>')
_CAPTION = re.compile(r"<figcaption[^>]*>(.*?)</figcaption>", re.DOTALL)
_LABEL = re.compile(r'data-label="([^"]*)"')
_INLINE = re.compile(r"(<(?:strong|em|code)>.*?</(?:strong|em|code)>|\\\(.*?\\\))", re.DOTALL)
_PART = re.compile(r'<(style|script) data-aelib="(\w+)">(.*?)</\1>', re.DOTALL)


def files() -> dict[str, str]:
    """Text of each file by its name: stylesheet, runtime, and one script for each explorable."""
    scripts = (Path(explorables.__file__).parent / "js").glob("*.js")
    return {
        "page.css": _embed.stylesheet(),
        "runtime.js": _embed.runtime(),
        **{path.name: path.read_text(encoding="utf-8") for path in sorted(scripts)},
    }


def figure_of(html: str) -> nodes.figure:
    """An explorable as a figure, whose caption Sphinx numbers and writes."""
    caption = _CAPTION.search(html)
    words = caption[1] if caption else ""
    html = _CAPTION.sub("", html)
    # The caption's element is Sphinx's own; within it, the figure becomes a plain block.
    html = _EXPLORABLE.sub(lambda tag: tag[0].replace("<figure", "<div", 1), html)
    html = "</div>".join(html.rsplit("</figure>", 1))
    return nodes.figure(
        "", nodes.raw("", html, format="html"), nodes.caption("", "", *inline_nodes(words))
    )


def inline_nodes(html: str) -> list[nodes.Node]:
    r"""What :func:`aelib.page._embed.inline` wrote, as nodes that Sphinx counts as words.

    Example:
        >>> inline_nodes(r"<em>Is</em> \(a &lt; b\)?")
        [<emphasis: <#text: 'Is'>>, <#text: ' '>, <math: <#text: 'a < b'>>, <#text: '?'>]
    """
    kinds = {"strong": nodes.strong, "em": nodes.emphasis, "code": nodes.literal}
    found: list[nodes.Node] = []
    for part in _INLINE.split(html):
        tag = re.match(r"<(\w+)>(.*)</\w+>$", part, re.DOTALL)
        if tag:
            found.append(kinds[tag[1]]("", unescape(tag[2])))
        elif part.startswith(r"\("):
            found.append(nodes.math("", unescape(part[2:-2])))
        elif part:
            found.append(nodes.Text(unescape(part)))
    return found


class Shown(nodes.General, nodes.Element):
    """Stands for an explorable of a chapter until the page is written."""


class ExplorableDirective(SphinxDirective):
    """``{explorable} one_pixel``: what a chapter shows, once more."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a node that is replaced when the page is written."""
        return [Shown(name=self.arguments[0])]


def collected(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """HTML of the explorables by page and name."""
    if not hasattr(env, "book_explorables"):
        env.book_explorables = {}  # type: ignore[attr-defined]
    pages: dict[str, dict[str, str]] = env.book_explorables  # type: ignore[attr-defined]
    return pages


def html_of(env: BuildEnvironment, name: str) -> str:
    """HTML of an explorable that some chapter shows; a warning and nothing if none does."""
    for _, shown in sorted(collected(env).items()):
        if name in shown:
            return shown[name]
    known = sorted({name for shown in collected(env).values() for name in shown})
    LOGGER.warning("{explorable}: expected one of %s, got %r", known, name, type="book")
    return ""


class NumberExplorables(SphinxTransform):
    """Make figures of the explorables that cells put out."""

    default_priority = 205  # before figures get their ids (210), which their numbers hang on

    def apply(self, **kwargs: Any) -> None:
        """Wrap each raw output in a figure; a label makes it a target of ``{numref}``."""
        shown = collected(self.env)[self.env.docname] = {}
        for raw in list(self.document.findall(nodes.raw)):
            name = _EXPLORABLE.search(raw.astext()) if raw.get("format") == "html" else None
            if name is None:
                continue
            shown.setdefault(name[1], raw.astext())
            figure = figure_of(raw.astext())
            label = _LABEL.search(raw.astext())
            raw.replace_self(figure)
            if label:
                figure["names"].append(nodes.fully_normalize_name(label[1]))
                self.document.note_explicit_target(figure, figure)


def linked(html: str, base: str, there: set[str]) -> str:
    """HTML whose common parts are links to files, each once in a page.

    Args:
        html: output of a cell.
        base: address of the files' folder, seen from the page.
        there: names of the files the page has already; the new ones are added.
    """
    known = files()

    def link(part: re.Match[str]) -> str:
        tag, name, text = part.groups()
        if tag == "style":
            return ""
        if text.replace("<\\/", "</") != known.get(f"{name}.js"):
            return part[0]  # a reader's own explorable
        if name in there:
            return ""
        there.add(name)
        return f'<script src="{base}/{name}.js"></script>'

    return _PART.sub(link, html)


class LinkScripts(SphinxPostTransform):
    """Put links in the place of scripts that many outputs share."""

    default_priority = 7
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Change the raw nodes of the page."""
        page = self.app.builder.get_target_uri(self.env.docname)
        base = relative_uri(page, FOLDER)
        there: set[str] = set()
        for node in list(self.document.findall(Shown)):
            node.replace_self(nodes.raw("", html_of(self.env, node["name"]), format="html"))
        for raw in list(self.document.findall(nodes.raw)):
            if raw.get("format") == "html" and 'data-aelib="' in raw.astext():
                html = linked(raw.astext(), base, there)
                raw.replace_self(nodes.raw("", html, format="html"))


def note(app: Sphinx, doctree: nodes.document) -> None:
    """Remember which pages show explorables of others."""
    pages = showing(app.env)
    pages.discard(app.env.docname)
    if next(iter(doctree.findall(Shown)), None) is not None:
        pages.add(app.env.docname)


def showing(env: BuildEnvironment) -> set[str]:
    """Pages that show explorables of others."""
    if not hasattr(env, "book_showing"):
        env.book_showing = set()  # type: ignore[attr-defined]
    pages: set[str] = env.book_showing  # type: ignore[attr-defined]
    return pages


def rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Such a page is written at every build: the chapter may have changed."""
    return sorted(showing(env) & env.found_docs)


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that has changed or gone."""
    collected(env).pop(docname, None)
    showing(env).discard(docname)


def merge(
    app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment
) -> None:
    """Take over what a parallel process has read."""
    for docname in docnames:
        if docname in collected(other):
            collected(env)[docname] = collected(other)[docname]
    showing(env).update(showing(other) & set(docnames))


def write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write stylesheet and scripts into the book."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Number when a page is read, link when it is written."""
    app.add_node(Shown)
    app.add_directive("explorable", ExplorableDirective)
    app.add_transform(NumberExplorables)
    app.add_post_transform(LinkScripts)
    app.add_css_file("aelib/page.css")
    app.connect("doctree-read", note)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", rewrite)
    app.connect("build-finished", write_files)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
