"""The ledger: every claim in one line, unfolding to all that was measured for it.

``{ledger}`` lists the claims of ``book/claims.yml``, chapter by chapter. The words are in the
page's source tree, where a translator finds them; verdicts and plots are drawn when the page is
written, from what the pages' stored outputs hold at that moment. The page needs no scripts.
"""

from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from book_cards import Drawing, verdict_anchor
from book_claims import (
    CLAIMS,
    Chapter,
    collected,
    measured_for,
    old_edition,
    read_chapters,
    translated,
    verdict_on,
)
from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from aelib.page.claims.drawing import (
    SYMBOLS,
    WORDS,
    deciding,
    ledger_anchor,
    mini,
    sentence,
    summary,
)

LOGGER = logging.getLogger(__name__)
LEDGER_WORDS = {
    "unchecked": "not checked",
    "to the card": "the card in its chapter",
    "show": "Show",
    "all": "all {n}",
    "count holds": "{n} hold",
    "count holds if": "{n} hold under a condition",
    "count does not hold": "{n} do not hold",
    "count open": "{n} still to be tested",
}
FILTERS = ("holds", "holds if", "does not hold", "open")


class Filters(nodes.General, nodes.Element):
    """How many claims have which verdict, and buttons that show only those."""


class Open(nodes.General, nodes.Element):
    """What stands before a claim's sentence."""


class Close(nodes.General, nodes.Element):
    """What stands after a claim's sentence."""


class Ledger(SphinxDirective):
    """``{ledger}``: the claims."""

    def run(self) -> list[nodes.Node]:
        """Sections with a line for each claim; what depends on other pages is left open."""
        path = Path(self.env.srcdir) / CLAIMS
        self.env.note_dependency(str(path))
        self.env.book_ledger = self.env.docname  # type: ignore[attr-defined]
        chapters = read_chapters(path)
        ids = [claim_id for chapter in chapters for claim_id in chapter.claims]
        return [Filters(claims=ids), *(self._section(chapter) for chapter in chapters)]

    def _section(self, chapter: Chapter) -> nodes.section:
        title = f"{chapter.number} · {chapter.title}"
        name = f"ledger-chapter-{chapter.number}"
        section = nodes.section(ids=[name], names=[], classes=["ledger-chapter"])
        section += self._words(nodes.title, title)
        for claim_id, text in chapter.claims.items():
            paragraph = self._words(nodes.paragraph, text)
            paragraph["claim_sentence"] = claim_id
            section += [Open(claim_id=claim_id), paragraph, Close(claim_id=claim_id)]
        self.set_source_info(section)
        return section

    def _words(self, kind: type[nodes.TextElement], text: str) -> nodes.TextElement:
        node = kind(text, text)
        self.set_source_info(node)
        return node


class FillLedger(SphinxPostTransform):
    """Fill in what the chapters and their labs have measured."""

    default_priority = 6
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace what was left open with HTML."""
        draw = Drawing(self.app, self.env, self.env.docname)
        draw.words = {**WORDS, **LEDGER_WORDS, **words_of(self.env)}
        for kind, html in ((Filters, _filters), (Open, _open), (Close, _close)):
            for node in list(self.document.findall(kind)):
                node.replace_self(nodes.raw("", html(draw, node), format="html"))


def _filters(draw: Drawing, node: nodes.Element) -> str:
    """Radio buttons, which work from a keyboard and without scripts."""
    counts = Counter(verdict_on(draw.env, claim_id)[1].verdict for claim_id in node["claims"])
    choices = [("all", draw.words["all"].format(n=len(node["claims"])), "")]
    for verdict in FILTERS:
        if counts[verdict]:
            text = draw.words[f"count {verdict}"].format(n=counts[verdict])
            choices.append((verdict, text, SYMBOLS[verdict]))
    html = f"<legend>{escape(draw.words['show'])}</legend>"
    for value, text, symbol in choices:
        checked = " checked" if value == "all" else ""
        name = value.replace(" ", "-")
        sign = f'<span aria-hidden="true">{symbol}</span> ' if symbol else ""
        html += (
            f'<label data-verdict="{value}"><input type="radio" name="ledger-filter" '
            f'id="ledger-filter-{name}" value="{value}"{checked}>'
            f"{sign}{escape(text)}</label>"
        )
    return f'<fieldset class="ledger-filter">{html}</fieldset>'


def _open(draw: Drawing, node: nodes.Element) -> str:
    """Up to the claim's sentence: its number and the verdict."""
    claim_id = node["claim_id"]
    decided = draw.verdict(claim_id)
    text = sentence(decided, draw.words)
    unchecked = decided.verdict == "open" and any(
        claim_id in chapter.claims and chapter.pages(draw.env)
        for chapter in read_chapters(Path(draw.env.srcdir) / CLAIMS)
    )
    if unchecked:
        text = draw.words["unchecked"]
    return (
        f'<details class="ledger-claim" id="{ledger_anchor(claim_id)}" '
        f'data-verdict="{decided.verdict}"><summary>'
        f'<span class="ledger-id">{claim_id}</span> <span class="claim-verdict">'
        f'<span aria-hidden="true">{SYMBOLS[decided.verdict]}</span> {escape(text)}</span>'
    )


