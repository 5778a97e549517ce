"""What every notebook of the book keeps to, read from its committed source."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if "checkpoint" not in str(path))
FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
DRAWS = re.compile(r"\bplots\.(images|rows|interval|losses)\(|\b(plt|pyplot)\.\w+\(|\bsubplots\(")


def problems(notebook: dict[str, Any], *, in_lab: bool = False) -> list[str]:
    """What a notebook does that a reader, a translator or a second build would suffer from."""
    found = []
    cells = notebook["cells"]
    ids = [cell.get("id", "") for cell in cells]
    found += [f"id {name!r} is not unique" for name in set(ids) if ids.count(name) > 1]
    for cell in cells:
        source = "".join(cell["source"])
        found += [f"{cell.get('id')}: {what}" for what in _problems_of(cell, source, in_lab)]
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    return found


def _problems_of(cell: dict[str, Any], source: str, in_lab: bool) -> list[str]:
    if cell["cell_type"] == "markdown":
        rules = {
            "{glue": "a glued number is blank in a translation; let a cell print it",
            "[^": "footnotes break in a translation",
        }
        return [why for what, why in rules.items() if what in source]
    found = []
    if cell["outputs"] or cell["execution_count"] is not None:
        found.append("has stored outputs; use nbstripout --keep-id")
    tags = set(cell["metadata"].get("tags", []))
    # What a reader sees is short; what a chapter folds away and what a lab repeats may be longer.
    most = 45 if tags & FOLDED or in_lab else 15
    if (lines := len(source.splitlines())) > most:
        found.append(f"{lines} lines; at most {most}")
    removed = {"remove-cell", "remove-output"} & tags
    shown_by_itself = "plots.slider(" in source or "explorables.show(" in source
    if DRAWS.search(_without_functions(source)) and not shown_by_itself and not removed:
        options = cell["metadata"].get("mystnb", {})
        if not options.get("image", {}).get("alt", "").strip():
            found.append("draws without alt text in its metadata")
        if not options.get("figure", {}).get("caption", "").strip():
            found.append("draws without a caption in its metadata")
    if "plots.slider(" in source and "alt=" not in source:
        found.append("has a slider without alt text")
    return found


def _without_functions(source: str) -> str:
    """The lines a cell runs at once, without the bodies of the functions it defines."""
    return re.sub(r"^(?:@.*\n)*def .*(?:\n(?:[ \t].*|\s*$|\).*))*", "", source, flags=re.M)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert problems(notebook, in_lab=path.parent.name == "labs") == []


def test_every_page_is_in_the_contents() -> None:
    listed = set(re.findall(r"(?:file|root): (\S+)", (BOOK.parent / "_toc.yml").read_text()))
    pages = [*NOTEBOOKS, *(p for p in BOOK.rglob("*.md") if "locales" not in p.parts)]
    names = {p.relative_to(BOOK.parent).with_suffix("").as_posix() for p in pages}
    assert names - listed == set()


def _notebook(source: str, kind: str = "code", **change: Any) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": "a", "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    return {"cells": [cell | change], "metadata": {"kernelspec": {"name": "python3"}}}


@pytest.mark.parametrize(
    ("notebook", "problem"),
    [
        (_notebook("x = 1\n" * 16), "16 lines"),
        (_notebook("x = 1\n\n" * 8), "16 lines"),
        (_notebook("plots.images(x)"), "without alt text"),
        (_notebook("plt.plot(x)"), "without a caption"),
        (_notebook("fig, ax = plt.subplots()"), "without alt text"),
        (_notebook("plots.slider(f, label='a', values=v)"), "slider without alt"),
        (_notebook("1", execution_count=1), "stored outputs"),
        (_notebook("It is {glue:text}`x`.", "markdown"), "glued"),
        (_notebook("See[^1].", "markdown"), "footnotes"),
    ],
)
def test_each_rule_can_fail(notebook: dict[str, Any], problem: str) -> None:
    assert any(problem in found for found in problems(notebook))


def test_what_is_fine() -> None:
    options = {"mystnb": {"image": {"alt": "A curve"}, "figure": {"caption": "It falls."}}}
    fine = _notebook("plots.images(x)", metadata=options)
    function = _notebook("def frame(k):\n    plots.images(x[k])\n\n    return 1\n\n\ny = 2")
    slider = _notebook("plots.slider(f, label='a', values=v, alt='b')")
    assert problems(fine) == problems(function) == problems(slider) == []
    twice = {**fine, "cells": fine["cells"] * 2}
    assert problems(twice) == ["id 'a' is not unique"]
