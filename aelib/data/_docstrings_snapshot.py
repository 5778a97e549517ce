"""Write the frozen snapshot of docstrings that ``load("docstrings")`` reads.

Run ``python -m aelib.data._docstrings_snapshot`` in an environment where the packages are
installed, then put the printed SHA-256 into ``_docstrings.py``. Sources are parsed and never
imported. The same releases give the same snapshot.
"""

from __future__ import annotations

import ast
import hashlib
import json
import lzma
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from aelib.data._docstrings_text import NearDuplicates, clean, words

MAX_WORDS = 120
MIN_WORDS = 30
PER_PACKAGE = 330
_SKIPPED = frozenset(
    {
        *("tests", "test", "testing", "conftest", "examples", "sandbox"),
        *("externals", "extern", "_vendor", "_vendored", "vendored", "third_party"),
        *("array_api_compat", "array_api_extra"),
    }
)


class Package(NamedTuple):
    """A package of the corpus: its distribution, its license and the holders of the rights."""

    name: str
    folder: str
    license: str
    rights: str


PACKAGES = (
    Package("flax", "flax", "Apache-2.0", "Copyright The Flax Authors (Google LLC)"),
    Package("jax", "jax", "Apache-2.0", "Copyright The JAX Authors (Google LLC, NVIDIA)"),
    Package("matplotlib", "matplotlib", "Matplotlib license (PSF style)", "in the text below"),
    Package("networkx", "networkx", "BSD-3-Clause", "in the text below"),
    Package("numpy", "numpy", "BSD-3-Clause", "in the text below"),
    Package("optax", "optax", "Apache-2.0", "Copyright DeepMind Technologies Limited"),
    Package("pandas", "pandas", "BSD-3-Clause", "in the text below"),
    Package("scikit-image", "skimage", "BSD-3-Clause", "in the text below"),
    Package("scikit-learn", "sklearn", "BSD-3-Clause", "in the text below"),
    Package("scipy", "scipy", "BSD-3-Clause", "in the text below"),
    Package("statsmodels", "statsmodels", "BSD-3-Clause", "in the text below"),
)


class Entry(NamedTuple):
    """A docstring: its package, the dotted name of what it documents, and its text."""

    package: str
    name: str
    text: str


def docstrings(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """Dotted names and docstrings of the public classes, methods and functions of a module."""
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from docstrings(node.body, prefix)
            continue
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        docstring = ast.get_docstring(node)
        name = f"{prefix}.{node.name}"
        if docstring:
            yield name, docstring
        if isinstance(node, ast.ClassDef):
            yield from docstrings(node.body, name)


def collect(package: str, folder: Path) -> list[Entry]:
    """All usable docstrings below a package's folder, cleaned."""
    entries = []
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder.parent).with_suffix("").parts
        if _SKIPPED.intersection(parts) or any(part.startswith("test_") for part in parts):
            continue
        tree = ast.parse(file.read_bytes())
        module = ".".join(part for part in parts if part != "__init__")
        found = list(docstrings(tree.body, module))
        if about := ast.get_docstring(tree):
            found.append((module, about))
        for name, docstring in found:
            text = clean(docstring, MAX_WORDS)
            unfilled = "%(" in text or "copyright" in text.lower()
            if len(words(text)) >= MIN_WORDS and not unfilled:
                entries.append(Entry(package, name, text))
    return entries


def select(entries: list[Entry], per_package: int = PER_PACKAGE) -> list[Entry]:
    """At most ``per_package`` of each package in a fixed shuffled order, no near-duplicates."""

    def key(entry: Entry) -> str:
        return hashlib.sha256("\n".join(entry).encode()).hexdigest()

    seen = NearDuplicates()
    counts: dict[str, int] = {}
    chosen = []
    for entry in sorted(entries, key=key):
        count = counts.get(entry.package, 0)
        if count < per_package and seen.add(entry.text):
            counts[entry.package] = count + 1
            chosen.append(entry)
    return sorted(chosen)


def pack(entries: list[Entry]) -> bytes:
    """JSON lines, compressed with xz."""
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    return lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME)


def license_text(distribution: metadata.Distribution) -> str:
    """The license of the package itself; what is said of bundled binaries is cut off."""
    for file in distribution.files or ():
        inside = ".dist-info" in str(file) and "licenses" not in file.name.lower()
        if inside and file.name.upper().split(".")[0] in ("LICENSE", "COPYING"):
            text = str(file.read_text(encoding="utf-8"))
            lines = text.split("\n----\n")[0].strip("\n").splitlines()
            return "\n".join(line.rstrip() for line in lines)
    raise FileNotFoundError(f"{distribution.name}: no license in its metadata")


def license_notes(packages: tuple[Package, ...]) -> str:
    """Release, license and rights of each package, then each license's text once."""
    notes = [
        "The texts in docstrings.jsonl.xz are docstrings of the packages below. They were changed:",
        "code and markup were removed, the names of the packages masked, and each text was cut",
        f"after {MAX_WORDS} words. They are redistributed under the licenses of the packages.",
        "",
    ]
    texts: dict[str, list[str]] = {}
    for package in packages:
        distribution = metadata.distribution(package.name)
        notes.append(f"{package.name} {distribution.version}: {package.license}; {package.rights}")
        text = license_text(distribution)
        if package.license == "Apache-2.0":  # one copy; some packages leave out its first line
            text = license_text(metadata.distribution("jax"))
        texts.setdefault(text, []).append(package.name)
    for text, names in texts.items():
        notes += ["", "=" * 80, ", ".join(names), "=" * 80, "", text]
    return "\n".join(notes) + "\n"


def main() -> None:
    """Write the snapshot and the licenses beside it, and print counts and the SHA-256."""
    bundled = Path(__file__).parent / "bundled"
    site = Path(str(metadata.distribution("numpy").locate_file("")))
    entries: list[Entry] = []
    for package in PACKAGES:
        found = collect(package.name, site / package.folder)
        print(f"{package.name:14} {len(found):6} usable")
        entries += found
    chosen = select(entries)
    for package in PACKAGES:
        print(f"{package.name:14} {sum(e.package == package.name for e in chosen):6} chosen")
    content = pack(chosen)
    (bundled / "docstrings.jsonl.xz").write_bytes(content)
    (bundled / "docstrings_licenses.txt").write_text(license_notes(PACKAGES), encoding="utf-8")
    print(len(chosen), "docstrings,", len(content), "bytes, SHA-256:")
    print(hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
