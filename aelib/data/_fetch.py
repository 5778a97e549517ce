"""Files from the network: only when asked, always checked, never half-written."""

from __future__ import annotations

import hashlib
import logging
import os
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from aelib._lazy import require


class Remote(NamedTuple):
    """A file on the network: its address, its SHA-256 and about how many bytes it has."""

    url: str
    digest: str
    size: int

    @property
    def filename(self) -> str:
        """The last part of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


def data_folder(root: str | PathLike[str] | None = None) -> Path:
    """Where files are kept: ``root``, else ``$AELIB_DATA``, else the user's cache folder."""
    if root is not None:
        return Path(root).expanduser()
    if chosen := os.environ.get("AELIB_DATA"):
        return Path(chosen).expanduser()
    pooch = require("pooch", purpose="finding the folder of downloads (root says another one)")
    return Path(pooch.os_cache("aelib"))


def local_file(
    remote: Remote,
    folder: Path,
    *,
    download: bool = False,
) -> Path:
    """A checked file in ``folder``, fetched first where that is allowed and needed.

    A download goes to a temporary name in the same folder, is checked, and only then renamed, so
    a file under its own name is always whole. A file that fails its check is fetched again.

    Args:
        remote: what to look for.
        folder: where it is or will be.
        download: whether it may be fetched.

    Raises:
        FileNotFoundError: if it is not there and may not be fetched.
        ValueError: if its hash is wrong, or the address is not https.
        ConnectionError: if it could not be fetched.
    """
    path = folder / remote.filename
    found = _file_sha256(path) if path.is_file() else None
    if found == remote.digest:
        return path
    if not download:
        if found is None:
            raise FileNotFoundError(
                f"{path} is not there; pass download=True to fetch it from {remote.url} "
                f"({remote.size / 1e6:.1f} MB), or root= with the folder that holds it"
            )
        raise ValueError(
            f"{path}: expected SHA-256 {remote.digest}, got {found}; the file is damaged or not "
            "the published one; pass download=True to fetch it again"
        )
    _check_address(remote.url)
    _fetch(remote, folder)
    return path


def _check_address(url: str) -> None:
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(f"url: expected https, got {url}")


def _fetch(remote: Remote, folder: Path) -> None:
    pooch = require("pooch", purpose=f"fetching {remote.filename}")
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        pooch.create(
            path=folder,
            base_url="",
            registry={remote.filename: f"sha256:{remote.digest}"},
            urls={remote.filename: remote.url},
        ).fetch(remote.filename)
    except ValueError as error:
        raise ValueError(
            f"{remote.url}: what arrived does not have the SHA-256 {remote.digest}; "
            "nothing was kept"
        ) from error
    except OSError as error:
        raise ConnectionError(f"{remote.url}: could not be fetched ({error})") from error
    finally:
        logger.setLevel(level)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
