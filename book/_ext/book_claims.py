"""Measurements and verdicts are collected from the outputs that notebooks have stored.

What ``claims.check`` and ``claims.verdict`` display carries its data. When a page is read they are
put into Sphinx's environment, page by page, so that what a card or the ledger shows is what the
pages have measured.
"""

import fnmatch
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from aelib.page.claims.drawing import STYLE
from aelib.page.claims.record import Measurement, Verdict

CLAIMS = "book/claims.yml"
OLD_EDITION = "book/old_edition.txt"
_MEASURED = re.compile(r'\bdata-claim="([^"]*)"')
_VERDICT = re.compile(r'\bdata-verdict-card="([^"]*)"')
_FOREST = re.compile(r'\bdata-forest="([^"]*)"')


@dataclass(frozen=True)
class Chapter:
    """A chapter's claims: texts by id; ``page`` and ``lab`` are patterns of document names."""

    number: int
    title: str
    page: str
    claims: dict[str, str]
    lab: str

    def pages(self, env: BuildEnvironment) -> list[str]:
        """The chapter, if it is there, and its lab."""
        patterns = (self.page, self.lab)
        return [name for p in patterns for name in fnmatch.filter(sorted(env.found_docs), p)]


def read_chapters(path: Path) -> list[Chapter]:
    """Chapters and their claims.

    Raises:
        ExtensionError: if a claim's id does not begin with its chapter's number.
    """
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    chapters = [Chapter(number=entry.pop("chapter"), **entry) for entry in entries]
    for chapter in chapters:
        for claim_id in chapter.claims:
            if not str(claim_id).startswith(f"{chapter.number}."):
                raise ExtensionError(f"{path}: claim {claim_id} is not of chapter {chapter.number}")
    return chapters


def old_edition(srcdir: Path) -> set[str]:
    """Names of the chapters that are not yet rewritten: they have no verdict cards.

    Example:
        >>> old_edition(Path("/nowhere"))
        set()
    """
    path = srcdir / OLD_EDITION
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


@dataclass
class PageClaims:
    """What one page measures, concludes and draws.

    Attributes:
        measured: measurements with their anchors, in the order of the page.
        verdicts: verdicts whose cards are on the page.
        shown: claims of which the page shows a card or a plot, which other pages can change.
        plotted: claims of which the page shows a plot of its own measurements.
    """

    measured: list[tuple[str, Measurement]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    plotted: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Found:
    """A measurement and where it was made."""

    docname: str
    anchor: str
    measurement: Measurement


def measurements_in(html: str) -> list[Measurement]:
    """Measurements that a piece of HTML carries."""
    return [Measurement.from_data(json.loads(unescape(data))) for data in _MEASURED.findall(html)]


def verdicts_in(html: str) -> list[Verdict]:
    """Verdicts whose cards are in a piece of HTML."""
    return [Verdict.from_data(json.loads(unescape(data))) for data in _VERDICT.findall(html)]


def forests_in(html: str) -> list[str]:
    """Claims whose forest plots are in a piece of HTML."""
    return _FOREST.findall(html)


def collected(env: BuildEnvironment) -> dict[str, PageClaims]:
    """What the pages have measured and concluded, by page."""
    if not hasattr(env, "book_claims"):
        env.book_claims = {}  # type: ignore[attr-defined]
    pages: dict[str, PageClaims] = env.book_claims  # type: ignore[attr-defined]
    return pages


def measured_for(env: BuildEnvironment, claim_id: str) -> list[Found]:
    """Every measurement for a claim: of the chapter, then of its lab, in the order of the page."""
    return [
        Found(docname, name, measurement)
        for docname, page in sorted(collected(env).items())
        for name, measurement in page.measured
        if measurement.claim_id == claim_id
    ]


def verdict_on(env: BuildEnvironment, claim_id: str) -> tuple[str, Verdict]:
    """The page of a claim's card and the verdict; without a card, what its checks say.

    Of several old checks a condition anywhere makes the claim conditional; otherwise a single
    "does not hold" decides.
    """
    for docname, page in sorted(collected(env).items()):
        for verdict in page.verdicts:
            if verdict.claim_id == claim_id:
                return docname, verdict
    found = measured_for(env, claim_id)
    verdicts = {f.measurement.verdict or "holds" for f in found}
    for word in ("holds if", "does not hold", "holds"):
        if word in verdicts:
            conditions = dict.fromkeys(f.measurement.condition for f in found)
            return found[0].docname, Verdict(claim_id, word, "; ".join(filter(None, conditions)))
    return "", Verdict(claim_id, "open")


def anchor(claim_id: str, count: int) -> str:
    """Id of the ``count``-th measurement for a claim on its page."""
    return f"claim-{claim_id.replace('.', '-')}" + (f"-{count}" if count > 1 else "")


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Store a page's measurements and verdicts; remember on each node where it is."""
    page = PageClaims()
    for raw in doctree.findall(nodes.raw):
        if raw.get("format") != "html":
            continue
        html = raw.astext()
        anchors = []
        for measurement in measurements_in(html):
            earlier = sum(m.claim_id == measurement.claim_id for _, m in page.measured)
            anchors.append(anchor(measurement.claim_id, earlier + 1))
            page.measured.append((anchors[-1], measurement))
        if anchors:
            raw["claim_anchors"] = anchors
        page.verdicts += verdicts_in(html)
        page.plotted |= set(forests_in(html))
        raw["claims_shown"] = [*(v.claim_id for v in verdicts_in(html)), *forests_in(html)]
        page.shown += raw["claims_shown"]
    sentences = {
        node["claim_sentence"]: node.astext()
        for node in doctree.findall(nodes.paragraph)
        if "claim_sentence" in node
    }
    if sentences:  # the ledger, in the language of the edition
        app.env.book_sentences = sentences  # type: ignore[attr-defined]
    page.shown += [node["claim_id"] for node in doctree.findall() if _is_card(node)]
    collected(app.env).pop(app.env.docname, None)
    if page.measured or page.shown:
        collected(app.env)[app.env.docname] = page


def _is_card(node: nodes.Node) -> bool:
    return isinstance(node, ClaimCard)


class ClaimCard(nodes.General, nodes.Element):
    """The card of a claim on a page that does not measure it."""


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
    if hasattr(other, "book_sentences"):
        env.book_sentences = other.book_sentences  # type: ignore[attr-defined]


def sentences(env: BuildEnvironment) -> dict[str, str]:
    """The claims in one sentence each, in the language of the edition."""
    chapters = read_chapters(Path(env.srcdir) / CLAIMS)
    english = {claim_id: text for chapter in chapters for claim_id, text in chapter.claims.items()}
    return {**english, **getattr(env, "book_sentences", {})}


def translated(measurement: Measurement, words: dict[str, str]) -> Measurement:
    """The measurement with its words in the language of the edition."""
    keys = ("text", "condition", "unit", "because")
    given = {key: getattr(measurement, key) for key in keys}
    return replace(measurement, **{key: words.get(text, text) for key, text in given.items()})


def write_style(app: Sphinx, exception: Exception | None) -> None:
    """Write the stylesheet, the same that a notebook is sent."""
    if exception is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / "claims.css"
        path.write_text(STYLE.lstrip(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Collect when a page is read."""
    app.add_node(ClaimCard)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("build-finished", write_style)
    app.add_css_file("claims.css")
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
