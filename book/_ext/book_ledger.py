"""The ledger: every claim, its verdict, what was measured, and the cell that measured it.

``{ledger}`` shows the claims of ``book/claims.yml`` in tables, one per chapter. The words are in
the page's source tree, where a translator finds them; the numbers are filled in when the page is
written, from what the pages' stored outputs hold at that moment.
"""

import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from book_claims import collected
from docutils import nodes
from ledger_cells import CheckCell, Summary, VerdictCell, fill
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOGGER = logging.getLogger(__name__)
CLAIMS = "book/claims.yml"


@dataclass(frozen=True)
class Chapter:
    """A chapter's claims: texts by id; ``page`` is the pattern of its document name."""

    number: int
    title: str
    page: str
    claims: dict[str, str]


def read_chapters(path: Path) -> list[Chapter]:
    """Chapters and their claims.

    Raises:
        ExtensionError: If a claim's id does not begin with its chapter's number.
    """
    chapters = [
        Chapter(entry["chapter"], entry["title"], entry["page"], entry["claims"])
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    for chapter in chapters:
        for claim_id in chapter.claims:
            if not str(claim_id).startswith(f"{chapter.number}."):
                raise ExtensionError(f"{path}: claim {claim_id} is not of chapter {chapter.number}")
    return chapters


class Ledger(SphinxDirective):
    """``{ledger}``: the tables."""

    def run(self) -> list[nodes.Node]:
        """Sections with tables; cells that depend on other pages are left to be filled in."""
        path = Path(self.env.srcdir) / CLAIMS
        self.env.note_dependency(str(path))
        self.env.book_ledger = self.env.docname  # type: ignore[attr-defined]
        chapters = read_chapters(path)
        return [Summary(), *(self._section(chapter) for chapter in chapters)]

    def _section(self, chapter: Chapter) -> nodes.section:
        title = f"{chapter.number} · {chapter.title}"
        section = nodes.section(ids=[f"ledger-chapter-{chapter.number}"], names=[])
        section += self._words(nodes.title, title)
        table = nodes.table(classes=["ledger"])
        group = nodes.tgroup(cols=3)
        group.extend(nodes.colspec(colwidth=width) for width in (40, 15, 45))
        heads = [self._entry(word) for word in ("Claim", "Verdict", "Measured")]
        group += nodes.thead("", nodes.row("", *heads))
        group += nodes.tbody("", *(self._row(chapter, *claim) for claim in chapter.claims.items()))
        table += group
        section += table
        self.set_source_info(section)
        return section

    def _row(self, chapter: Chapter, claim_id: str, text: str) -> nodes.row:
        row = nodes.row(ids=[f"ledger-{claim_id.replace('.', '-')}"])
        number = nodes.paragraph("", claim_id, classes=["ledger-id"], translatable=False)
        row += nodes.entry("", number, self._words(nodes.paragraph, text))
        row += nodes.entry("", VerdictCell(claim_id=claim_id, page=chapter.page))
        row += nodes.entry("", CheckCell(claim_id=claim_id, page=chapter.page))
        return row

    def _entry(self, text: str) -> nodes.entry:
        return nodes.entry("", self._words(nodes.paragraph, text))

    def _words(self, kind: type[nodes.TextElement], text: str) -> nodes.TextElement:
        node = kind(text, text)
        self.set_source_info(node)
        return node


class FillLedger(SphinxPostTransform):
    """Fill in what the chapters have measured."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        """Replace the cells left open."""
        fill(self.app, self.env, self.document)


def rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The ledger is written at every build: it shows other pages' numbers."""
    ledger = getattr(env, "book_ledger", "")
    return [ledger] if ledger in env.found_docs else []


def check_consistency(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of checks that no claim asks for and of claims that an existing chapter leaves out."""
    path = Path(env.srcdir) / CLAIMS
    if not path.exists():
        return
    chapters = read_chapters(path)
    known = {claim_id for chapter in chapters for claim_id in chapter.claims}
    checked: dict[str, set[str]] = {}
    for docname, claims in collected(env).items():
        for _, claim in claims:
            checked.setdefault(docname, set()).add(claim.claim_id)
            if claim.claim_id not in known:
                _warn(f"claim {claim.claim_id} is checked here but is not in {CLAIMS}", docname)
    for chapter in chapters:
        for docname in fnmatch.filter(sorted(env.found_docs), chapter.page):
            for claim_id in sorted(set(chapter.claims) - checked.get(docname, set())):
                _warn(f"claim {claim_id} of {CLAIMS} is not checked in its chapter", docname)
    verdicts: dict[str, set[str]] = {}
    for claims in collected(env).values():
        for _, claim in claims:
            verdicts.setdefault(claim.claim_id, set()).add(claim.verdict)
    for claim_id, found in sorted(verdicts.items()):
        if found == {"holds", "does not hold"}:
            _warn(f"claim {claim_id} is said to hold and not to hold; name a condition", None)


def _warn(message: str, docname: str | None) -> None:
    LOGGER.warning(message, location=docname, type="book", subtype="claims")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive; fill in and check once all pages are read."""
    app.setup_extension("book_claims")
    for node in (Summary, VerdictCell, CheckCell):
        app.add_node(node)
    app.add_directive("ledger", Ledger)
    app.add_post_transform(FillLedger)
    app.connect("env-updated", rewrite)
    app.connect("env-check-consistency", check_consistency)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
