"""A book of two chapters is built, changed and broken; with the real configuration."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = """
- {chapter: 1, title: One, page: book/chapters/01_*, claims: {"1.1": First words, "1.2": Second}}
- {chapter: 2, title: Two, page: book/chapters/02_*, claims: {"2.1": Third}}
"""
TOC = """
format: jb-book
root: book/index
chapters: [{file: book/chapters/01_one}, {file: book/ledger}, {file: book/api}]
"""
DRAWING = """
from matplotlib import pyplot as plt

from aelib.page import claims, plots

plots.use()
fig, ax = plt.subplots()
ax.plot([3, 1, 2])
ax.set_xlabel("code size")
"""
CHECKS = """
claims.check("1.1", "Error", [0.1, 0.2, 0.15], "<", 1, unit="nats")
claims.check("1.2", "Error", 1, ">", 0, verdict="holds if", condition="x < y")
"""
SLIDER = """
def frame(k):
    plt.figure(figsize=(1, 1))

plots.slider(frame, label="Code size", alt="Nothing", values=[1, 2])
"""
FIGURE = {"mystnb": {"image": {"alt": "A zigzag"}, "figure": {"caption": "Up again."}}}


def _cell(name: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata or {},
        "source": source.strip(),
        "outputs": [],
        "execution_count": None,
    }


def _write(path: Path, *cells: dict[str, Any]) -> None:
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# One\n\n$x^2$"}
    notebook = {
        "cells": [title, *cells],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def _build(book: Path) -> subprocess.CompletedProcess[str]:
    command = [
        Path(sys.executable).parent / "jupyter-book",
        "build",
        ".",
        "-W",
        "-n",
        "--keep-going",
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
    return subprocess.run(
        command, cwd=book, capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    (root / "book" / "chapters").mkdir(parents=True)
    (root / "aelib").mkdir()
    (root / "aelib" / "stand_in.py").write_text("x = 1\n")  # what is hashed; what runs is installed
    shutil.copy(ROOT / "_config.yml", root)
    for part in ("_ext", "_static", "_templates"):
        shutil.copytree(ROOT / "book" / part, root / "book" / part)
    shutil.copy(ROOT / "book" / "ledger.md", root / "book")
    (root / "_toc.yml").write_text(TOC)
    (root / "book" / "claims.yml").write_text(CLAIMS)
    (root / "book" / "references.bib").write_text("")
    (root / "book" / "index.md").write_text("# A book\n")
    api = "# API\n\n```{eval-rst}\n.. automodule:: aelib.page.claims\n   :members:\n```\n"
    (root / "book" / "api.md").write_text(api)
    one = root / "book" / "chapters" / "01_one.ipynb"
    _write(one, _cell("a", DRAWING, FIGURE), _cell("b", CHECKS), _cell("c", SLIDER))
    result = _build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return root


def _page(book: Path, name: str) -> str:
    return (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")


def test_figures_are_part_of_the_page(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    (figure,) = re.findall(r'<svg[^>]*"A zigzag"[^>]*>', html)
    assert 'role="img"' in figure
    assert ">code size</text>" in html
    assert "var(--figure-ink," in html
    assert "Text(0.5" not in html  # of ax.set_xlabel, which the figure already shows
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_badges_and_ledger_point_at_each_other(book: Path) -> None:
    chapter, ledger = _page(book, "chapters/01_one"), _page(book, "ledger")
    assert 'id="claim-1-1"' in chapter
    assert 'href="../ledger.html#ledger-1-1"' in chapter
    assert 'id="ledger-1-1"' in ledger
    assert 'href="chapters/01_one.html#claim-1-1"' in ledger
    for words in ("First words", "0.15 ± 0.12 nats", "&lt; 1 nats; 3 seeds", "holds if x &lt; y"):
        assert words in ledger.replace("\n", " ").replace("\u00a0", " ")
    assert "its chapter is still to be written" in ledger


def test_pages_ask_the_network_for_nothing(book: Path) -> None:
    folder = book / "_build" / "html"
    for page in folder.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.findall(
            r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"', html
        )
        assert "unpkg" not in html
    html = _page(book, "chapters/01_one")
    (script,) = re.findall(r'<script[^>]*src="([^"?]*mathjax[^"?]*)', html)
    assert (folder / "book" / "chapters" / script).resolve().is_file()
    fonts = folder / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2"
    assert len(list(fonts.glob("*.woff"))) == 23


def test_code_links_to_the_api_and_there_are_no_dead_buttons(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    assert 'href="../../book/api.html#aelib.page.claims.check"' in html
    assert "colab" not in html.lower()
    assert "mybinder" not in html.lower()


def test_changes_are_seen_and_warnings_are_not_forgotten(book: Path) -> None:
    page = book / "_build" / "html" / "book" / "chapters" / "01_one.html"
    one = book / "book" / "chapters" / "01_one.ipynb"
    source = one.read_text()
    first = page.stat().st_mtime_ns

    assert _build(book).returncode == 0  # nothing has changed: nothing is written
    assert page.stat().st_mtime_ns == first

    one_cell, changed = _cell("a", "from aelib.page import claims"), CHECKS.replace("1.2", "9.9")
    _write(one, one_cell, _cell("b", changed))
    result = _build(book)
    assert result.returncode != 0
    assert "claim 9.9 is checked here but is not in" in result.stderr
    assert "claim 1.2 of book/claims.yml is not checked in its chapter" in result.stderr
    # Were the pages remembered, a second build would have nothing to warn of, and pass.
    assert not (book / "_build" / ".doctrees" / "environment.pickle").exists()

    (book / "aelib" / "stand_in.py").write_text("x = 2\n")
    one.write_text(source)
    result = _build(book)
    assert result.returncode == 0, result.stderr
    assert "executing 1 notebooks" in result.stdout
    assert page.stat().st_mtime_ns > first
