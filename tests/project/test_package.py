"""What `import aelib` promises."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import aelib

ROOT = Path(__file__).parents[2]
ROOMS = ["losses", "likelihoods", "models", "penalties", "data", "training", "pca", "claims", "plots"]
# Each room may import the rooms to its left; data stands beside losses and models.
MAY_IMPORT = {
    "losses": set(),
    "likelihoods": {"losses"},
    "models": set(),
    "penalties": {"models"},
    "data": set(),
    "training": {"losses", "likelihoods", "models", "penalties", "data"},
    "pca": {"losses", "likelihoods", "models", "penalties", "data", "training"},
    "claims": set(),
    "plots": set(),
}


def test_version_is_the_one_in_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert aelib.__version__ == project["version"]


def test_importing_aelib_imports_nothing_heavy():
    heavy = "jax, flax, sklearn, skimage, matplotlib, statsmodels, pandas".split(", ")
    code = f"import sys, aelib; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_unknown_room_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        aelib.utils  # noqa: B018


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_rooms_to_their_left(room):
    package = ROOT / "aelib" / room
    files = package.rglob("*.py") if package.is_dir() else [package.with_suffix(".py")]
    text = "\n".join(file.read_text() for file in files)
    imported = {
        other
        for other in ROOMS
        if other != room
        for pattern in (f"from aelib.{other}", f"import aelib.{other}", f"from aelib import {other}")
        if f"\n{pattern}" in text or f"\n    {pattern}" in text
    }
    assert imported <= MAY_IMPORT[room]
