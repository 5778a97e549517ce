"""A PNG writer for thumbnails, in the standard library's means."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode 8-bit gray ``[h, w]`` or color ``[h, w, 3]`` as PNG."""
    height, width = pixels.shape[:2]
    color_type = 2 if pixels.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    filtered = np.pad(rows, ((0, 0), (1, 0)))  # each row starts with 0: no filter
    content = zlib.compress(filtered.tobytes(), 9)
    chunks = ((b"IHDR", header), (b"IDAT", content), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """The PNG as an address that a web page can hold."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def to_bytes(image: np.ndarray, low: float, high: float) -> NDArray[np.uint8]:
    """Values from ``low`` to ``high`` as 0 to 255; values beyond are clipped."""
    scaled = (np.asarray(image, dtype=np.float64) - low) / (high - low if high > low else 1.0)
    return np.rint(np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)
