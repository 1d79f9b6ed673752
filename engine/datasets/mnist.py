"""70,000 grey pictures of handwritten digits, 28 by 28 (manual, section 12.5)."""

from __future__ import annotations

import numpy as np

from engine.datasets.files import load_npz
from engine.downloads import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
FILE_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(
    path: str = "mnist.npz",
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: bytes of shape (samples, 28, 28), and digits (samples,).

    Args:
        path: the file's name in Keras's folder of data sets.

    Raises:
        DownloadError: the file can't be had.
    """
    data = load_npz(get_file(path, ORIGIN, file_hash=FILE_HASH))
    return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
