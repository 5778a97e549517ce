"""What `import aelib` promises."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import aelib

ROOT = Path(__file__).parents[2]
# Each room may import the rooms to its left; data stands beside losses and models.
MAY_IMPORT = {
    "losses": set(),
    "likelihoods": {"losses"},
    "models": set(),
    "penalties": {"models"},
    "data": set(),
    "training": {"losses", "likelihoods", "models", "penalties", "data"},
    "code_length": {"losses", "likelihoods", "models", "training"},
    "pca": {"losses", "likelihoods", "models", "penalties", "data", "training"},
    "anomaly": {"likelihoods", "models", "training", "pca"},
    "adversarial": {"losses", "models", "anomaly"},
    "denoising": {"likelihoods", "models", "training"},
    "sparse": {"models"},
    "perceptual": {"losses", "models", "data"},
    "manifold": {"models"},
    "rate_distortion": {"pca"},
    "claims": set(),
    "plots": {"claims"},
}
ROOMS = list(MAY_IMPORT)


def test_version_is_the_one_in_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert aelib.__version__ == project["version"]


def test_importing_aelib_imports_nothing_heavy():
    heavy = ["jax", "flax", "sklearn", "skimage", "matplotlib", "statsmodels", "pandas"]
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
        if re.search(rf"^ *(from|import) aelib(\.| import ){other}\b", text, re.MULTILINE)
    }
    assert imported <= MAY_IMPORT[room]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_name_all_they_export(room):
    """What a room re-exports is in ``__all__``, which the API pages are made from."""
    text = (ROOT / "aelib" / room / "__init__.py").read_text()
    exported = set(re.findall(r"import (?:\(\s*)?(\w+) as \1\b", text))
    assert exported <= set(getattr(aelib, room).__all__)
