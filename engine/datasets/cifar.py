"""The file format of CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import backend as K
from engine.datasets.files import load_pickle

_IMAGE_SHAPE = (3, 32, 32)


def load_batch(fpath: Any, label_key: str = "labels") -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of one file.

    Args:
        fpath: the file.
        label_key: which of the labels in it.

    Shapes: images (samples, 3, 32, 32), labels (samples,); both bytes.

    Raises:
        ValueError: the file holds no such batch.
    """
    batch = load_pickle(fpath)
    if not isinstance(batch, dict) or not {"data", label_key} <= set(batch):
        raise ValueError(f"{fpath} is not a CIFAR batch with `data` and `{label_key}`.")
    images = np.asarray(batch["data"], dtype=np.uint8)
    return images.reshape(-1, *_IMAGE_SHAPE), np.asarray(batch[label_key], dtype=np.uint8)


def load_batches(
    folder: Any, names: Sequence[str], label_key: str = "labels"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of several files, the images in the order of `image_data_format`.

    Shapes: images (samples, 32, 32, 3) or (samples, 3, 32, 32), labels (samples, 1).
    """
    parts = [load_batch(Path(folder) / name, label_key) for name in names]
    images = np.concatenate([images for images, _ in parts])
    if K.image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, np.concatenate([labels for _, labels in parts]).reshape(-1, 1)
