"""CIFAR-10 and CIFAR-100 in archives of pickles as Python 2 wrote them."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.datasets import cifar, cifar10, cifar100


@pytest.fixture
def channels_first() -> Iterator[None]:
    K.set_image_data_format("channels_first")
    yield
    K.set_image_data_format("channels_last")


def python_2_text(text: bytes) -> bytes:
    return b"T" + len(text).to_bytes(4, "little") + text


def python_2_pickle(batch: dict[str, Any]) -> bytes:
    """Return what Python 2's `pickle` made of a dict of an array of bytes and lists of numbers."""
    out = b"\x80\x02}("
    for key, value in batch.items():
        out += python_2_text(key.encode())
        if isinstance(value, np.ndarray):
            out += b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + python_2_text(b"b")
            out += b"\x87R(K\x01" + b"".join(b"M" + n.to_bytes(2, "little") for n in value.shape) + b"\x86"
            out += b"cnumpy\ndtype\n" + python_2_text(b"u1") + b"K\x00K\x01\x87R(K\x03"
            out += python_2_text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
            out += python_2_text(value.tobytes()) + b"tb"
        else:
            out += b"](" + b"".join(b"K" + bytes([number]) for number in value) + b"e"
    return out + b"u."


def make_batch(rows: int, seed: int, *keys: str) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    labels = {key: rng.integers(0, 10, rows).tolist() for key in keys}
    return {"data": rng.integers(0, 256, (rows, 3072), dtype=np.uint8), **labels}


def make_archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def publish_cifar10(publish: Callable[..., None]) -> list[dict[str, Any]]:
    batches = [make_batch(3, number, "labels") for number in range(6)]
    names = [*cifar10.TRAINING_FILES, "test_batch"]
    files = {f"{cifar10.FOLDER}/{name}": python_2_pickle(batch) for name, batch in zip(names, batches)}
    publish(cifar10, make_archive(files))
    return batches


def test_cifar10(publish: Callable[..., None]) -> None:
    """The manual's example (section 12.1)."""
    batches = publish_cifar10(publish)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, y_train.shape) == ((15, 32, 32, 3), (15, 1))
    assert (x_test.shape, y_test.shape) == ((3, 32, 32, 3), (3, 1))
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    # A row holds the red plane, then the green one, then the blue one.
    for row in range(3):
        for channel in range(3):
            plane = batches[1]["data"][row].reshape(3, 1024)[channel].reshape(32, 32)
            np.testing.assert_array_equal(x_train[3 + row, :, :, channel], plane)
    assert y_train[3:6, 0].tolist() == batches[1]["labels"]
    assert y_test[:, 0].tolist() == batches[5]["labels"]


def test_images_in_the_order_of_the_backend(publish: Callable[..., None], channels_first: None) -> None:
    batches = publish_cifar10(publish)
    (x_train, _), _ = cifar10.load_data()
    np.testing.assert_array_equal(x_train[:3], batches[0]["data"].reshape(3, 3, 32, 32))


@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100(publish: Callable[..., None], mode: str) -> None:
    """The manual's example (section 12.2)."""
    batches = [make_batch(rows, rows, "fine_labels", "coarse_labels") for rows in (4, 2)]
    files = {
        f"{cifar100.FOLDER}/{name}": python_2_pickle(batch) for name, batch in zip(("train", "test"), batches)
    }
    publish(cifar100, make_archive(files))
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(label_mode=mode)
    assert (len(x_train), len(x_test)) == (4, 2)
    assert y_train[:, 0].tolist() == batches[0][f"{mode}_labels"]
    assert y_test[:, 0].tolist() == batches[1][f"{mode}_labels"]
    with pytest.raises(ValueError, match="'rough'"):
        cifar100.load_data(label_mode="rough")


def test_batches_of_python_3_and_wrong_ones(tmp_path: Path) -> None:
    batch = make_batch(2, 0, "labels")
    for protocol in range(5):
        (tmp_path / "batch").write_bytes(pickle.dumps(batch, protocol))
        images, labels = cifar.load_batch(tmp_path / "batch")
        np.testing.assert_array_equal(images.reshape(2, -1), batch["data"])
        assert labels.tolist() == batch["labels"]
    with pytest.raises(ValueError, match=r"batch is not a CIFAR batch with `data` and `fine_labels`"):
        cifar.load_batch(tmp_path / "batch", "fine_labels")
