"""The IDX format of MNIST: a magic number, the sizes, then the values, big-endian."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def parse_idx(content: bytes, where: str = "idx") -> np.ndarray:
    """The array in an IDX file.

    Args:
        content: the whole file, uncompressed.
        where: name of the file, for messages.

    Returns:
        The array, in the machine's byte order.

    Raises:
        ValueError: if the magic number is none of IDX, or the file is longer or shorter than its
            header says.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or not content[3]:
        raise ValueError(f"{where}: expected the magic number of IDX, got {content[:4].hex(' ')!r}")
    rank = content[3]
    start = 4 + 4 * rank
    if len(content) < start:
        raise ValueError(f"{where}: truncated in its header, {len(content)} of {start} bytes")
    shape = struct.unpack(f">{rank}I", content[4:start])
    kind = np.dtype(_TYPES[content[2]])
    expected = start + math.prod(shape) * kind.itemsize
    if len(content) != expected:
        problem = "truncated" if len(content) < expected else "too long"
        raise ValueError(
            f"{where}: {problem}, expected {expected} bytes for shape {shape}, got {len(content)}"
        )
    values = np.frombuffer(content, dtype=kind, offset=start).reshape(shape)
    return values.astype(kind.newbyteorder("="))


def read_idx(path: Path) -> np.ndarray:
    """The array in an IDX file, gzipped if its name ends in ``.gz``.

    Raises:
        ValueError: if it is truncated or not IDX.
    """
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: truncated or not gzip ({error})") from error
    return parse_idx(content, str(path))
