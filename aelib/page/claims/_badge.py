"""A claim drawn as a badge: HTML that carries its own data, and plain text."""

import json
import sys
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from aelib.page.claims._format import measurement, requirement

if TYPE_CHECKING:
    from aelib.page.claims._claim import Claim

MIME_TYPE = "application/vnd.aelib.claim+json"
SYMBOLS = {"holds": "✓", "holds if": "◐", "does not hold": "✗"}

# The words of a badge; an edition in another language passes its own.
WORDS = {
    "claim": "Claim",
    "holds": "holds",
    "holds if": "holds if",
    "does not hold": "does not hold",
    "required": "checked:",
    "seeds": "mean and 95 % interval of {n} seeds",
    "alike": "the same for all {n} seeds",
}

# The book's stylesheet sets the --claim-* variables for light and dark; Jupyter falls back on
# colours that can be read on either background. The style is sent with each badge to Jupyter
# and once to the book.
STYLE = """
.aelib-claim {
  --tone: var(--claim-holds, #12805c);
  border: 1px solid color-mix(in srgb, var(--tone) 35%, transparent);
  border-left: 4px solid var(--tone);
  border-radius: 0.4rem;
  background: color-mix(in srgb, var(--tone) 7%, transparent);
  padding: 0.55rem 0.9rem 0.6rem;
  margin: 0.8rem 0;
  max-width: 44rem;
  line-height: 1.45;
}
.aelib-claim[data-verdict="holds if"] { --tone: var(--claim-holds-if, #a86200); }
.aelib-claim[data-verdict="does not hold"] { --tone: var(--claim-does-not-hold, #b8467a); }
.aelib-claim p { margin: 0; padding: 0; }
.aelib-claim .claim-verdict { color: var(--tone); font-weight: 600; margin-right: 0.5em; }
.aelib-claim .claim-verdict a { color: inherit; }
.aelib-claim .claim-measure {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0.1rem 0.9rem;
  font-variant-numeric: tabular-nums;
}
.aelib-claim .claim-number { font-size: 1.15em; font-weight: 600; white-space: nowrap; }
.aelib-claim .claim-bound, .aelib-claim .claim-seeds { font-size: 0.9em; opacity: 0.85; }
"""


def plain(claim: "Claim") -> str:
    """One line of text for a terminal or a screen without HTML."""
    unit = f" {claim.unit}" if claim.unit else ""
    verdict = f"{claim.verdict} {claim.condition}".strip()
    return (
        f"{SYMBOLS[claim.verdict]} Claim {claim.claim_id} {verdict}. {claim.text}: "
        f"{measurement(claim)}{unit} ({requirement(claim)}{unit})"
    )


def badge(
    claim: "Claim",
    words: Mapping[str, str] | None = None,
    *,
    anchor: str = "",
    href: str = "",
    brief: bool = False,
) -> str:
    """HTML of a claim, with the claim's data in ``data-claim``.

    Args:
        claim: The claim.
        words: Words of the badge in another language; see ``WORDS``.
        anchor: The element's id, if it is to be linked to.
        href: Where the claim's number leads to, if anywhere.
        brief: Whether to leave the condition out, because the badge before this one has it.

    Returns:
        One ``<div>`` that reads in order: verdict, what was measured, the number, the bound.
    """
    words = {**WORDS, **(words or {})}
    unit = f" {escape(claim.unit)}" if claim.unit else ""
    condition = "…" if brief and claim.condition else claim.condition
    verdict = escape(f"{words[claim.verdict]} {condition}".strip())
    data = escape(json.dumps(claim.data(), ensure_ascii=False, separators=(",", ":")))
    name = f"{escape(words['claim'])} {claim.claim_id}"
    if href:
        name = f'<a href="{escape(href)}">{name}</a>'
    identity = f' id="{escape(anchor)}"' if anchor else ""
    seeds = ""
    if claim.seeds > 1:
        key = "seeds" if claim.high > claim.low else "alike"
        seeds = f'<span class="claim-seeds">{escape(words[key].format(n=claim.seeds))}</span>'
    return (
        f'<div class="aelib-claim"{identity} '
        f'data-verdict="{claim.verdict}" data-claim="{data}">'
        f'<p><span class="claim-verdict"><span aria-hidden="true">{SYMBOLS[claim.verdict]}</span> '
        f"{name} {verdict}</span> "
        f'<span class="claim-text">{escape(claim.text)}</span></p>'
        f'<p class="claim-measure"><span class="claim-number">{measurement(claim)}{unit}</span> '
        f'<span class="claim-bound">{escape(words["required"])} '
        f"{escape(requirement(claim))}{unit}</span> {seeds}</p></div>"
    )


def show(claim: "Claim") -> None:
    """Draw the badge if there is a notebook or an IPython prompt to draw it in."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    from IPython.display import display

    bundle = {
        "text/plain": plain(claim),
        "text/html": f"<style>{STYLE}</style>{badge(claim)}",
        MIME_TYPE: claim.data(),
    }
    display(bundle, raw=True)
