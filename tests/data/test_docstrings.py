"""The corpus of docstrings and the script that froze it."""

import hashlib
import itertools
import lzma
import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from aelib import data
from aelib.data import _docstrings, _docstrings_snapshot
from aelib.data._docstrings_snapshot import PACKAGES, collect, pack, select
from aelib.data._docstrings_text import MASK, NearDuplicates, clean, mask_names, words

BUNDLED = Path(_docstrings.__file__).parent / "bundled"


@pytest.fixture(scope="module")
def corpus():
    return data.load("docstrings")


def test_corpus_is_large_and_balanced(corpus):
    assert len(corpus) >= 3000
    counts = np.bincount(corpus.labels)
    assert corpus.label_names == tuple(package.name for package in PACKAGES)
    assert counts.max() <= _docstrings_snapshot.PER_PACKAGE
    assert counts.min() >= 0.6 * counts.max()
    assert min(len(words(text)) for text in corpus.texts) >= 30
    assert (BUNDLED / "docstrings.jsonl.xz").stat().st_size <= 600_000


def test_no_text_names_a_package(corpus):
    joined = " ".join(corpus.texts).lower()
    for name in ("numpy", "scipy", "sklearn", "skimage", "scikit", "pandas", "matplotlib", "jax"):
        assert name not in joined
    for name in ("statsmodels", "flax", "optax", "networkx", "aelib"):
        assert name not in joined
    tokens = {token for text in corpus.texts for token in re.split(r"[^A-Za-z0-9]+", text)}
    assert not {"np", "pd", "plt", "mpl", "nx", "jnp", "lax", "nnx"} & tokens
    assert joined.count(MASK) > 100


def test_no_text_is_code(corpus):
    assert not [text for text in corpus.texts if re.search(r">>>|https?://", text)]


def test_no_two_texts_are_near_duplicates(corpus):
    # Counted in another way than the script does, on a sample against all.
    shingles = []
    for text in corpus.texts:
        tokens = words(text)
        shingles.append({tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)})
    for i, j in itertools.product(range(0, len(shingles), 350), range(len(shingles))):
        if i != j:
            shared = len(shingles[i] & shingles[j])
            assert shared < 0.5 * min(len(shingles[i]), len(shingles[j]))


def test_counts_are_the_words_of_the_texts(corpus):
    assert corpus.x.shape == (len(corpus), 2000)
    assert list(corpus.feature_names) == sorted(corpus.feature_names)
    for row in (0, 1234, 3000):
        tokens = words(corpus.texts[row])
        expected = [tokens.count(word) for word in corpus.feature_names]
        assert corpus.x[row].tolist() == expected
    small = data.load("docstrings", vocabulary_size=50)
    assert set(small.feature_names) <= set(corpus.feature_names)
    in_documents = (corpus.x > 0).sum(0)
    smallest = min(in_documents[corpus.feature_names.index(word)] for word in small.feature_names)
    assert smallest >= np.sort(in_documents)[-51]


@pytest.mark.parametrize("size", [0, 10**6])
def test_vocabulary_must_exist(size):
    with pytest.raises(ValueError, match="vocabulary_size: expected a whole number from 1 to"):
        data.load("docstrings", vocabulary_size=size)


def test_damage_is_noticed(tmp_path, monkeypatch):
    damaged = tmp_path / "docstrings.jsonl.xz"
    damaged.write_bytes(lzma.compress(b"[]"))
    monkeypatch.setattr(_docstrings, "_FILE", damaged)
    with pytest.raises(ValueError, match=r"docstrings\.jsonl\.xz: expected SHA-256"):
        data.load("docstrings")


def test_every_package_has_its_license():
    notes = (BUNDLED / "docstrings_licenses.txt").read_text(encoding="utf-8")
    for package in PACKAGES:
        assert f"\n{package.name} " in notes
        assert package.license in notes
    assert notes.count("Redistribution and use in source and binary forms") >= 7
    assert "Apache License" in notes
    assert "matplotlib" in notes


def test_license_of_an_installed_package_is_found():
    text = _docstrings_snapshot.license_text(metadata.distribution("numpy"))
    assert "NumPy Developers" in text
    assert "OpenBLAS" not in text


SOURCE = '''"""A module about ridge regression that is described here at some length {0}."""

def fit(x):
    """Fit the {0} model with numpy to data whose rows are items and whose columns are features.

    >>> fit(1)
    2

    Parameters
    ----------
    x : the rows of the matrix are items {0} and its columns are the features of every item
    """

def _private():
    """{1}"""

class Model:
    def predict(self):
        """Predict a {0} value for every item with the weights that were found in fitting
        and return all of the predictions, one for each row and in the order of the rows."""
'''


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "ridge"
    (folder / "tests").mkdir(parents=True)
    (folder / "__init__.py").write_text(SOURCE.format("linear", "never " * 40))
    (folder / "copy.py").write_text(SOURCE.format("linear", "seen"))
    (folder / "tests" / "test_a.py").write_text(SOURCE.format("tested", "seen"))
    return folder


def test_public_docstrings_are_collected_and_cleaned(package, monkeypatch):
    monkeypatch.setattr(_docstrings_snapshot, "MIN_WORDS", 20)
    entries = collect("ridge", package)
    assert [entry.name for entry in entries] == [
        *("ridge.fit", "ridge.Model.predict"),
        *("ridge.copy.fit", "ridge.copy.Model.predict"),
    ]
    assert "model with ■ to data" in entries[0].text
    assert ">>>" not in entries[0].text
    assert "----" not in entries[0].text


def test_selection_drops_copies_and_keeps_to_its_cap(package, monkeypatch):
    monkeypatch.setattr(_docstrings_snapshot, "MIN_WORDS", 20)
    entries = collect("ridge", package)
    chosen = select(entries)
    assert sorted(entry.name.split(".")[-1] for entry in chosen) == ["fit", "predict"]
    assert select(entries[::-1]) == chosen
    assert len(select(entries, per_package=1)) == 1
    digest = hashlib.sha256(pack(chosen)).hexdigest()
    assert digest == hashlib.sha256(pack(select(entries))).hexdigest()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Use :func:`numpy.sum` or ``np.sum``.", "Use ■.sum or ■.sum."),
        ("See https://a.b/c for more.", "See for more."),
        ("Text::\n\n    x = 1\n\nmore", "Text: more"),
        ("A\n\n.. math::\n\n    x^2\n\nB", "A B"),
        ("A\n\n.. versionadded:: 1.2\n\nB", "A 1.2 B"),
        ("A `b <https://c.d>`_.\n\n.. _e: https://f.g", "A b."),
        ("From 0 to ...\n\nand", "From 0 to ... and"),
        ("Title\n=====\n\nbody", "Title body"),
    ],
)
def test_markup_is_removed(raw, expected):
    assert clean(raw, 100) == expected


def test_names_are_masked_but_not_words_like_them():
    text = "NumPy, scikit-learn, sklearn.svm, jaxpr, my_np, np.dot; NP-hard input, pdf, plots"
    assert mask_names(text) == "■, ■, ■.svm, ■pr, my_■, ■.dot; NP-hard input, pdf, plots"


def test_near_duplicates_share_half_of_their_sequences():
    seen = NearDuplicates()
    base = [a + b for a, b in itertools.product("abcdefgh", "xyz")]
    assert seen.add(" ".join(base))
    assert not seen.add(" ".join(base[:18]))
    assert seen.add(" ".join(base[:8] + [word[::-1] for word in base[8:]]))
