"""The samples of the manual's chapter 6, and those of chapter 13 that read images, on small data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.layers import Conv2D, Dense, Flatten
from engine.models import Sequential
from engine.preprocessing import image, sequence, text
from engine.preprocessing.image import ImageDataGenerator

SIZE = (10, 12)


def make_folder(directory: Path, classes: list[str], count: int) -> str:
    """Fill a folder of each class with images of noise."""
    for name in classes:
        (directory / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.random.randint(0, 256, (*SIZE, 3)).astype("uint8")
            Image.fromarray(pixels).save(directory / name / f"{number}.png")
    return str(directory)


def make_classifier(units: int, activation: str, loss: str) -> Any:
    model = Sequential([Conv2D(2, 3, input_shape=(*SIZE, 3)), Flatten(), Dense(units, activation=activation)])
    model.compile("sgd", loss=loss)
    return model


@pytest.fixture
def masker() -> Any:
    """A model that makes images of images."""
    model = Sequential([Conv2D(3, 1, input_shape=(*SIZE, 3))])
    model.compile("sgd", loss="mse")
    return model


@pytest.fixture
def augmenting() -> ImageDataGenerator:
    return ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=True,
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    )


@pytest.fixture
def x_train() -> np.ndarray:
    return np.random.randint(0, 256, (40, *SIZE, 3))


@pytest.fixture
def y_train() -> np.ndarray:
    return np.eye(4)[np.random.randint(0, 4, 40)]


def test_flow(augmenting: ImageDataGenerator, x_train: np.ndarray, y_train: np.ndarray) -> None:
    augmenting.fit(x_train)
    model = make_classifier(4, "softmax", "categorical_crossentropy")
    history = model.fit_generator(
        augmenting.flow(x_train, y_train, batch_size=32),
        steps_per_epoch=len(x_train) / 32,
        epochs=2,
        verbose=0,
    )
    assert np.isfinite(history.history["loss"]).all()
    assert len(history.epoch) == 2


def test_flow_by_hand(augmenting: ImageDataGenerator, x_train: np.ndarray, y_train: np.ndarray) -> None:
    augmenting.fit(x_train)
    model = make_classifier(4, "softmax", "categorical_crossentropy")
    sizes = []
    for _ in range(2):
        flow = augmenting.flow(x_train, y_train, batch_size=32)
        for batches, (x_batch, y_batch) in enumerate(flow, 1):
            model.fit(x_batch, y_batch, verbose=0)
            sizes.append(len(x_batch))
            if batches >= len(x_train) / 32:
                break
    assert sizes == [32, 8] * 2


def test_flow_from_directory(tmp_path: Path) -> None:
    train_datagen = ImageDataGenerator(
        rescale=1.0 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True
    )
    test_datagen = ImageDataGenerator(rescale=1.0 / 255)
    train_generator = train_datagen.flow_from_directory(
        make_folder(tmp_path / "data/train", ["cats", "dogs"], 5),
        target_size=SIZE,
        batch_size=4,
        class_mode="binary",
    )
    validation_generator = test_datagen.flow_from_directory(
        make_folder(tmp_path / "data/validation", ["cats", "dogs"], 2),
        target_size=SIZE,
        batch_size=4,
        class_mode="binary",
    )
    model = make_classifier(1, "sigmoid", "binary_crossentropy")
    history = model.fit_generator(
        train_generator,
        steps_per_epoch=4,
        epochs=2,
        validation_data=validation_generator,
        validation_steps=3,
        verbose=0,
    )
    assert np.isfinite(history.history["val_loss"]).all()


def test_images_and_masks(tmp_path: Path, masker: Any) -> None:
    data_gen_args: dict[str, Any] = {
        "featurewise_center": True,
        "featurewise_std_normalization": True,
        "rotation_range": 90.0,
        "width_shift_range": 0.1,
        "height_shift_range": 0.1,
        "zoom_range": 0.2,
    }
    images = np.random.randint(0, 256, (6, *SIZE, 3))
    image_datagen = ImageDataGenerator(**data_gen_args)
    mask_datagen = ImageDataGenerator(**data_gen_args)
    seed = 1
    image_datagen.fit(images, augment=True, seed=seed)
    mask_datagen.fit(images, augment=True, seed=seed)
    folder = make_folder(tmp_path / "data/images", ["all"], 6)
    image_generator = image_datagen.flow_from_directory(
        folder, class_mode=None, seed=seed, target_size=SIZE, batch_size=4
    )
    # The masks are the images here, so that a pair that doesn't match would show.
    mask_generator = mask_datagen.flow_from_directory(
        folder, class_mode=None, seed=seed, target_size=SIZE, batch_size=4
    )
    train_generator = zip(image_generator, mask_generator)
    for _ in range(4):
        x, mask = next(train_generator)
        np.testing.assert_array_equal(x, mask)
    history = masker.fit_generator(train_generator, steps_per_epoch=3, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_an_image_for_a_model(tmp_path: Path) -> None:
    img_path = tmp_path / "elephant.jpg"
    Image.new("RGB", (300, 200), (10, 20, 30)).save(img_path)
    img = image.load_img(str(img_path), target_size=(224, 224))
    x = image.img_to_array(img)
    x = np.expand_dims(x, axis=0)
    assert x.shape == (1, 224, 224, 3)
    np.testing.assert_allclose(x[0, 100, 100], [10, 20, 30], atol=2)


def test_texts_for_a_model() -> None:
    tokenizer = text.Tokenizer(num_words=10)
    tokenizer.fit_on_texts(["to be or not to be", "that is the question"])
    numbers = tokenizer.texts_to_sequences(["to be that question", "be"])
    np.testing.assert_array_equal(sequence.pad_sequences(numbers, maxlen=3), [[2, 5, 8], [0, 0, 2]])
