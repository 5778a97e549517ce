"""Figures, theorems and exercises are numbered by chapter: Figure 4.2 is the second of chapter 4.

Sphinx numbers by the numbers of sections, which count from one; the chapters of this book have
their numbers in their names and begin with 0. While Sphinx numbers figures (and what else has a
number of that kind, theorems and exercises), each chapter's pages have the number in their name.
A lab's are written L4.2.
"""

import re
from collections.abc import Iterable
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

_PAGE = re.compile(r"(?:^|/)(chapters|labs)/(\d+)_")


def section_numbers(docnames: Iterable[str]) -> dict[str, dict[str, tuple[str]]]:
    """What stands before the number of each figure, by page, as Sphinx keeps it.

    Example:
        >>> section_numbers(["book/chapters/00_introduction", "book/labs/03_x", "book/index"])
        {'book/chapters/00_introduction': {'': ('0',)}, 'book/labs/03_x': {'': ('L3',)}}
    """
    found = {}
    for docname in docnames:
        match = _PAGE.search(docname)
        if match:
            found[docname] = {"": ("L" * (match[1] == "labs") + str(int(match[2])),)}
    return found


def number_by_chapter(app: Sphinx) -> None:
    """Change how Sphinx's collector numbers figures, once a process."""
    original = TocTreeCollector.assign_figure_numbers
    if getattr(original, "by_chapter", False):
        return

    def assign_figure_numbers(self: TocTreeCollector, env: BuildEnvironment) -> list[str]:
        sections = env.toc_secnumbers
        env.toc_secnumbers = section_numbers(env.found_docs)  # type: ignore[assignment]
        try:
            return original(self, env)
        finally:
            env.toc_secnumbers = sections

    assign_figure_numbers.by_chapter = True  # type: ignore[attr-defined]
    TocTreeCollector.assign_figure_numbers = assign_figure_numbers  # type: ignore[method-assign]


def setup(app: Sphinx) -> dict[str, Any]:
    """Number in this book's way."""
    number_by_chapter(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
