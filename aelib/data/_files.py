"""Files that come with an installed package: found without importing it, checked by hash."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path


def sha256(content: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def installed_file(package: str, path: str, digest: str, *, text: bool = False) -> bytes:
    """The bytes of a data file inside an installed package.

    The package is found but not imported, so nothing of it can run or reach for the network.

    Args:
        package: name of the top-level package.
        path: where the file lies in it, with forward slashes.
        digest: SHA-256 that the content must have.
        text: whether the file is text, whose line ends may differ between platforms; they become
            line feeds before the hash is taken.

    Raises:
        ModuleNotFoundError: if the package is not installed.
        FileNotFoundError: if this release of the package does not have the file.
        ValueError: if the content is not what it was when this loader was written.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f'the data needs {package}, with which it comes: pip install "aelib[data]"'
        )
    file = Path(next(iter(spec.submodule_search_locations)), *path.split("/"))
    if not file.is_file():
        raise FileNotFoundError(
            f"{package}: the installed release has no {path}; install one that does"
        )
    content = file.read_bytes()
    if text:
        content = content.replace(b"\r\n", b"\n")
    if sha256(content) != digest:
        raise ValueError(
            f"{package}/{path}: expected SHA-256 {digest}, got {sha256(content)}; "
            "the file is damaged or this release has changed it"
        )
    return content