def _close(draw: Drawing, node: nodes.Element) -> str:
    """After the claim's sentence: the number that decides it, and all the evidence folded."""
    claim_id = node["claim_id"]
    decided = draw.verdict(claim_id)
    found = measured_for(draw.env, claim_id)
    shown = [translated(f.measurement, draw.words) for f in found]
    if not shown:
        return "</summary></details>"
    (first, *_) = deciding(decided, shown)
    plot = (
        f'<span class="ledger-plot">{mini(first)}'
        f'<span class="claim-number">{escape(first.measured)}</span></span>'
    )
    docname, _ = verdict_on(draw.env, claim_id)
    card = ""
    if any(v.claim_id == claim_id for v in collected(draw.env)[docname].verdicts):
        address = escape(draw.address(docname, verdict_anchor(claim_id)))
        card = f' · <a href="{address}">{escape(draw.words["to the card"])}</a>'
    return (
        f'{plot}</summary><div class="ledger-evidence"><p class="claim-key">'
        f"{escape(summary(shown, draw.words))}{card}</p>{draw.forest(found)}"
        f'<p class="claim-key">{escape(draw.words["key"])}</p></div></details>'
    )


def rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The ledger is written at every build: it shows other pages' numbers."""
    ledger = getattr(env, "book_ledger", "")
    return [ledger] if ledger in env.found_docs else []


def check_consistency(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of claims that are not checked as they should be."""
    path = Path(env.srcdir) / CLAIMS
    if not path.exists():
        return
    chapters = read_chapters(path)
    known = {claim_id for chapter in chapters for claim_id in chapter.claims}
    for docname, page in collected(env).items():
        ids = {m.claim_id for _, m in page.measured} | {v.claim_id for v in page.verdicts}
        for claim_id in sorted((ids | set(page.shown)) - known):
            _warn(f"claim {claim_id} is checked here but is not in {CLAIMS}", docname)
    old = old_edition(Path(env.srcdir))
    for chapter in chapters:
        pages = chapter.pages(env)
        for claim_id in chapter.claims:
            if pages and not any(f.docname in pages for f in measured_for(env, claim_id)):
                _warn(f"claim {claim_id} of {CLAIMS} is not checked in its chapter", pages[0])
            _check_verdict(env, claim_id)
        if pages and Path(pages[0]).name not in old:
            _check_new_edition(env, chapter, pages)


def _check_verdict(env: BuildEnvironment, claim_id: str) -> None:
    found = [f.measurement for f in measured_for(env, claim_id)]
    docname, decided = verdict_on(env, claim_id)
    if {m.verdict for m in found} >= {"holds", "does not hold"} and not decided.condition:
        _warn(f"claim {claim_id} is said to hold and not to hold; name a condition", docname)
    side = {"holds": "supports", "does not hold": "contradicts"}.get(decided.verdict)
    if side and side not in {m.shows for m in found}:
        _warn(f"claim {claim_id}: {decided.verdict!r}, but nothing measured {side} it", docname)
    if sum(m.decides for m in found) > 2:
        _warn(f"claim {claim_id} is decided by more than two measurements", docname)


def _check_new_edition(env: BuildEnvironment, chapter: Chapter, pages: list[str]) -> None:
    """One card for each claim in the chapter; a reason for each bound there and in the lab."""
    for claim_id in chapter.claims:
        page = collected(env).get(pages[0])
        cards = [v for v in (page.verdicts if page else []) if v.claim_id == claim_id]
        if len(cards) != 1:
            _warn(f"claim {claim_id} has {len(cards)} verdict cards; expected one", pages[0])
    for docname in pages:
        page = collected(env).get(docname)
        for _, measurement in page.measured if page else []:
            if not measurement.because:
                name = f"claim {measurement.claim_id}: {measurement.text!r}"
                _warn(f"{name} has a bound without a reason (because=…)", docname)


def _warn(message: str, docname: str | None) -> None:
    LOGGER.warning(message, location=docname, type="book", subtype="claims")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive; fill in and check once all pages are read."""
    app.setup_extension("book_cards")
    for node in (Filters, Open, Close):
        app.add_node(node)
    app.add_directive("ledger", Ledger)
    app.add_post_transform(FillLedger)
    app.connect("env-updated", rewrite)
    app.connect("env-check-consistency", check_consistency)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
