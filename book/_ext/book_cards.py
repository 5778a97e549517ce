"""Cards and forest plots are drawn when a page is written, from what all pages have measured.

A chapter's card shows its lab's measurements as well, so a page is written again whenever
something that it shows has changed on another. ``{claim-card}`` shows a claim's card on a page
that measures nothing.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from book_claims import (
    ClaimCard,
    Found,
    collected,
    forests_in,
    measured_for,
    measurements_in,
    sentences,
    translated,
    verdict_on,
    verdicts_in,
)
from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from aelib.page.claims.drawing import WORDS, card, forest, ledger_anchor, lines
from aelib.page.claims.record import Measurement, Verdict


class ClaimCardDirective(SphinxDirective):
    """``{claim-card} 1.2``: the card of a claim."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a node that is replaced when the page is written."""
        return [ClaimCard(claim_id=self.arguments[0])]


class Drawing:
    """Draws for one page, with links that are relative to it and in the edition's words."""

    def __init__(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        self.app, self.env, self.docname = app, env, docname
        self.words = {**WORDS, **words_of(env)}

    def address(self, docname: str, anchor: str) -> str:
        """Address of a place on a page, seen from this one."""
        page = "" if docname == self.docname else self._uri(docname)
        return f"{page}#{anchor}"

    def _uri(self, docname: str) -> str:
        return self.app.builder.get_relative_uri(self.docname, docname)

    @property
    def ledger(self) -> str:
        """Address of the ledger's page, or nothing where there is no ledger."""
        ledger = getattr(self.env, "book_ledger", "")
        return self._uri(ledger) if ledger else ""

    def words_in(self, found: list[Found]) -> tuple[list[Measurement], dict[int, str]]:
        """Measurements in the edition's words, and the address of each by its identity."""
        shown = [translated(f.measurement, self.words) for f in found]
        addresses = {
            id(m): self.address(f.docname, f.anchor) for m, f in zip(shown, found, strict=True)
        }
        return shown, addresses

    def verdict(self, claim_id: str, decided: Verdict | None = None) -> Verdict:
        """The verdict in the edition's words, with the claim's sentence."""
        decided = decided or verdict_on(self.env, claim_id)[1]
        condition = self.words.get(decided.condition, decided.condition)
        text = sentences(self.env).get(claim_id, decided.text)
        return Verdict(claim_id, decided.verdict, condition, text)

    def card(self, claim_id: str, decided: Verdict | None = None) -> str:
        """The card of a claim, from everything that was measured for it."""
        shown, addresses = self.words_in(measured_for(self.env, claim_id))
        return card(
            self.verdict(claim_id, decided),
            shown,
            self.words,
            where=lambda m: addresses[id(m)],
            anchor=verdict_anchor(claim_id),
            href=f"{self.ledger}#{ledger_anchor(claim_id)}" if self.ledger else "",
        )

    def forest(self, found: list[Found]) -> str:
        """The forest plot of some measurements."""
        shown, addresses = self.words_in(found)
        return forest(shown, self.words, where=lambda m: addresses[id(m)])

    def own_forest(self, claim_id: str) -> str:
        """The forest plot of what this page has measured for a claim."""
        found = [f for f in measured_for(self.env, claim_id) if f.docname == self.docname]
        return f'<div class="aelib-claims">{self.forest(found)}</div>'

    def lines(self, found: list[tuple[str, Measurement]]) -> str:
        """What one cell has checked, with anchors."""
        shown = [translated(measurement, self.words) for _, measurement in found]
        names = {id(m): name for m, (name, _) in zip(shown, found, strict=True)}
        return lines(shown, self.words, anchor=lambda m: names[id(m)], ledger=self.ledger)


def verdict_anchor(claim_id: str) -> str:
    """Id of a claim's card on its page."""
    return f"verdict-{claim_id.replace('.', '-')}"


class DrawClaims(SphinxPostTransform):
    """Draw what the page shows of claims: lines of checks, cards, forest plots."""

    default_priority = 6  # after myst-nb has chosen the output to show (4)
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace the HTML of the stored outputs, and the nodes of directives."""
        draw = Drawing(self.app, self.env, self.env.docname)
        for node in list(self.document.findall(ClaimCard)):
            node.replace_self(nodes.raw("", draw.card(node["claim_id"]), format="html"))
        for raw in list(self.document.findall(nodes.raw)):
            if raw.get("claims_shown"):
                html = raw.astext()
                cards = [draw.card(v.claim_id, v) for v in verdicts_in(html)]
                plots = [draw.own_forest(claim_id) for claim_id in forests_in(html)]
                raw.replace_self(nodes.raw("", "".join([*cards, *plots]), format="html"))
        page = collected(self.env).get(self.env.docname)
        plotted = page.plotted if page else set()
        for cell in _by_cell(self.document):
            found = [pair for raw in cell for pair in _anchored(raw)]
            shown = [pair for pair in found if pair[1].claim_id not in plotted]
            # Where a plot further down shows a measurement, its cell is only marked.
            marks = [f'<span id="{name}" class="claim-anchor"></span>'
                     for name, m in found if m.claim_id in plotted]  # fmt: skip
            html = "".join(marks) + draw.lines(shown)
            cell[0].replace_self(nodes.raw("", html, format="html"))
            for raw in cell[1:]:
                raw.parent.remove(raw)


def _anchored(raw: nodes.raw) -> list[tuple[str, Measurement]]:
    return list(zip(raw["claim_anchors"], measurements_in(raw.astext()), strict=True))


def _by_cell(document: nodes.document) -> Iterator[list[nodes.raw]]:
    """The stored outputs of checks, those of one cell together."""
    cells: dict[int, list[nodes.raw]] = {}
    for raw in document.findall(nodes.raw):
        if "claim_anchors" in raw:
            cells.setdefault(_cell(raw), []).append(raw)
    yield from list(cells.values())


def _cell(node: nodes.Node) -> int:
    """Identity of the notebook cell that a node was put out by, or of its parent."""
    around: Any = node
    while around.parent is not None and "cell" not in around.get("classes", ()):
        around = around.parent
    return id(around)


def rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages that show something that has changed on another page since they were written."""
    if not hasattr(env, "book_shown"):
        env.book_shown = {}  # type: ignore[attr-defined]
    before: dict[str, str] = env.book_shown  # type: ignore[attr-defined]
    known = sentences(env)
    changed = []
    for docname, page in collected(env).items():
        state = [
            (known.get(name), verdict_on(env, name), measured_for(env, name)) for name in page.shown
        ]
        digest = hashlib.sha256(repr(state).encode()).hexdigest()
        if page.shown and before.get(docname) != digest:
            before[docname] = digest
            changed.append(docname)
    return [docname for docname in changed if docname in env.found_docs]


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw when a page is written."""
    app.setup_extension("book_claims")
    app.setup_extension("book_words")
    app.add_directive("claim-card", ClaimCardDirective)
    app.add_post_transform(DrawClaims)
    app.connect("env-updated", rewrite)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
