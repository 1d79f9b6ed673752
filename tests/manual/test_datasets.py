"""The samples of chapter 12, on data sets served from the loopback."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np

from engine.datasets import boston_housing, cifar10, cifar100, mnist, reuters
from tests.engine.datasets.conftest import publish
from tests.engine.datasets.test_cifar import make_archive, make_batch, python_2_pickle
from tests.engine.datasets.test_fashion_mnist import arrays as fashion_arrays
from tests.engine.datasets.test_npz_sets import RECORDED, make_npz
from tests.manual.printed import run_sample

__all__ = ["fashion_arrays", "publish"]

Publish = Callable[..., None]


def check_shapes(loaded: SimpleNamespace, train: tuple[int, ...], test: tuple[int, ...]) -> None:
    assert (loaded.x_train.shape, loaded.x_test.shape) == (train, test)
    assert (len(loaded.y_train), len(loaded.y_test)) == (train[0], test[0])


def publish_cifar(publish: Publish, module: ModuleType, names: list[str], *keys: str) -> list[list[int]]:
    """Serve three pictures a file, and return the first kind of labels, file by file."""
    batches = [make_batch(3, number, *keys) for number in range(len(names))]
    files = {f"{module.FOLDER}/{name}": python_2_pickle(batch) for name, batch in zip(names, batches)}
    publish(module, make_archive(files))
    return [batch[keys[0]] for batch in batches]


def test_cifar10(publish: Publish) -> None:
    labels = publish_cifar(publish, cifar10, [*cifar10.TRAINING_FILES, "test_batch"], "labels")
    loaded = run_sample("s12_1_cifar10")
    check_shapes(loaded, (15, 32, 32, 3), (3, 32, 32, 3))
    assert loaded.y_test.ravel().tolist() == labels[5]


def test_cifar100(publish: Publish) -> None:
    labels = publish_cifar(publish, cifar100, ["train", "test"], "fine_labels", "coarse_labels")
    loaded = run_sample("s12_2_cifar100")
    check_shapes(loaded, (3, 32, 32, 3), (3, 32, 32, 3))
    assert loaded.y_train.ravel().tolist() == labels[0]


def test_word_index_of_reuters(publish: Publish, keras_home: Path) -> None:
    publish(reuters, json.dumps({"giraffe": 1234}).encode(), "WORD_INDEX_")
    assert run_sample("s12_4_reuters", reuters=reuters).word_index["giraffe"] == 1234
    assert (keras_home / "datasets" / "reuters_word_index.json").exists()


def test_mnist(publish: Publish) -> None:
    images = np.random.randint(0, 256, (6, 28, 28), dtype="uint8")
    buffer = io.BytesIO()
    np.savez(buffer, x_train=images[:4], y_train=np.arange(4), x_test=images[4:], y_test=np.arange(2))
    publish(mnist, buffer.getvalue())
    loaded = run_sample("s12_5_mnist")
    check_shapes(loaded, (4, 28, 28), (2, 28, 28))
    np.testing.assert_array_equal(loaded.x_test, images[4:])


def test_fashion_mnist(fashion_arrays: dict[str, np.ndarray]) -> None:
    loaded = run_sample("s12_6_fashion_mnist")
    check_shapes(loaded, (5, 28, 28), (2, 28, 28))
    np.testing.assert_array_equal(loaded.x_train, fashion_arrays["train-images-idx3"])


def test_boston_housing(publish: Publish) -> None:
    publish(boston_housing, make_npz(RECORDED["files"]["boston_housing"]))
    loaded = run_sample("s12_7_boston_housing")
    (case,) = [case for case in RECORDED["boston_housing"] if not case["arguments"]]
    assert [loaded.x_train.tolist(), loaded.y_train.tolist()] == case["result"][0]
