"""The cells of the ledger that show what other pages have measured."""

import fnmatch
from collections import Counter
from collections.abc import Iterable

from book_claims import collected, translated
from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from aelib.page.claims import WORDS, Claim, measurement, requirement

SYMBOLS = {"holds": "✓", "holds if": "◐", "does not hold": "✗", "open": "○"}
LEDGER_WORDS = {
    "open": "its chapter is still to be written",
    "unchecked": "not checked",
    "one": "computed once",
    "seeds of": "{n} seeds",
    "see the cell": "see the cell",
    "claims": "Of {n} claims, {holds} hold, {if} hold under a condition and {not} do not; "
    "{open} are still to be put to the test.",
}


class Summary(nodes.General, nodes.Element):
    """How many claims have which verdict."""


class VerdictCell(nodes.General, nodes.Element):
    """A claim's verdict."""


class CheckCell(nodes.General, nodes.Element):
    """A claim's measurements."""


Found = list[tuple[str, str, Claim]]  # page, anchor, claim


def checks_of(env: BuildEnvironment, claim_id: str) -> Found:
    """Every check of a claim, in the order of the pages and on them."""
    return [
        (docname, name, claim)
        for docname, claims in sorted(collected(env).items())
        for name, claim in claims
        if claim.claim_id == claim_id
    ]


def verdict_of(claims: Iterable[Claim]) -> tuple[str, list[str]]:
    """One verdict of several checks, with the conditions named.

    A condition anywhere makes the claim conditional; otherwise a single "does not hold" decides.
    """
    claims = list(claims)
    verdicts = {claim.verdict for claim in claims}
    for verdict in ("holds if", "does not hold", "holds"):
        if verdict in verdicts:
            return verdict, list(dict.fromkeys(c.condition for c in claims if c.condition))
    return "open", []


def fill(app: Sphinx, env: BuildEnvironment, document: nodes.document) -> None:
    """Replace the cells left open in a document."""
    words = {**WORDS, **LEDGER_WORDS, **words_of(env)}
    counts: Counter[str] = Counter()
    for cell in list(document.findall(VerdictCell)):
        checks = [translated(claim, words) for *_, claim in checks_of(env, cell["claim_id"])]
        verdict, conditions = verdict_of(checks)
        counts[verdict] += 1
        if verdict == "open":
            there = fnmatch.filter(env.found_docs, cell["page"])
            text = words["unchecked" if there else "open"]
        else:
            text = " ".join([words[verdict], "; ".join(conditions)]).strip()
        symbol = nodes.inline("", SYMBOLS[verdict] + " ", classes=["ledger-symbol"])
        classes = ["ledger-verdict", f"ledger-{verdict.replace(' ', '-')}"]
        cell.replace_self(nodes.paragraph("", "", symbol, nodes.Text(text), classes=classes))
    for open_cell in list(document.findall(CheckCell)):
        found = checks_of(env, open_cell["claim_id"])
        items = [_item(app, env, words, *check) for check in found]
        open_cell.replace_self(nodes.bullet_list("", *items) if items else nodes.paragraph("", "–"))
    for summary in list(document.findall(Summary)):
        text = words["claims"].format_map(
            {
                "n": counts.total(),
                "holds": counts["holds"],
                "if": counts["holds if"],
                "not": counts["does not hold"],
                "open": counts["open"],
            }
        )
        summary.replace_self(nodes.paragraph("", text, classes=["ledger-summary"]))


def _item(
    app: Sphinx,
    env: BuildEnvironment,
    words: dict[str, str],
    docname: str,
    name: str,
    claim: Claim,
) -> nodes.list_item:
    claim = translated(claim, words)
    unit = f" {claim.unit}" if claim.unit else ""
    here = env.docname
    uri = f"{app.builder.get_relative_uri(here, docname)}#{name}"
    seeds = words["seeds of"].format(n=claim.seeds) if claim.seeds > 1 else words["one"]
    bound = requirement(claim).replace(" ", "\u00a0")  # a sign stays with its number
    paragraph = nodes.paragraph(
        "",
        "",
        nodes.reference("", claim.text, internal=True, refuri=uri, reftitle=words["see the cell"]),
        nodes.Text(": "),
        nodes.inline("", f"{measurement(claim)}{unit}", classes=["claim-number"]),
        nodes.Text(f" ({bound}{unit}; {seeds})"),
    )
    return nodes.list_item("", paragraph)
