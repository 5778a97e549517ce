"""One style of docstrings: Google's sections, in one order, and examples under their heading."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "aelib"
ORDER = ["Args", "Returns", "Yields", "Raises", "Example", "References"]
# What others call them, so that a section cannot slip by under another name.
OTHER = ["Parameters", "Return", "Examples", "Usage", "Source", "Sources", "Reference", "Note"]


def faults(docstring: str) -> list[str]:
    """What is wrong with the sections of a docstring; `Attributes` may stand where it likes."""
    sections = re.findall(r"^(\w+):", docstring, re.MULTILINE)
    known = [section for section in sections if section in ORDER]
    found = [f"{section}: is not a section here" for section in sections if section in OTHER]
    if known != sorted(known, key=ORDER.index):
        found.append(f"expected the order {', '.join(ORDER)}; got {', '.join(known)}")
    if ">>>" in docstring.split("\nExample:\n")[0]:
        found.append("an example without the heading Example")
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_sections_have_one_order(path):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    wrong = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        docstring = ast.get_docstring(node) if isinstance(node, kinds) else None
        if docstring and faults(docstring):
            wrong[getattr(node, "name", "module")] = faults(docstring)
    assert wrong == {}


@pytest.mark.parametrize(
    ("docstring", "count"),
    [
        ("Plain.\n\nArgs:\n    x: it.\n\nRaises:\n    E: x.\n\nExample:\n    >>> 1\n    1\n", 0),
        ("Plain.\n\nRaises:\n    E: x.\n\nArgs:\n    x: it.\n", 1),
        ("Plain.\n\n>>> 1\n1\n", 1),
        ("Plain.\n\nSource: B (1995).\n", 1),
    ],
)
def test_faults_are_found(docstring, count):
    assert len(faults(docstring)) == count
