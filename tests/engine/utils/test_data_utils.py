"""The manual's samples of data utilities (section 20)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import layers, models
from engine.utils import OrderedEnqueuer, Sequence, get_file, to_categorical
from engine.utils.data_utils import validate_file


def imread(file_name: Path) -> np.ndarray:
    with Image.open(file_name) as image:
        return np.asarray(image.resize((8, 8))) / 255


class CIFAR10Sequence(Sequence):
    """As in section 20.3, with Pillow in place of scikit-image."""

    def __init__(self, x_set: list[Path], y_set: np.ndarray, batch_size: int) -> None:
        self.x, self.y = x_set, y_set
        self.batch_size = batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        batch_x = self.x[idx * self.batch_size : (idx + 1) * self.batch_size]
        batch_y = self.y[idx * self.batch_size : (idx + 1) * self.batch_size]
        return np.array([imread(file_name) for file_name in batch_x]), np.array(batch_y)


@pytest.fixture
def sequence(tmp_path: Path) -> CIFAR10Sequence:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).save(path)
    return CIFAR10Sequence(paths, to_categorical(np.arange(7) % 2), 3)


def test_a_sequence_of_image_files_trains_a_model(sequence: CIFAR10Sequence) -> None:
    model = models.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    history = model.fit_generator(sequence, epochs=2, workers=1, verbose=0)
    assert len(history.history["loss"]) == 2
    assert model.predict_generator(sequence).shape == (7, 2)


def test_an_enqueuer_gives_batches_in_order(sequence: CIFAR10Sequence) -> None:
    enqueuer = OrderedEnqueuer(sequence)
    enqueuer.start(workers=2, max_queue_size=4)
    batches = enqueuer.get()
    try:
        for index in range(3):
            x, y = next(batches)
            np.testing.assert_array_equal(x, sequence[index][0])
            np.testing.assert_array_equal(y, sequence[index][1])
    finally:
        enqueuer.stop()


def test_get_file(web: Any, keras_home: Path) -> None:
    web.files["example.txt"] = b"text"
    path = get_file("example.txt", web.url("example.txt"))
    assert path == str(keras_home / "datasets" / "example.txt")
    assert validate_file(path, "1cb251ec0d568de6a929b520c4aed8d1")
