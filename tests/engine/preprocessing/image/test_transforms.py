"""Moving, turning and coloring one image."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.preprocessing import image

LAST = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
SIZE = 5
CENTER = SIZE / 2 + 0.5


def transform_pixel_by_pixel(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Transform an image (height, width, channels) by bilinear interpolation, with the edges carried on."""
    height, width, _ = x.shape
    result = np.zeros_like(x)
    for row in range(height):
        for column in range(width):
            at = (matrix @ [row, column, 1])[:2]
            at = np.clip(at, 0, [height - 1, width - 1])
            (r, c), (dr, dc) = np.floor(at).astype(int), at - np.floor(at)
            r2, c2 = min(r + 1, height - 1), min(c + 1, width - 1)
            above = x[r, c] * (1 - dc) + x[r, c2] * dc
            below = x[r2, c] * (1 - dc) + x[r2, c2] * dc
            result[row, column] = above * (1 - dr) + below * dr
    return result


def about_center(matrix: Any) -> np.ndarray:
    there = np.array([[1, 0, CENTER], [0, 1, CENTER], [0, 0, 1]])
    return there @ np.array(matrix) @ np.linalg.inv(there)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.RandomState(1).uniform(0, 255, (SIZE, SIZE, 2))


def rotate(draw: Callable[..., Any]) -> np.ndarray:
    theta = np.deg2rad(draw(-30, 30))
    return about_center([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])


def shear(draw: Callable[..., Any]) -> np.ndarray:
    angle = np.deg2rad(draw(-30, 30))
    return about_center([[1, -np.sin(angle), 0], [0, np.cos(angle), 0], [0, 0, 1]])


def zoom(draw: Callable[..., Any]) -> np.ndarray:
    rows, columns = draw(0.5, 1.5, 2)
    return about_center(np.diag([rows, columns, 1]))


def shift(draw: Callable[..., Any]) -> np.ndarray:
    rows, columns = draw(-0.4, 0.4) * SIZE, draw(-0.2, 0.2) * SIZE
    return np.array([[1, 0, rows], [0, 1, columns], [0, 0, 1]])


@pytest.mark.parametrize(
    ("transform", "arguments", "matrix"),
    [
        (image.random_rotation, (30,), rotate),
        (image.random_shear, (30,), shear),
        (image.random_zoom, ((0.5, 1.5),), zoom),
        (image.random_shift, (0.2, 0.4), shift),
    ],
)
@pytest.mark.parametrize("channels_first", [False, True])
def test_moves_pixels(
    x: np.ndarray,
    transform: Callable[..., np.ndarray],
    arguments: tuple[Any, ...],
    matrix: Callable[..., np.ndarray],
    channels_first: bool,
) -> None:
    np.random.seed(7)
    expected = transform_pixel_by_pixel(x, matrix(np.random.uniform))
    np.random.seed(7)
    if channels_first:
        moved = transform(x.transpose(2, 0, 1), *arguments).transpose(1, 2, 0)
    else:
        moved = transform(x, *arguments, **LAST)
    np.testing.assert_allclose(moved, expected, atol=1e-9)
    assert np.abs(moved - x).max() > 1


@pytest.mark.parametrize(
    ("fill_mode", "row"),
    [
        ("constant", [9, 9, 9, 1, 2, 3, 4, 9, 9, 9]),
        ("nearest", [1, 1, 1, 1, 2, 3, 4, 4, 4, 4]),
        ("reflect", [3, 2, 1, 1, 2, 3, 4, 4, 3, 2]),
    ],
)
def test_what_lies_outside(fill_mode: str, row: list[int]) -> None:
    x = np.array([[0, 0, 0, 1, 2, 3, 4, 0, 0, 0]], "float32")[..., np.newaxis]
    inside = x[:, 3:7]
    for shift_columns, part in ((-3, slice(0, 4)), (3, slice(6, 10))):
        matrix = np.array([[1, 0, 0], [0, 1, shift_columns], [0, 0, 1]])
        moved = image.apply_transform(inside, matrix, channel_axis=2, fill_mode=fill_mode, cval=9)
        assert moved[0, :, 0].tolist() == row[part]


def test_a_zoom_of_1_takes_no_draw(x: np.ndarray) -> None:
    state = np.random.get_state()[1:3]
    np.testing.assert_array_equal(image.random_zoom(x, (1, 1), **LAST), x)
    after = np.random.get_state()[1:3]
    np.testing.assert_array_equal(state[0], after[0])
    assert state[1] == after[1]


def test_channels_are_shifted_one_by_one_within_the_extremes(x: np.ndarray) -> None:
    np.random.seed(5)
    shifts = [np.random.uniform(-50, 50) for _ in range(2)]
    np.random.seed(5)
    shifted = image.random_channel_shift(x, 50, channel_axis=2)
    np.testing.assert_allclose(shifted, np.clip(x + shifts, x.min(), x.max()))
    np.random.seed(5)
    first = image.random_channel_shift(x.transpose(2, 0, 1), 50)
    np.testing.assert_array_equal(first.transpose(1, 2, 0), shifted)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_brightness_is_multiplied(data_format: str) -> None:
    pixels = np.random.randint(0, 256, (4, 6, 3)).astype("float32")
    pixels[0, 0] = 0, 128, 255
    np.random.seed(6)
    factor = np.random.uniform(0.2, 0.9)
    expected = np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels.astype("uint8"))).enhance(factor))
    np.random.seed(6)
    if data_format == "channels_first":
        darker = image.random_brightness(pixels.transpose(2, 0, 1), (0.2, 0.9), data_format).transpose(
            1, 2, 0
        )
    else:
        darker = image.random_brightness(pixels, (0.2, 0.9))
    np.testing.assert_array_equal(darker, expected)
    assert np.abs(darker - pixels * factor).max() <= 1


@pytest.mark.parametrize("wrong", [0.5, (1, 2, 3), ()])
def test_ranges_are_pairs(x: np.ndarray, wrong: Any) -> None:
    with pytest.raises(ValueError, match="`zoom_range` must be a pair"):
        image.random_zoom(x, wrong)
    with pytest.raises(ValueError, match="`brightness_range` must be a pair"):
        image.random_brightness(x, wrong)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_flips(axis: int) -> None:
    x = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(image.flip_axis(x.tolist(), axis), np.flip(x, axis))
