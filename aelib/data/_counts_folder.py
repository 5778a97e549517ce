"""Count matrices as text: ``matrix.mtx`` and the names of its axes, as 10x Genomics has them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

from aelib._lazy import require
from aelib.data._count_matrix import CountMatrix, count_matrix

_MATRIX = "matrix.mtx"
_GZIP = b"\x1f\x8b"
_BANNER = b"%%MatrixMarket"


def read_folder(path: Path) -> CountMatrix:
    """The three files of a folder, or one matrix, with its two companions if it has them.

    Raises:
        FileNotFoundError: if one of the files is missing.
        ValueError: if one is damaged, or they do not fit together.
    """
    if path.is_file():
        prefix, found, _ = path.name.partition(_MATRIX)
        if not found or not _companion(path.parent, prefix, "barcodes.tsv"):
            return count_matrix("root", _read_mtx(path).T)
        file, folder = path, path.parent
    else:
        file, folder = _only_matrix(path), path
        prefix = file.name.partition(_MATRIX)[0]
    values = _read_mtx(file).T
    barcodes_file = _find(folder, prefix, "barcodes.tsv")
    features_file = _find(folder, prefix, "features.tsv", "genes.tsv")
    barcodes, features = _read_table(barcodes_file), _read_table(features_file)
    for axis, found_rows, what in ((0, barcodes, "barcodes"), (1, features, "features")):
        if len(found_rows) != values.shape[axis]:
            raise ValueError(
                f"root: expected as many {what} as the matrix has {('columns', 'rows')[axis]}, "
                f"{values.shape[axis]}, got {len(found_rows)} in {path.name}"
            )
    return CountMatrix(
        values,
        cells=tuple(row[0] for row in barcodes),
        genes=tuple(row[1] if len(row) > 1 else row[0] for row in features),
        ids=tuple(row[0] for row in features),
        types=tuple(row[2] for row in features) if all(len(r) > 2 for r in features) else (),
    )


def _only_matrix(folder: Path) -> Path:
    """The matrix of a folder; its name may have a prefix, as in downloads from GEO."""
    found = [*sorted(folder.glob(f"*{_MATRIX}")), *sorted(folder.glob(f"*{_MATRIX}.gz"))]
    found = [file for file in found if not file.name.startswith(".")]
    prefixes = sorted({file.name.partition(_MATRIX)[0] for file in found})
    if len(prefixes) > 1:
        raise ValueError(
            f"root: expected one matrix in {folder}, got those of {', '.join(prefixes)}; "
            "give the file of one of them"
        )
    if not found:
        below = sorted({file.parent.name for file in folder.glob(f"*/*{_MATRIX}*")})
        hint = f"; perhaps you mean one of its folders, {', '.join(below)}" if below else ""
        raise FileNotFoundError(
            f"root: expected {_MATRIX}, plain or .gz, there is none in {folder}{hint}"
        )
    return found[0]


def _companion(folder: Path, prefix: str, *names: str) -> Path | None:
    for name in names:
        for file in (folder / f"{prefix}{name}", folder / f"{prefix}{name}.gz"):
            if file.is_file():
                return file
    return None


def _find(folder: Path, prefix: str, *names: str) -> Path:
    file = _companion(folder, prefix, *names)
    if file is None:
        listed = " or ".join(f"{prefix}{name}" for name in names)
        raise FileNotFoundError(f"root: expected {listed}, plain or .gz, there is none in {folder}")
    return file


def _read_mtx(file: Path) -> Any:
    purpose = "reading Matrix Market files"
    mmread = require("scipy.io", purpose=purpose).mmread
    coo_array = require("scipy.sparse", purpose=purpose).coo_array
    try:
        with file.open("rb") as stream:
            packed = stream.read(2) == _GZIP  # some downloads are packed and not named so
        with gzip.open(file) if packed else file.open("rb") as stream:
            banner = stream.read(len(_BANNER))
        if banner.lower() != _BANNER.lower():
            raise ValueError(
                f"it does not begin with {_BANNER.decode()}; a table can be read with pandas and "
                "given as counts"
            )
        if packed:
            with gzip.open(file) as unpacked:
                return coo_array(mmread(unpacked, spmatrix=False))
        # A path, since an error in a stream that Python opened can end the process.
        return coo_array(mmread(file, spmatrix=False))
    except (ValueError, EOFError, OSError, OverflowError, zlib.error) as error:
        raise ValueError(
            f"root: expected a whole Matrix Market file, {file.name} is damaged or something else "
            f"({error})"
        ) from error


def _read_table(file: Path) -> list[list[str]]:
    """The rows of a table separated by tabs."""
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if content[:2] == _GZIP else content).decode("utf-8-sig")
    except (EOFError, OSError, UnicodeDecodeError, zlib.error) as error:
        raise ValueError(f"root: expected a text file, {file.name} is damaged ({error})") from error
    # Not `splitlines`, which also divides at characters that a name may have.
    lines = text.replace("\r\n", "\n").split("\n")
    return [line.split("\t") for line in lines if line]
