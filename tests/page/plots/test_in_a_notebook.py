"""What a kernel shows: figures as SVG and alone, checks at once and once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CELLS = [
    "from matplotlib import pyplot as plt\nfrom aelib.page import claims, plots\nplots.use()",
    "plt.plot([1, 2])\nplt.ylim(0, 3)",
    "fig, ax = plt.subplots()\nax.plot([1, 2])\nfig",
    "3",
    "claims.check('1.1', 'x', 1, '<', 2)\nclaims.check('1.1', 'y', [1, 2], '<', 99)",
    "plots.slider(lambda k: plots.images([[[0, k]]]), label='k', alt='a', values=[1, 2])",
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    path: Path = tmp_path_factory.mktemp("notebook") / "a.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in CELLS]), path)
    command = [Path(sys.executable).parent / "jupyter-execute", "--inplace", path]
    subprocess.run(command, check=True, capture_output=True)
    return [cell["outputs"] for cell in json.loads(path.read_text())["cells"]]


def _kinds(cell: list[Any]) -> list[set[str]]:
    return [set(output["data"]) for output in cell]


def test_a_figure_is_shown_as_svg_and_alone(outputs: list[list[Any]]) -> None:
    for cell in outputs[1:3]:
        assert _kinds(cell) == [{"image/svg+xml", "text/plain"}]
        svg = "".join(cell[0]["data"]["image/svg+xml"])
        assert "<text" in svg
        assert "<dc:date>" not in svg


def test_a_cell_that_does_not_draw_shows_its_value(outputs: list[list[Any]]) -> None:
    assert outputs[3][0]["data"]["text/plain"] == ["3"]


def test_checks_are_shown_at_once_and_once(outputs: list[list[Any]]) -> None:
    assert _kinds(outputs[4]) == [{"text/plain", "text/html"}] * 2
    for output, word in zip(outputs[4], "xy", strict=True):
        (line,) = output["data"]["text/plain"]
        assert line.startswith(f"Claim 1.1 (supports) {word}: ")


def test_a_slider_is_shown_once(outputs: list[list[Any]]) -> None:
    assert _kinds(outputs[5]) == [{"text/plain", "text/html"}]
    assert "".join(outputs[5][0]["data"]["text/html"]).count("<svg") == 2
