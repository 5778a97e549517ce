"""The install cell that Colab needs, and the address the publishing workflow writes into it."""

import json
from pathlib import Path

import pytest
import stamp

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "book").rglob("*.ipynb"))


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def first_code_cell(notebook):
    return next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_starts_with_the_install_cell(path):
    cell = first_code_cell(load(path))
    assert "".join(cell["source"]) == stamp.INSTALL_CELL
    assert cell["metadata"]["tags"] == ["remove-cell"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stamp_writes_the_address_and_nothing_else(path):
    before = load(path)
    after = stamp.stamp(load(path), "https://example.org/book")
    assert 'REPOSITORY = "https://example.org/book"' in "".join(first_code_cell(after)["source"])
    first_code_cell(after)["source"] = first_code_cell(before)["source"]
    assert after == before


def test_stamp_refuses_a_notebook_without_the_install_cell():
    notebook = {"cells": [{"cell_type": "code", "id": "a", "source": ["1 + 1"]}]}
    with pytest.raises(ValueError, match="cell 'a': expected the install cell first"):
        stamp.stamp(notebook, "https://example.org/book")
