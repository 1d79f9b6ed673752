"""The samples of chapter 6, on preprocessing, with small pictures."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.preprocessing.image import ImageDataGenerator, apply_transform
from tests.manual.printed import keras, read_sample, run_sample


def fill_folder(name: str, count: int, size: int) -> None:
    """Fill a folder with pictures of noise."""
    Path(name).mkdir(parents=True)
    for number in range(count):
        pixels = np.random.randint(0, 256, (size, size, 3)).astype("uint8")
        Image.fromarray(pixels).save(f"{name}/{number}.png")


def make_classifier(size: int, units: int, activation: str, loss: str) -> Any:
    layers = keras.layers
    model = keras.models.Sequential(
        [layers.Conv2D(2, 3, input_shape=(size, size, 3)), layers.Flatten(), layers.Dense(units, activation)]
    )
    model.compile("sgd", loss)
    return model


def test_fill_modes() -> None:
    """What the text draws: four pixels between what fills the margins.

    Keras's own `wrap`, SciPy's, lets the copies share a pixel, unlike the drawing; it is tested elsewhere.
    """
    text = read_sample("s06_3_1_fill_modes").replace("abcd dcba", "abcddcba|")
    drawn = dict(re.findall(r'"(\w+)": ([\w|]+)', text))
    assert list(drawn) == ["constant", "nearest", "reflect", "wrap"]
    pixels = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1)
    for mode in ("constant", "nearest", "reflect"):
        sides = []
        for shift in (-4, 0, 4):
            matrix = np.array([[1, 0, 0], [0, 1, shift], [0, 0, 1.0]])
            moved = apply_transform(pixels, matrix, 2, fill_mode=mode, cval=0.0)
            sides.append("".join("kabcd"[round(value)] for value in moved.ravel()))
        before, middle, after = drawn[mode].replace("||", "|").split("|")
        assert "".join(sides) in before + middle + after


def test_flow() -> None:
    rng = np.random.default_rng(0)
    parts = [(rng.integers(0, 256, (40, 10, 10, 3)), rng.integers(4, size=40)) for _ in range(2)]
    cifar10 = SimpleNamespace(load_data=lambda: parts)
    model = make_classifier(10, 4, "softmax", "categorical_crossentropy")
    ended = run_sample(
        "s06_3_1_flow",
        cifar10=cifar10,
        np_utils=keras.utils.np_utils,
        ImageDataGenerator=ImageDataGenerator,
        num_classes=4,
        epochs=2,
        model=model,
    )
    assert ended.batches == 2


def test_folders(capsys: pytest.CaptureFixture[str]) -> None:
    for part in ("train", "validation"):
        for kind in ("cats", "dogs"):
            fill_folder(f"data/{part}/{kind}", 3, 15)
    model = make_classifier(15, 1, "sigmoid", "binary_crossentropy")
    ended = run_sample("s06_3_1_folders", ImageDataGenerator=ImageDataGenerator, model=model)
    assert ended.train_generator.class_indices == {"cats": 0, "dogs": 1}
    assert list(model.history.history) == ["val_loss", "loss"]
    assert capsys.readouterr().out.count("Found 6 images belonging to 2 classes.") == 2


def test_masks() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 10, 10, 3))
    for part in ("images", "masks"):
        fill_folder(f"data/{part}/all", 3, 10)
    model = keras.models.Sequential([keras.layers.Conv2D(3, 1, input_shape=(256, 256, 3))])
    model.compile("sgd", "mse")
    ended = run_sample(
        "s06_3_1_masks", ImageDataGenerator=ImageDataGenerator, images=images, masks=images, model=model
    )
    assert len(model.history.epoch) == 2
    image, mask = next(ended.train_generator)
    assert image.shape == mask.shape == (3, 256, 256, 3)
