"""A few lines of PNG, for the pictures inside a picture: a matrix too large for cells, a photograph."""

from __future__ import annotations

import struct
import zlib

import numpy as np

COLOUR_TYPES = {1: 0, 4: 6}  # channels -> what the format calls grey, and colour with alpha


def png(pixels: np.ndarray) -> bytes:
    """Pixels (rows, columns, channels) of bytes as a PNG file. One channel is grey; four are red, green,
    blue, and how much of it covers what lies below (255: all).

    The format: https://www.w3.org/TR/png-3/, here with 8 bits a channel and unfiltered rows.

    >>> png(np.zeros((1, 1, 1), np.uint8))[:4]
    b'\\x89PNG'
    """
    rows, columns, channels = pixels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, COLOUR_TYPES[channels], 0, 0, 0)
    scanlines = np.zeros((rows, 1 + columns * channels), np.uint8)  # a 0 first: not filtered
    scanlines[:, 1:] = pixels.reshape(rows, -1)
    body = zlib.compress(scanlines.tobytes(), level=1)
    chunks = (b"IHDR", header), (b"IDAT", body), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
