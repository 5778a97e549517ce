"""What a chapter asks of its reader, counted from the notebook, and the honest time to read it.

The time is printed under the title of each chapter. The same counts are held to the limits below
by ``tests/book/test_budget.py``, and CONTRIBUTING says in words what is counted.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from book_claims import old_edition
from book_words import words_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CHAPTERS = "book/chapters/"
# What a reader takes in, per minute.
WORDS, LINES, CARDS = 150, 20, 12
# Minutes for each: readers stop at a picture, move an explorable, and follow a formula by hand.
FIGURE, EXPLORABLE, FORMULA = 2 / 3, 2, 1 / 3
MOST = {
    "words": 3000,
    "lines": 120,
    "cells": 18,
    "longest": 10,
    "tables": 2,
    "before": 500,
    "minutes": 30,
}
LEAST = {"figures": 6, "explorables": 2}
SAYS = {
    "words": "{n} words; at most {limit}",
    "lines": "{n} visible lines of code; at most {limit}",
    "cells": "{n} visible cells of code; at most {limit}",
    "longest": "a visible cell of {n} lines; at most {limit}",
    "tables": "{n} tables; at most {limit}",
    "before": "{n} words before the first explorable; at most {limit}",
    "minutes": "{n} minutes to read; at most {limit}",
    "figures": "{n} figures; at least {limit}",
    "explorables": "{n} explorables; at least {limit}",
}
PAGE_WORDS = {
    "reading time": "{minutes} minutes to read · {figures} figures",
    "to move": "{explorables} of them to move",
}

HIDDEN = {"remove-cell", "remove-input", "hide-input", "hide-cell"}
NOT_READ = re.compile(r"(exercise|solution)$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)$")
_OPTION = re.compile(r"^\s*:[\w-]+:(\s|$)")
_TABLE_RULE = re.compile(r"^\s*\|?(\s*:?-{3,}:?\s*\|)+\s*(:?-{3,}:?\s*)?\|?\s*$")
_HEADING = re.compile(r"^(#+)\s+(.*)$")
_DRAWS = re.compile(r"\bplots\.slider\(|\bexplorables\.show\(")
_FORMULA = "$$"  # what stands for a displayed formula once it was found
_EXPLORABLE = re.compile(r"\bexplorables\.show\(")
_CARD = re.compile(r"""\bclaims\.verdict\(\s*["'](\d+\.\d+)["']""")
_TABLE_IN_CODE = re.compile(r"\bDataFrame\(|\bplots\.table\(")


@dataclass
class Count:
    """What was counted in a chapter.

    Attributes:
        words: words of text and captions, exercises and solutions left out; a formula in a line of
            text is one.
        formulas: displayed formulas, exercises and solutions left out.
        lines: lines of visible code that are not blank.
        cells: cells of visible code.
        longest: lines of the longest visible cell.
        figures: pictures, explorables among them.
        explorables: things to move.
        before: words before the first explorable.
        tables: tables, of text or put out by a cell.
        cards: verdict cards, by claim.
    """

    words: int = 0
    formulas: int = 0
    lines: int = 0
    cells: int = 0
    longest: int = 0
    figures: int = 0
    explorables: int = 0
    before: int = 0
    tables: int = 0
    cards: Counter[str] = field(default_factory=Counter)

    @property
    def minutes(self) -> int:
        """Time to read, rounded up to a minute."""
        read = self.words / WORDS + self.lines / LINES + self.cards.total() / CARDS
        still = self.figures - self.explorables
        seen = still * FIGURE + self.explorables * EXPLORABLE + self.formulas * FORMULA
        return math.ceil(read + seen - 1e-9)


def excess(counted: Count, claims: Iterable[str]) -> list[str]:
    """What of a chapter is beyond its budget.

    Args:
        counted: what was counted.
        claims: the chapter's claims, which want one verdict card each.
    """
    found = []
    for name, limit in MOST.items():
        if (n := getattr(counted, name)) > limit:
            found.append(SAYS[name].format(n=n, limit=limit))
    for name, limit in LEAST.items():
        if (n := getattr(counted, name)) < limit:
            found.append(SAYS[name].format(n=n, limit=limit))
    for claim_id in dict.fromkeys([*claims, *counted.cards]):
        expected = 1 if claim_id in claims else 0
        if (n := counted.cards[claim_id]) != expected:
            found.append(f"{n} verdict cards of claim {claim_id}; expected {expected}")
    return found


def count(notebook: dict[str, Any]) -> Count:
    """Count what a reader of a chapter reads and sees.

    Args:
        notebook: a parsed ``.ipynb``.
    """
    counted = Count()
    reading = _Reading(counted)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            reading.text(source)
        elif cell["cell_type"] == "code" and reading.is_read:
            _count_code(counted, source, cell.get("metadata", {}))
    if not counted.explorables:
        counted.before = counted.words
    return counted


def _count_code(counted: Count, source: str, metadata: dict[str, Any]) -> None:
    tags = set(metadata.get("tags", []))
    if "remove-cell" in tags:
        return
    lines = sum(bool(line.strip()) for line in source.splitlines())
    if lines and not HIDDEN & tags:
        counted.lines += lines
        counted.cells += 1
        counted.longest = max(counted.longest, lines)
    if "remove-output" in tags:
        return
    figure = metadata.get("mystnb", {}).get("figure", {})
    explorables = len(_EXPLORABLE.findall(source))
    if explorables and not counted.explorables:
        counted.before = counted.words
    counted.words += _words_in(figure.get("caption", ""))
    counted.figures += bool(figure) or len(_DRAWS.findall(source))
    counted.explorables += explorables
    counted.tables += bool(_TABLE_IN_CODE.search(source))
    counted.cards.update(_CARD.findall(source))


class _Reading:
    """Follows the text from cell to cell, past exercises and their solutions."""

    def __init__(self, counted: Count) -> None:
        self.counted = counted
        self.gates = 0  # of exercise-start and solution-start
        self.section = 0  # level of the heading of the exercises' section, if in it

    @property
    def is_read(self) -> bool:
        return not self.gates and not self.section

    def text(self, source: str) -> None:
        """Count one cell of Markdown."""
        source = re.sub(r"<!--.*?-->|<[^>]+>", " ", source, flags=re.S)
        source = re.sub(r"\$\$.*?\$\$", f"\n{_FORMULA}\n", source, flags=re.S)
        for line, inside in _directives(source):
            self._line(line, inside)

    def _line(self, line: str, inside: list[str]) -> None:
        opened = inside[-1] if inside else ""
        if (fence := _FENCE.match(line)) and fence[2]:
            self._open(fence[2], fence[3])
            return
        if not inside and (heading := _HEADING.match(line)):
            level = len(heading[1])
            if self.section and level <= self.section:
                self.section = 0
            if re.match(r"(exercise|solution)", heading[2], re.I):
                self.section = level
        if not self.is_read or any(NOT_READ.search(name) for name in inside) or fence:
            return
        if opened in ("code", "code-block", "") and inside:  # code in text is read as code
            self.counted.lines += bool(line.strip())
        elif line.strip() == _FORMULA:
            self.counted.formulas += 1
        elif opened == "math":
            pass  # counted where it was opened
        elif _TABLE_RULE.match(line):
            self.counted.tables += 1
        elif not _OPTION.match(line):
            self.counted.figures += len(re.findall(r"!\[", line))
            self.counted.words += _words_in(line)

    def _open(self, name: str, argument: str) -> None:
        if name in ("exercise-start", "solution-start"):
            self.gates += 1
        elif name in ("exercise-end", "solution-end"):
            self.gates = max(self.gates - 1, 0)
        elif self.is_read and not NOT_READ.search(name):
            self.counted.figures += name in ("figure", "image")
            self.counted.tables += name in ("table", "list-table", "csv-table")
            self.counted.formulas += name == "math"
            if name not in ("figure", "image", "code", "code-block", "math"):
                self.counted.words += _words_in(argument)


def _directives(source: str) -> Iterator[tuple[str, list[str]]]:
    """Each line with the directives that it stands in; plain code is a directive without name."""
    stack: list[tuple[str, str]] = []
    for line in source.splitlines():
        fence = _FENCE.match(line)
        closes = fence and not fence[2] and not fence[3].strip()
        if closes and stack and fence[1].startswith(stack[-1][0]):  # type: ignore[index]
            stack.pop()
            continue
        yield line, [name for _, name in stack]
        if fence:
            stack.append((fence[1], fence[2] or ""))


def _words_in(text: str) -> int:
    text = re.sub(r"\$[^$]+\$", " x ", text)
    text = re.sub(r"\{cite[\w:]*\}`[^`]*`", " x ", text)
    text = re.sub(r"\{[\w:-]+\}`([^`<]*)(<[^`]*>)?`", r" \1 ", text)  # a role shows its text
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return sum(any(c.isalnum() for c in token) for token in text.split())


def table(root: Path) -> list[str]:
    """What each chapter asks of its reader, a line for each under a line of headings."""
    names = (
        *("words", "formulas", "lines", "cells", "longest"),
        *("figures", "explorables", "before", "tables"),
    )
    heads = "".join(f"{name:>12}" for name in (*names, "cards", "minutes"))
    rows = [f"{'chapter':<32}{heads}"]
    old = old_edition(root)
    for path in sorted((root / CHAPTERS).glob("*.ipynb")):
        counted = count(json.loads(path.read_text(encoding="utf-8")))
        values = [*(getattr(counted, name) for name in names), counted.cards.total()]
        numbers = "".join(f"{value:>12}" for value in (*values, counted.minutes))
        rows.append(f"{path.stem:<32}{numbers}{'  (first edition)' * (path.stem in old)}")
    return rows


class ReadingTime(nodes.General, nodes.Element):
    """The time to read, under a chapter's title."""


def insert(app: Sphinx, doctree: nodes.document) -> None:
    """Leave a node under the title of each chapter."""
    docname = app.env.docname
    path = Path(app.env.doc2path(docname))
    title = next(iter(doctree.findall(nodes.title)), None)
    if not docname.startswith(CHAPTERS) or path.suffix != ".ipynb" or title is None:
        return
    counted = count(json.loads(path.read_text(encoding="utf-8")))
    node = ReadingTime(
        minutes=counted.minutes, figures=counted.figures, explorables=counted.explorables
    )
    title.parent.insert(title.parent.index(title) + 1, node)


class WriteReadingTime(SphinxPostTransform):
    """Say the time in the words of the edition."""

    default_priority = 6

    def run(self, **kwargs: Any) -> None:
        """Replace the node under the title."""
        words = {**PAGE_WORDS, **words_of(self.env)}
        for node in list(self.document.findall(ReadingTime)):
            keys = ("minutes", "figures", "explorables")
            numbers = {key: node[key] for key in keys}
            text = words["reading time"].format(**numbers)
            if node["explorables"]:
                text += ", " + words["to move"].format(**numbers)
            node.replace_self(nodes.paragraph("", text, classes=["reading-time"]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Count when a page is read, say it when it is written."""
    app.setup_extension("book_words")
    app.add_node(ReadingTime)
    app.connect("doctree-read", insert)
    app.add_post_transform(WriteReadingTime)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
