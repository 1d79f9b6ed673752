"""Images changed at random and normalized."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.preprocessing import image
from engine.preprocessing.image import ImageDataGenerator

EVERYTHING: dict[str, Any] = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.2,
    "shear_range": 10,
    "zoom_range": 0.2,
    "channel_shift_range": 30,
    "horizontal_flip": True,
    "vertical_flip": True,
    "brightness_range": (0.5, 1.5),
}


def draw_in_keras_order(x: np.ndarray) -> np.ndarray:
    """Change an image as EVERYTHING says, step by step."""
    height, width, _ = x.shape
    uniform = np.random.uniform
    theta = np.deg2rad(uniform(-20, 20))
    rows, columns = uniform(-0.2, 0.2) * height, uniform(-0.1, 0.1) * width
    shear = np.deg2rad(uniform(-10, 10))
    zoom = uniform(0.8, 1.2, 2)
    matrix = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    matrix = matrix @ [[1, 0, rows], [0, 1, columns], [0, 0, 1]]
    matrix = matrix @ [[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]]
    matrix = matrix @ np.diag([*zoom, 1])
    matrix = image.transform_matrix_offset_center(matrix, height, width)
    x = image.apply_transform(x, matrix, channel_axis=2)
    x = np.clip(x + [uniform(-30, 30) for _ in range(3)], x.min(), x.max())
    if np.random.random() < 0.5:
        x = x[:, ::-1]
    if np.random.random() < 0.5:
        x = x[::-1]
    return image.random_brightness(x, (0.5, 1.5))


class TestRandomTransform:
    def test_draws_in_the_order_of_keras(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(**EVERYTHING)
        for seed, x in enumerate(images):
            changed = generator.random_transform(x, seed=seed)
            np.random.seed(seed)
            # Brightness goes through whole numbers, so rounding may move a value by 1.
            np.testing.assert_allclose(changed, draw_in_keras_order(x), atol=1)

    def test_the_data_format_makes_no_difference(self, images: np.ndarray) -> None:
        last, first = (
            ImageDataGenerator(data_format=data_format, **EVERYTHING)
            for data_format in ("channels_last", "channels_first")
        )
        for x in images:
            changed = first.random_transform(x.transpose(2, 0, 1), seed=4)
            np.testing.assert_array_equal(changed.transpose(1, 2, 0), last.random_transform(x, seed=4))

    def test_without_options_an_image_stays(self, images: np.ndarray) -> None:
        np.testing.assert_array_equal(ImageDataGenerator().random_transform(images[0]), images[0])

    @pytest.mark.parametrize(
        ("shift_range", "choices"),
        [
            ([2, 3], {-3, -2, 2, 3}),
            (np.array([1]), {-1, 1}),
            ([0.25], {-2, 2}),
            (3, {-2, -1, 0, 1, 2}),
        ],
    )
    def test_shifts_of_choice(self, shift_range: Any, choices: set[int]) -> None:
        x = np.zeros((1, 8, 1), "float32")
        x[0, 4] = 1
        generator = ImageDataGenerator(width_shift_range=shift_range, fill_mode="constant")
        places = [int(generator.random_transform(x, seed=seed).argmax()) for seed in range(60)]
        assert {4 - place for place in places} == choices

    def test_shifts_from_1_on_are_pixels(self) -> None:
        x = np.arange(8, dtype="float32").reshape(8, 1, 1)
        generator = ImageDataGenerator(height_shift_range=2.0)
        np.random.seed(3)
        shift = np.random.uniform(-2, 2)
        expected = np.clip(np.arange(8) + shift, 0, 7)
        np.testing.assert_allclose(generator.random_transform(x, seed=3).ravel(), expected, rtol=1e-6)

    def test_a_pair_of_zooms(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(zoom_range=[0.5, 0.7])
        np.random.seed(2)
        expected = image.random_zoom(images[0], (0.5, 0.7), 0, 1, 2)
        np.testing.assert_array_equal(generator.random_transform(images[0], seed=2), expected)


class TestStandardize:
    def test_rescales_what_the_function_gives(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(rescale=0.5, preprocessing_function=lambda x: x + 1)
        np.testing.assert_allclose(generator.standardize(images[0]), (images[0] + 1) / 2, rtol=1e-6)

    def test_by_image(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)
        x = generator.standardize(images[0])
        np.testing.assert_allclose([x.mean(), x.std()], [0, 1], atol=1e-5)

    @pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
    def test_by_channel(self, images: np.ndarray, data_format: str) -> None:
        generator = ImageDataGenerator(
            featurewise_center=True, featurewise_std_normalization=True, data_format=data_format
        )
        x = images if data_format == "channels_last" else images.transpose(0, 3, 1, 2)
        generator.fit(x)
        axes = (0, 1, 2) if data_format == "channels_last" else (0, 2, 3)
        standardized = np.array([generator.standardize(one) for one in x])
        np.testing.assert_allclose(standardized.mean(axes), np.zeros(3), atol=1e-5)
        np.testing.assert_allclose(standardized.std(axes), np.ones(3), atol=1e-5)
        np.testing.assert_allclose(generator.mean.ravel(), images.mean((0, 1, 2)), rtol=1e-6)

    def test_whitening_makes_values_independent(self) -> None:
        random = np.random.RandomState(0)
        x = (random.normal(size=(500, 4)) @ random.normal(size=(4, 4))).reshape(500, 2, 2, 1)
        generator = ImageDataGenerator(featurewise_center=True, zca_whitening=True)
        generator.fit(x)
        white = np.array([generator.standardize(one) for one in x]).reshape(500, 4)
        np.testing.assert_allclose(white.T @ white / 500, np.eye(4), atol=1e-3)
        # Unlike other whitenings, this one changes an image as little as possible: its matrix is symmetric.
        np.testing.assert_allclose(
            generator.principal_components, generator.principal_components.T, atol=1e-6
        )
        loose = ImageDataGenerator(featurewise_center=True, zca_whitening=True, zca_epsilon=1e4)
        loose.fit(x)
        assert np.abs(loose.standardize(x[0])).max() < 0.1

    def test_a_statistic_may_be_set(self) -> None:
        generator = ImageDataGenerator(featurewise_center=True)
        generator.mean = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3)
        np.testing.assert_array_equal(generator.standardize(np.ones((1, 1, 3))), [[[0, -1, -2]]])

    def test_the_image_given_is_left_alone(self, images: np.ndarray) -> None:
        before = images.copy()
        generator = ImageDataGenerator(rescale=2, featurewise_center=True, samplewise_center=True)
        generator.fit(images)
        generator.standardize(images[0])
        np.testing.assert_array_equal(images, before)

    @pytest.mark.parametrize(
        "option", ["featurewise_center", "zca_whitening", "featurewise_std_normalization"]
    )
    @pytest.mark.filterwarnings("ignore:.* sets `featurewise_center` to True")
    def test_before_fit_warns_and_leaves_the_option_out(self, option: str) -> None:
        generator = ImageDataGenerator(**{option: True})
        generator.featurewise_center = option == "featurewise_center"
        x = np.ones((2, 2, 1))
        with pytest.warns(UserWarning, match=f"`{option}` has no effect before `fit`"):
            np.testing.assert_array_equal(generator.standardize(x), x)


class TestFit:
    def test_augmented_images_count(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(featurewise_center=True, width_shift_range=0.3, fill_mode="constant")
        generator.fit(images, augment=True, rounds=2, seed=9)
        np.random.seed(9)
        changed = [generator.random_transform(x) for _ in range(2) for x in images]
        np.testing.assert_allclose(generator.mean.ravel(), np.mean(changed, axis=(0, 1, 2)), rtol=1e-6)

    def test_refuses_other_ranks_and_warns_of_odd_channels(self) -> None:
        generator = ImageDataGenerator()
        with pytest.raises(ValueError, match=r"rank 4. Found the shape \(2, 3, 4\)"):
            generator.fit(np.zeros((2, 3, 4)))
        with pytest.warns(UserWarning, match="1, 3 or 4 channels on axis 3, .* 5 channels"):
            generator.fit(np.zeros((2, 3, 4, 5)))


class TestArguments:
    @pytest.mark.parametrize(
        ("option", "other", "value"),
        [
            ("zca_whitening", "featurewise_center", True),
            ("featurewise_std_normalization", "featurewise_center", True),
            ("samplewise_std_normalization", "samplewise_center", True),
        ],
    )
    def test_an_option_switches_on_what_it_needs(self, option: str, other: str, value: bool) -> None:
        with pytest.warns(UserWarning, match=f"`{option}` sets `{other}` to {value}"):
            generator = ImageDataGenerator(**{option: True})
        assert getattr(generator, other) is value

    def test_whitening_replaces_normalization(self) -> None:
        with pytest.warns(UserWarning, match="sets `featurewise_std_normalization` to False"):
            generator = ImageDataGenerator(
                zca_whitening=True, featurewise_center=True, featurewise_std_normalization=True
            )
        assert generator.featurewise_std_normalization is False

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"data_format": "last"}, "Received: last"),
            ({"zoom_range": (1, 2, 3)}, r"`zoom_range` must be a pair .* Found: \(1, 2, 3\)"),
            ({"brightness_range": 0.5}, "`brightness_range` must be a pair"),
            ({"fill_mode": "mirror"}, "Unknown `fill_mode`: 'mirror'"),
            ({"validation_split": 1}, "at least 0 and below 1. Found: 1"),
            ({"validation_split": -0.1}, "Found: -0.1"),
        ],
    )
    def test_refusals(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            ImageDataGenerator(**arguments)


@pytest.mark.parametrize("make", [np.uint8, np.float64])
def test_images_of_other_types_become_floats(make: Callable[..., Any]) -> None:
    x = np.arange(24).reshape(2, 2, 2, 3).astype(make)
    batch = next(ImageDataGenerator(rescale=0.5).flow(x, shuffle=False))
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, x / 2)
