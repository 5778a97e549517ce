"""load and names: what they say when they cannot."""

import subprocess
import sys

import numpy as np
import pytest

from aelib import data
from aelib.data import _registry

FETCHED = {"mnist", "fashion_mnist"}
BUNDLED = [
    *("digits", "page", "text", "camera", "astronaut", "coffee", "chelsea", "brick", "grass"),
    *("gravel", "lfw_subset", "anes96", "randhie", "fair", "modechoice", "docstrings"),
]


def test_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match=r"name: expected one of .*digits.*; got 'nope'"):
        data.load("nope")
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        data.load("digit")


def test_unknown_option_lists_the_options():
    with pytest.raises(TypeError, match="'digits' has no option 'color'; its options: binarize"):
        data.load("digits", color=True)
    with pytest.raises(TypeError, match="its options: none"):
        data.load("lfw_subset", patch_size=3)
    with pytest.raises(TypeError, match="its options: patch_size, stride"):
        data.load("brick", color=True)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_data_say_what_they_are(name):
    dataset = data.load(name)
    assert dataset.name == name
    for text in ("units", "source", "license", "citation", "description"):
        assert len(getattr(dataset, text)) > 2
    assert dataset.x.dtype == (np.int32 if name == "docstrings" else np.float32)
    assert np.isfinite(dataset.x).all()
    assert np.array_equal(dataset.x, data.load(name).x)


def test_names_are_sorted_and_complete():
    assert list(data.names()) == sorted(data.names())
    assert set(BUNDLED) | FETCHED <= set(data.names())


def test_registering(monkeypatch):
    monkeypatch.setattr(_registry, "_LOADERS", dict(_registry._LOADERS))

    def load_mine(*, size: int = 2) -> data.Dataset:
        return data.Dataset("mine", np.zeros((size, 1)), units="u", source="s", license="l")

    data.register("mine", load_mine)
    assert len(data.load("mine", size=5)) == 5
    with pytest.raises(ValueError, match="'mine' is registered already"):
        data.register("mine", "elsewhere:load")


def test_importing_the_face_is_cheap():
    code = (
        "import sys, aelib.data; aelib.data.load('digits');"
        "heavy = {'jax', 'pandas', 'sklearn', 'skimage', 'statsmodels', 'scipy', 'pooch', 'PIL'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("modechoice", "pandas", "pandas"),
        ("docstrings", "sklearn.feature_extraction.text", "sklearn"),
        ("coffee", "PIL.Image", "PIL"),
    ],
)
def test_a_missing_dependency_is_named_with_its_extra(name, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(
        ModuleNotFoundError, match=rf'needs {package}: pip install "aelib\[data\]"$'
    ):
        data.load(name)
