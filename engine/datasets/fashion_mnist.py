"""70,000 grey pictures of ten kinds of clothes, 28 by 28 (manual, section 12.6)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from engine.downloads import get_file

BASE_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = {"train": "train", "test": "t10k"}
# The header of an IDX file: a magic number that ends with the number of axes, then each axis's size.
_UNSIGNED_BYTES = b"\0\0\x08"


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: bytes of shape (samples, 28, 28), and kinds (samples,).

    Raises:
        DownloadError: a file can't be had.
        ValueError: a file is damaged.
    """
    return _load_part("train"), _load_part("test")


def _load_part(part: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = (
        _read_idx(_fetch(f"{FILES[part]}-{kind}-ubyte.gz")) for kind in ("images-idx3", "labels-idx1")
    )
    return images, labels


def _fetch(name: str) -> Path:
    return Path(get_file(name, BASE_ORIGIN + name, cache_subdir="datasets/fashion-mnist"))


def _read_idx(path: Path) -> np.ndarray:
    """Return the array of a gzipped IDX file of bytes."""
    with gzip.open(path) as file:
        content = file.read()
    axes = content[3] if content.startswith(_UNSIGNED_BYTES) and len(content) > 3 else 0
    shape = np.frombuffer(content[4 : 4 + 4 * axes], dtype=">u4").astype(int)
    data = np.frombuffer(content[4 + 4 * axes :], dtype=np.uint8)
    if len(shape) != axes or not axes or shape.prod() != data.size:
        raise ValueError(
            f"{path} is not an IDX file of bytes, or is damaged. Delete it to download it again."
        )
    return data.reshape(shape)
