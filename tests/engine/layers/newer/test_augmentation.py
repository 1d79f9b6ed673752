"""Random changes of images: right ones while training, none otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L

IMAGES = np.random.RandomState(4).rand(6, 5, 4, 2).astype("float32")
SQUARES = np.random.RandomState(4).rand(3, 6, 6, 2).astype("float32")


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def run(layer: Any, images: np.ndarray, phase: int = 1) -> np.ndarray:
    x = L.Input(images.shape[1:])
    return K.function([x, K.learning_phase()], [layer(x)])([images, phase])[0]


@pytest.mark.parametrize(
    "layer",
    [
        lambda: L.RandomFlip(),
        lambda: L.RandomRotation(0.2),
        lambda: L.RandomTranslation(0.2, 0.2),
        lambda: L.RandomZoom(0.3),
        lambda: L.RandomContrast(0.5),
        lambda: L.RandomBrightness(0.5),
    ],
)
def test_images_pass_unchanged_while_testing(layer: Any) -> None:
    np.testing.assert_array_equal(run(layer(), IMAGES, phase=0), IMAGES)
    assert not np.array_equal(run(layer(), IMAGES, phase=1), IMAGES)


def test_each_sample_is_flipped_by_itself() -> None:
    flipped = run(L.RandomFlip("horizontal", seed=2), np.concatenate([IMAGES] * 4))
    mirrored = [
        np.array_equal(own, image[:, ::-1]) for own, image in zip(flipped, np.tile(IMAGES, (4, 1, 1, 1)))
    ]
    same = [np.array_equal(own, image) for own, image in zip(flipped, np.tile(IMAGES, (4, 1, 1, 1)))]
    assert all(a or b for a, b in zip(mirrored, same))
    assert any(mirrored)
    assert any(same)


def test_a_quarter_turn_is_counter_clockwise() -> None:
    turned = run(L.RandomRotation((0.25, 0.25)), SQUARES)
    np.testing.assert_allclose(turned, np.rot90(SQUARES, axes=(1, 2)), atol=1e-5)


def test_half_a_turn_of_images_that_are_no_squares() -> None:
    turned = run(L.RandomRotation((0.5, 0.5)), IMAGES)
    np.testing.assert_allclose(turned, IMAGES[:, ::-1, ::-1], atol=1e-5)


def test_contents_move_down_and_right_and_the_constant_fills_in() -> None:
    layer = L.RandomTranslation((0.2, 0.2), (0.25, 0.25), fill_mode="constant", fill_value=7.0)
    moved = run(layer, IMAGES)
    np.testing.assert_allclose(moved[:, 1:, 1:], IMAGES[:, :-1, :-1], atol=1e-5)
    np.testing.assert_allclose(moved[:, 0], 7.0, atol=1e-5)
    np.testing.assert_allclose(moved[:, :, 0], 7.0, atol=1e-5)


@pytest.mark.parametrize(("fill_mode", "edge"), [("reflect", [1, 0]), ("nearest", [0, 0])])
def test_edges_go_on_as_the_fill_mode_says(fill_mode: str, edge: list[int]) -> None:
    moved = run(L.RandomTranslation((0.0, 0.0), (0.5, 0.5), fill_mode=fill_mode), IMAGES)
    np.testing.assert_allclose(moved[:, :, 2:], IMAGES[:, :, :2], atol=1e-5)
    np.testing.assert_allclose(moved[:, :, :2], IMAGES[:, :, edge], atol=1e-5)


def test_zooming_in_shows_the_middle_larger() -> None:
    zoomed = run(L.RandomZoom((-0.5, -0.5), interpolation="nearest"), SQUARES[:, :4, :4])
    middle = SQUARES[:, 1:3, 1:3]
    np.testing.assert_allclose(zoomed, middle.repeat(2, axis=1).repeat(2, axis=2), atol=1e-5)


def test_contrast_is_around_the_mean_of_a_channel() -> None:
    changed = run(L.RandomContrast((0.0, 0.5)), IMAGES)
    means = IMAGES.mean(axis=(1, 2), keepdims=True)
    shares = (changed - means) / (IMAGES - means)
    np.testing.assert_allclose(shares, shares.mean(axis=(1, 2, 3), keepdims=True) + 0 * shares, rtol=1e-2)
    assert np.all((shares > 0.98) & (shares < 1.52))


def test_brightness_stays_in_its_range() -> None:
    changed = run(L.RandomBrightness((0.9, 0.9), value_range=(0, 1)), IMAGES)
    np.testing.assert_allclose(changed, np.minimum(IMAGES + 0.9, 1.0), rtol=1e-5)


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="takes the fill modes reflect, nearest and constant"):
        L.RandomRotation(0.1, fill_mode="wrap")
    with pytest.raises(ValueError, match="`factor` must be a number, or the least and the greatest"):
        L.RandomRotation((0.3, 0.1))
    with pytest.raises(ValueError, match="must be horizontal, vertical or horizontal_and_vertical"):
        L.RandomFlip("sideways")
