"""506 districts of Boston: 13 facts and the median price of a house (manual, section 12.7)."""

from __future__ import annotations

import numpy as np

from engine.datasets.files import load_npz
from engine.downloads import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz"
FILE_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: floats of shape (samples, 13) and (samples,).

    Args:
        path: the file's name in Keras's folder of data sets.
        test_split: share of the samples for testing.
        seed: for the order of samples.

    Raises:
        DownloadError: the file can't be had.
        ValueError: the share is not from 0 to 1.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"`test_split` is a share from 0 to 1. Received: {test_split}")
    data = load_npz(get_file(path, ORIGIN, file_hash=FILE_HASH))
    order = np.arange(len(data["x"]))
    np.random.RandomState(seed).shuffle(order)
    x, y = data["x"][order], data["y"][order]
    end = int(len(x) * (1 - test_split))
    return (x[:end], y[:end]), (x[end:], y[end:])
