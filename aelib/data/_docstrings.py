"""Docstrings of scientific packages: a corpus of short texts in eleven classes."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_count
from aelib._lazy import require
from aelib.data._dataset import Dataset
from aelib.data._docstrings_text import words
from aelib.data._files import sha256

_DIGEST = "aa52164e3190304be4dcc0690c80e0a254b6429576a8c9d7be9930e8d4666236"
_FILE = Path(__file__).parent / "bundled" / "docstrings.jsonl.xz"


def load_docstrings(*, vocabulary_size: int = 2000) -> Dataset:
    """Docstrings of eleven scientific Python packages as word counts, labeled by package.

    Words are lower-case runs of at least two letters. The vocabulary is the words that occur in
    most documents (ties in alphabetical order), counted over all of them, training and test; it is
    sorted alphabetically.

    Args:
        vocabulary_size: number of words.

    Returns:
        Counts, int32 ``[n, vocabulary_size]``, with ``feature_names`` the words, ``texts`` the raw
        text and ``extras["name"]`` the dotted name of what is documented.

    Raises:
        ValueError: if the vocabulary is empty or larger than the number of distinct words, or the
            file is damaged.
    """
    content = _FILE.read_bytes()
    if sha256(content) != _DIGEST:
        raise ValueError(f"{_FILE.name}: expected SHA-256 {_DIGEST}, got {sha256(content)}")
    entries = [json.loads(line) for line in lzma.decompress(content).decode().splitlines()]
    packages = tuple(sorted({package for package, _, _ in entries}))
    texts = tuple(text for _, _, text in entries)
    counts, vocabulary = count_words(texts, vocabulary_size)
    return Dataset(
        name="docstrings",
        x=counts,
        labels=np.array([packages.index(package) for package, _, _ in entries], dtype=np.int32),
        feature_names=vocabulary,
        label_names=packages,
        units="times that the word occurs in the text",
        source="docstrings parsed from the installed packages by "
        "aelib/data/_docstrings_snapshot.py and frozen",
        license="BSD-3-Clause, Apache-2.0 and Matplotlib's license, by package; texts and "
        "copyrights in aelib/data/bundled/docstrings_licenses.txt",
        citation="the documentation of each package; see label_names",
        description="Each text is the prose of one docstring, cut after 120 words; code, markup "
        "and links are removed, and the names of the packages are masked (■) in the texts, which "
        "the counts leave out. Near-duplicates (half of the four-word sequences shared) are left "
        "out. House style remains: some packages write Args, others Parameters.",
        texts=texts,
        extras={"name": np.array([name for _, name, _ in entries])},
    )


def count_words(
    texts: tuple[str, ...], vocabulary_size: int
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Counts of the most widespread words, ``[n, vocabulary_size]``, and the words."""
    extraction = require("sklearn.feature_extraction.text", purpose='load("docstrings")')
    vectorizer = extraction.CountVectorizer(analyzer=words, dtype=np.int32)
    every = vectorizer.fit_transform(texts)  # sparse, its columns in alphabetical order
    found = vectorizer.get_feature_names_out()
    check_count("vocabulary_size", vocabulary_size, at_most=len(found))
    documents = (every > 0).sum(axis=0).A1
    kept = np.sort(np.argsort(-documents, kind="stable")[:vocabulary_size])
    return every[:, kept].toarray(), tuple(found[kept].tolist())
