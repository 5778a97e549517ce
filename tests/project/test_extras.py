"""Without an optional dependency, what needs it says which extra to install."""

import subprocess
import sys

import pytest

# Each statement, run in a fresh interpreter in which one package cannot be found.
NEEDS = {
    "import aelib.anomaly": ("sklearn", "aelib.anomaly"),
    "from aelib import anomaly": ("sklearn", "aelib.anomaly"),
    "from aelib.lab import cells; cells.cluster_agreement([[1]], [[1]], [0])": (
        "sklearn",
        "cluster_agreement",
    ),
    "from aelib import denoising; denoising.MethodComparison({}, {}, {}, {}).table()": (
        "pandas",
        "MethodComparison.table",
    ),
}
# The same for the extra that reads files of cells: the package, and what needs it.
CELLS = """
import tempfile, pathlib, aelib
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder, "cells.h5ad")
    file.write_bytes(b"whatever")
    aelib.data.load("counts", root=file)
"""
# What does not need the package works without it.
FREE = {
    "import aelib.adversarial, aelib.denoising, aelib.perceptual, aelib.lab.cells": "sklearn",
    "import aelib.anomaly": "pandas",
}
HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {hidden!r}:
            raise ModuleNotFoundError("hidden by the test", name=name)

sys.meta_path.insert(0, Hidden())
"""


def run_without(hidden, statement):
    code = HIDE.format(hidden=hidden) + statement
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("statement", NEEDS)
def test_the_error_names_the_extra(statement):
    hidden, purpose = NEEDS[statement]
    result = run_without(hidden, statement)
    expected = f'ModuleNotFoundError: {purpose} needs {hidden}: pip install "aelib[data]"'
    assert result.stderr.strip().splitlines()[-1] == expected


def test_the_error_names_the_extra_of_cells():
    result = run_without("h5py", CELLS)
    expected = 'ModuleNotFoundError: reading .h5ad files needs h5py: pip install "aelib[cells]"'
    assert result.stderr.strip().splitlines()[-1] == expected


@pytest.mark.parametrize("statement", FREE)
def test_nothing_else_needs_it(statement):
    result = run_without(FREE[statement], statement)
    assert result.returncode == 0, result.stderr
