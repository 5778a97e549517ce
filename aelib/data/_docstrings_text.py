"""From docstrings to plain text: no code, no markup, no package names, no near-duplicates."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict

MASK = "■"
# Long names give the package away wherever they stand, also inside identifiers.
_LONG_NAMES = (
    "numpy|scipy|scikit[-_ ]?learn|sklearn|scikit[-_ ]?image|skimage|pandas|matplotlib|statsmodels|"
    "optax|networkx|pyplot|pylab|jax|flax"
)
# Short ones only as a word of their own, in small letters: NP-hard is not numpy.
_SHORT_NAMES = "np|pd|plt|mpl|sm|sp|nx|jnp|lax|linen|nnx|scikits?"
_NAMES = re.compile(
    rf"(?i:{_LONG_NAMES})|(?<![A-Za-z0-9])(?:{_SHORT_NAMES})(?![A-Za-z0-9])",
)
_ROLE = re.compile(r":[a-z:+-]+:(?=`)", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+|\bdoi:\S+|<[^<>\s]*>")
_CODE_DIRECTIVE = re.compile(
    r"\s*\.\. (?:code(?:-block)?|sourcecode|math|plot|ipython|testcode|testoutput|figure|image|"
    r"doctest|autosummary|table|tabularcolumns|toctree|graphviz|raw|mermaid|codegen) ?::?"
)
_TARGET = re.compile(r"\s*\.\. (?:_[^:]+:|\|)")  # where a link or a substitution leads
_DIRECTIVE = re.compile(r"\s*\.\. [a-z:+-]+::", re.IGNORECASE)
_RULE = re.compile(r"\s*([-=~^\"'#*+.`_])\1{2,}\s*(?:[-=~^ ]*)$")
_WORD = re.compile(r"[a-z]{2,}")


def words(text: str) -> list[str]:
    """Lower-case words of at least two letters, in order; the mask and numbers are no words."""
    return _WORD.findall(text.lower())


def mask_names(text: str) -> str:
    """Replace the names of all packages in the corpus, and their usual short forms."""
    return _NAMES.sub(MASK, text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _prose_lines(docstring: str) -> list[str]:
    """Lines that are neither code, nor its output, nor an underline."""
    kept = []
    in_doctest = False
    block_indent: int | None = None  # inside a code block that is indented more than this
    for line in inspect.cleandoc(docstring).splitlines():
        blank = not line.strip()
        if block_indent is not None:
            if blank or _indent(line) > block_indent:
                continue
            block_indent = None
        if line.lstrip().startswith(">>>"):
            in_doctest = True
        if blank:
            in_doctest = False
        if in_doctest or blank or _RULE.match(line) or _TARGET.match(line):
            continue
        if _CODE_DIRECTIVE.match(line):
            block_indent = _indent(line)
            continue
        if line.lstrip().startswith("```"):
            continue
        if _DIRECTIVE.match(line):
            line = _DIRECTIVE.sub("", line)
        elif line.rstrip().endswith("::"):
            block_indent = _indent(line)
        kept.append(line)
    return kept


def clean(docstring: str, max_words: int) -> str:
    r"""The prose of a docstring on one line, masked, cut after ``max_words`` words.

    Example:
        >>> import numpy as np
        >>> clean("Sum with `numpy.sum`.\n\n>>> np.sum([1, 2])\n3\n\nReturns\n-------\nint", 5)
        'Sum with ■.sum. Returns int'
    """
    text = " ".join(_prose_lines(docstring))
    text = _LINK.sub(" ", _ROLE.sub("", text))
    text = mask_names(text.replace("`", " ").replace("\\", " ").replace("*", " "))
    text = text.replace("::", ":")
    text = re.sub(r"\s__?(?=\s|$|[.,;:])", " ", text)  # what is left of a link
    text = re.sub(r"\s+([.,;:)])(?!\.)", r"\1", text)
    return " ".join(text.split()[:max_words])


class NearDuplicates:
    """Remembers texts and tells whether a new one says much the same as one of them.

    Two texts are near-duplicates when at least half of the four-word sequences of the shorter one
    occur in the other.
    """

    def __init__(self, length: int = 4, overlap: float = 0.5) -> None:
        self._length = length
        self._overlap = overlap
        self._where: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._sizes: list[int] = []

    def add(self, text: str) -> bool:
        """Remember the text unless it is a near-duplicate; returns whether it was remembered."""
        tokens = words(text)
        count = max(1, len(tokens) - self._length + 1)
        shingles = {tuple(tokens[i : i + self._length]) for i in range(count)}
        shared: dict[int, int] = defaultdict(int)
        for shingle in shingles:
            for index in self._where.get(shingle, ()):
                shared[index] += 1
        for index, number in shared.items():
            if number >= self._overlap * min(len(shingles), self._sizes[index]):
                return False
        for shingle in shingles:
            self._where[shingle].append(len(self._sizes))
        self._sizes.append(len(shingles))
        return True
