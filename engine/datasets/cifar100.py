"""60,000 small colour pictures of a hundred kinds in twenty groups (manual, section 12.2)."""

from __future__ import annotations

import numpy as np

from engine.datasets.cifar import load_batches
from engine.downloads import get_file

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
FILE_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
FOLDER = "cifar-100-python"


def load_data(
    label_mode: str = "fine",
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return `(x_train, y_train), (x_test, y_test)`: bytes, the labels of shape (samples, 1).

    The images have shape (samples, 32, 32, 3), or (samples, 3, 32, 32) where `image_data_format` is
    `channels_first`.

    Args:
        label_mode: `fine` for the hundred kinds, `coarse` for the twenty groups.

    Raises:
        DownloadError: the file can't be had.
        ValueError: the mode is unknown.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of "fine", "coarse". Received: {label_mode!r}')
    folder = get_file(FOLDER, ORIGIN, untar=True, file_hash=FILE_HASH)
    key = f"{label_mode}_labels"
    return load_batches(folder, ["train"], key), load_batches(folder, ["test"], key)
