"""Fashion-MNIST in gzipped IDX files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import fashion_mnist


def make_idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


@pytest.fixture
def arrays(web: Any, keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = {}
    for name, rows in (("train", 5), ("t10k", 2)):
        made[f"{name}-images-idx3"] = rng.integers(0, 256, (rows, 28, 28), dtype=np.uint8)
        made[f"{name}-labels-idx1"] = rng.integers(0, 10, rows, dtype=np.uint8)
    web.files.update({f"{name}-ubyte.gz": make_idx(array) for name, array in made.items()})
    monkeypatch.setattr(fashion_mnist, "BASE_ORIGIN", web.url(""))
    return made


def test_all_four_files(arrays: dict[str, np.ndarray], keras_home: Path) -> None:
    """The manual's example (section 12.6)."""
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, arrays["train-images-idx3"])
    np.testing.assert_array_equal(y_train, arrays["train-labels-idx1"])
    np.testing.assert_array_equal(x_test, arrays["t10k-images-idx3"])
    np.testing.assert_array_equal(y_test, arrays["t10k-labels-idx1"])
    assert len(list((keras_home / "datasets/fashion-mnist").iterdir())) == 4


@pytest.mark.parametrize(
    "body", [b"", b"\0\0\x08\x03", b"\0\0\x08\x01\0\0\0\x09123", b"\0\0\x0d\x01\0\0\0\x00"]
)
def test_a_damaged_file_is_named(arrays: dict[str, np.ndarray], web: Any, body: bytes) -> None:
    web.files["t10k-images-idx3-ubyte.gz"] = gzip.compress(body)
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is not an IDX file"):
        fashion_mnist.load_data()
