# SPDX-License-Identifier: Apache-2.0
"""Rewrite a screenshot as a PNG with at most 256 colours: a third of the size, alike to the eye."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

COLOURS = 256
_PIXELS = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const bytes = pen.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def shrink(path: Path, helper: Page) -> None:
    """Rewrite the file; ``helper`` is any blank page, whose canvas reads the pixels."""
    source = base64.b64encode(path.read_bytes()).decode()
    width, height, text = helper.evaluate(_PIXELS, source)
    pixels = np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(-1, 4)[:, :3]
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    found, where, count = np.unique(packed, return_inverse=True, return_counts=True)
    kept = found[np.argsort(count)[::-1][:COLOURS]]
    # A colour that is not kept becomes the nearest one that is.
    distance = np.square(_channels(found)[:, None, :] - _channels(kept)[None, :, :]).sum(axis=2)
    index = distance.argmin(axis=1).astype(np.uint8)[where].reshape(height, width)
    rows = np.hstack([np.zeros((height, 1), dtype=np.uint8), index])  # filter 0 before each row
    palette = _channels(kept).astype(np.uint8).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", palette),
        _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
        _chunk(b"IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def _channels(packed: np.ndarray) -> np.ndarray:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.int32)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
