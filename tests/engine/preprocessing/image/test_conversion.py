"""Pillow images to arrays and back."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import backend as K
from engine.preprocessing import image


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_there_and_back(mode: str, channels: int, data_format: str) -> None:
    pixels = np.random.randint(0, 256, (5, 7, channels)).astype("uint8")
    original = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, mode)
    array = image.img_to_array(original, data_format)
    assert array.shape == ((5, 7, channels) if data_format == "channels_last" else (channels, 5, 7))
    assert array.dtype == np.float32
    back = image.array_to_img(array, data_format, scale=False)
    assert back.mode == mode
    assert back.size == (7, 5)
    assert back.tobytes() == original.tobytes()


def test_the_defaults_hold() -> None:
    K.set_image_data_format("channels_first")
    K.set_floatx("float64")
    try:
        array = image.img_to_array(Image.new("RGB", (7, 5)))
        assert image.array_to_img(array).size == (7, 5)
    finally:
        K.set_image_data_format("channels_last")
        K.set_floatx("float32")
    assert array.shape == (3, 5, 7)
    assert array.dtype == np.float64


@pytest.mark.parametrize(
    ("values", "scaled"),
    [
        ([0, 1, 2], [0, 127, 255]),
        ([-1, 0, 1], [0, 127, 255]),
        ([1, 2, 4], [63, 127, 255]),
        ([0, 0, 0], [0, 0, 0]),
    ],
)
def test_scaling_lifts_to_0_and_stretches_to_255(values: list[int], scaled: list[int]) -> None:
    stretched = np.asarray(image.array_to_img(np.reshape(values, (1, 3, 1))))
    assert stretched.tolist() == [scaled]


@pytest.mark.parametrize(
    ("shape", "data_format", "message"),
    [
        ((5, 7), "channels_last", r"rank 3. Found the shape \(5, 7\)"),
        ((5, 7, 2), "channels_last", "Found 2, with channels_last"),
        ((5, 7, 3), "channels_first", "Found 5, with channels_first"),
        ((5, 7, 3), "last", "Received: last"),
    ],
)
def test_refused_arrays(shape: tuple[int, ...], data_format: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        image.array_to_img(np.zeros(shape), data_format)


@pytest.mark.parametrize("not_an_image", [np.zeros(3), np.zeros((2, 3, 4, 1))])
def test_refused_images(not_an_image: Any) -> None:
    with pytest.raises(ValueError, match="two or three axes"):
        image.img_to_array(not_an_image)
