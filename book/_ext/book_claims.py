"""Claims are collected from the outputs that chapters have stored, and their badges redrawn.

The badge that ``claims.check`` displays carries its data. When a page is read they are put into
Sphinx's environment, page by page, so that what the ledger shows is what the pages show.
"""

import json
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from aelib.page.claims import STYLE, Claim, badge

_DATA = re.compile(r'data-claim="([^"]*)"')


def claims_in(html: str) -> list[Claim]:
    """Claims whose badges are in a piece of HTML."""
    return [Claim.from_data(json.loads(unescape(data))) for data in _DATA.findall(html)]


def collected(env: BuildEnvironment) -> dict[str, list[tuple[str, Claim]]]:
    """Claims with their anchors, by page."""
    if not hasattr(env, "book_claims"):
        env.book_claims = {}  # type: ignore[attr-defined]
    pages: dict[str, list[tuple[str, Claim]]] = env.book_claims  # type: ignore[attr-defined]
    return pages


def anchor(claim_id: str, count: int) -> str:
    """Id of the ``count``-th badge of a claim on its page."""
    return f"claim-{claim_id.replace('.', '-')}" + (f"-{count}" if count > 1 else "")


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Store a page's claims; remember on each badge's node where it is."""
    found: list[tuple[str, Claim]] = []
    for raw in doctree.findall(nodes.raw):
        anchors = []
        for claim in claims_in(raw.astext()) if raw.get("format") == "html" else []:
            earlier = sum(other.claim_id == claim.claim_id for _, other in found)
            anchors.append(anchor(claim.claim_id, earlier + 1))
            found.append((anchors[-1], claim))
        if anchors:
            raw["claim_anchors"] = anchors
    collected(app.env).pop(app.env.docname, None)
    if found:
        collected(app.env)[app.env.docname] = found


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that has changed or gone."""
    collected(env).pop(docname, None)


def merge(
    app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment
) -> None:
    """Take over what a parallel process has read."""
    for docname in docnames:
        if docname in collected(other):
            collected(env)[docname] = collected(other)[docname]


def translated(claim: Claim, words: dict[str, str]) -> Claim:
    """The claim with its words in the language of the edition."""
    data = claim.data()
    for key in ("text", "condition", "unit"):
        data[key] = words.get(data[key], data[key])
    return Claim.from_data(data)


class RedrawBadges(SphinxPostTransform):
    """Draw each badge with an anchor, a link to the ledger and the edition's words."""

    default_priority = 6
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace the HTML of the stored output."""
        words = words_of(self.env)
        ledger = getattr(self.env, "book_ledger", "")
        page = self.app.builder.get_relative_uri(self.env.docname, ledger) if ledger else ""
        before: tuple[Any, ...] = ()
        for raw in list(self.document.findall(nodes.raw)):
            if "claim_anchors" not in raw:
                continue
            html = ""
            for name, claim in zip(raw["claim_anchors"], claims_in(raw.astext()), strict=True):
                # A condition is read once for all badges of a cell.
                same = (_cell(raw), claim.claim_id, claim.verdict, claim.condition)
                href = f"{page}#ledger-{claim.claim_id.replace('.', '-')}" if page else ""
                brief, before = same == before, same
                html += badge(translated(claim, words), words, anchor=name, href=href, brief=brief)
            raw.replace_self(nodes.raw("", html, format="html"))


def _cell(node: nodes.Node) -> int:
    """Identity of the notebook cell that a node was put out by, or of its parent."""
    around: Any = node
    while around.parent is not None and "cell" not in around.get("classes", ()):
        around = around.parent
    return id(around)


def write_style(app: Sphinx, exception: Exception | None) -> None:
    """Write the badges' stylesheet, the same that a notebook shows them with."""
    if exception is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / "claims.css"
        path.write_text(STYLE.lstrip(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Collect when a page is read, redraw when it is written."""
    app.setup_extension("book_words")
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("build-finished", write_style)
    app.add_css_file("claims.css")
    app.add_post_transform(RedrawBadges)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
