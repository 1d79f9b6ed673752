"""60,000 small colour pictures of ten kinds (manual, section 12.1)."""

from __future__ import annotations

import numpy as np

from engine.datasets.cifar import load_batches
from engine.downloads import get_file

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
FILE_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FOLDER = "cifar-10-batches-py"
TRAINING_FILES = [f"data_batch_{number}" for number in range(1, 6)]


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: bytes, the labels of shape (samples, 1).

    The images have shape (samples, 32, 32, 3), or (samples, 3, 32, 32) where `image_data_format` is
    `channels_first`.

    Raises:
        DownloadError: the file can't be had.
    """
    folder = get_file(FOLDER, ORIGIN, untar=True, file_hash=FILE_HASH)
    return load_batches(folder, TRAINING_FILES), load_batches(folder, ["test_batch"])
