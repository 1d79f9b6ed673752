"""Images changed at random, batch by batch."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from engine import backend as K
from engine.preprocessing.image import transforms
from engine.preprocessing.image.conversion import as_images, image_axes
from engine.preprocessing.image.directory_iterator import DirectoryIterator
from engine.preprocessing.image.numpy_array_iterator import NumpyArrayIterator


class ImageDataGenerator:
    """Makes batches of images that are normalized, and changed at random, as they are needed.

    Args:
        featurewise_center: whether to take away the mean of each channel over all images; needs `fit`.
        samplewise_center: whether to take away each image's mean.
        featurewise_std_normalization: whether to divide by each channel's deviation over all images; needs `fit`.
        samplewise_std_normalization: whether to divide by each image's deviation.
        zca_whitening: whether to whiten images; needs `fit`.
        zca_epsilon: keeps whitening from dividing by 0.
        rotation_range: the greatest rotation in degrees.
        width_shift_range: how far to move sideways at most: below 1 a part of the width, from 1 on pixels, an
            int pixels less one; a list has the distances to choose from.
        height_shift_range: the same up and down.
        shear_range: the greatest shear in degrees.
        zoom_range: a pair of factors, or a number: from 1 less it to 1 and it.
        channel_shift_range: how much to add to a channel, or take from it, at most.
        fill_mode: what lies outside an image: `constant`, `nearest`, `reflect` or `wrap`.
        cval: the value outside for `constant`.
        horizontal_flip: whether to exchange left and right at random.
        vertical_flip: whether to exchange top and bottom at random.
        rescale: a factor of all values, applied after `preprocessing_function`; None or 0 for none.
        preprocessing_function: takes and returns one image, after the random changes and before the rest.
        data_format: `channels_last` or `channels_first`; None for the default.
        validation_split: the part of the images that is for validation, from 0 to 1.
        brightness_range: a pair of factors of brightness; None for none.

    Attributes:
        mean, std, principal_components: what `fit` found, or what was set; None before.

    Raises:
        ValueError: a range is no pair, or an argument is out of its range.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0.0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        brightness_range: Any = None,
    ) -> None:
        if not 0 <= validation_split < 1:
            raise ValueError(f"`validation_split` must be at least 0 and below 1. Found: {validation_split}")
        if np.ndim(zoom_range) == 0:
            zoom_range = [1 - zoom_range, 1 + zoom_range]
        transforms.check_range("zoom_range", zoom_range)
        if brightness_range is not None:
            transforms.check_range("brightness_range", brightness_range)
        transforms.check_fill_mode(fill_mode)
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.shear_range = shear_range
        self.zoom_range = zoom_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = K.normalize_data_format(data_format)
        self._validation_split = validation_split
        self.brightness_range = brightness_range
        self.row_axis, self.col_axis, self.channel_axis = image_axes(self.data_format)
        self.mean: Any = None
        self.std: Any = None
        self.principal_components: Any = None
        self._settle_conflicts()

    def _settle_conflicts(self) -> None:
        """Switch on what other options need and off what they make needless."""
        implied = (
            ("zca_whitening", "featurewise_std_normalization", False),
            ("zca_whitening", "featurewise_center", True),
            ("featurewise_std_normalization", "featurewise_center", True),
            ("samplewise_std_normalization", "samplewise_center", True),
        )
        for option, other, value in implied:
            if getattr(self, option) and getattr(self, other) != value:
                setattr(self, other, value)
                warnings.warn(f"`{option}` sets `{other}` to {value}.", stacklevel=3)

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        sample_weight: Any = None,
    ) -> NumpyArrayIterator:
        """Return endless batches of changed images from an array: x, (x, y) or (x, y, weights).

        Args:
            x: images, rank 4.
            y: targets, one an image; None for none.
            batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset, sample_weight: see
                `NumpyArrayIterator`.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            sample_weight=sample_weight,
        )

    def flow_from_directory(
        self,
        directory: str,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
    ) -> DirectoryIterator:
        """Return endless batches of changed images from a folder that has a folder for each class.

        Args: see `DirectoryIterator`.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
        )

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Return one image normalized; options that need `fit` are left out, with a warning, before it.

        Args:
            x: one image.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x)
        if self.samplewise_std_normalization:
            x = x / (np.std(x) + K.epsilon())
        if self.featurewise_center and self._is_fitted("featurewise_center", self.mean):
            x = x - self.mean
        if self.featurewise_std_normalization and self._is_fitted("featurewise_std_normalization", self.std):
            x = x / (self.std + K.epsilon())
        if self.zca_whitening and self._is_fitted("zca_whitening", self.principal_components):
            x = (x.reshape(-1, np.prod(x.shape[-3:])) @ self.principal_components).reshape(x.shape)
        return x

    @staticmethod
    def _is_fitted(option: str, statistic: np.ndarray | None) -> bool:
        if statistic is None:
            warnings.warn(
                f"`{option}` has no effect before `fit`: call `.fit(numpy_data)` first.", stacklevel=3
            )
        return statistic is not None

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Return one image changed at random.

        Args:
            x: one image.
            seed: seeds NumPy's global generator; None leaves it as it is.
        """
        row_axis, col_axis, channel_axis = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        if seed is not None:
            np.random.seed(seed)
        matrices = self._draw_matrices(x.shape[row_axis], x.shape[col_axis])
        if matrices:
            matrix = functools.reduce(np.dot, matrices)
            x = transforms.transform_about_center(
                x, matrix, row_axis, col_axis, channel_axis, self.fill_mode, self.cval
            )
        if self.channel_shift_range:
            x = transforms.random_channel_shift(x, self.channel_shift_range, channel_axis)
        if self.horizontal_flip and np.random.random() < 0.5:
            x = transforms.flip_axis(x, col_axis)
        if self.vertical_flip and np.random.random() < 0.5:
            x = transforms.flip_axis(x, row_axis)
        if self.brightness_range is not None:
            x = transforms.random_brightness(x, self.brightness_range, self.data_format)
        return x

    def _draw_matrices(self, height: int, width: int) -> list[np.ndarray]:
        """Draw what moves pixels; the order of draws is Keras's, so that its seeds give its images."""
        matrices = []
        if self.rotation_range:
            matrices.append(transforms.rotation_matrix(transforms.draw_symmetric(self.rotation_range)))
        rows = transforms.draw_shift(self.height_shift_range, height)
        columns = transforms.draw_shift(self.width_shift_range, width)
        if rows or columns:
            matrices.append(transforms.shift_matrix(rows, columns))
        if self.shear_range:
            matrices.append(transforms.shear_matrix(transforms.draw_symmetric(self.shear_range)))
        zoom = transforms.draw_zoom(self.zoom_range)
        if np.any(zoom != 1):
            matrices.append(transforms.zoom_matrix(*zoom))
        return matrices

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find the mean, the deviation and the principal components that the options need.

        They are those of `x` as it is given: neither `rescale` nor `preprocessing_function` is applied.

        Args:
            x: a sample of the images, rank 4.
            augment: whether to take them from randomly changed images.
            rounds: how often to change each image.
            seed: seeds NumPy's global generator; None leaves it as it is.

        Raises:
            ValueError: the rank is not 4.
        """
        images = as_images(x, self.data_format)
        if seed is not None:
            np.random.seed(seed)
        if augment:
            images = np.array([self.random_transform(image) for _ in range(rounds) for image in images])
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(images, axis=axes, keepdims=True)[0]
            images = images - self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(images, axis=axes, keepdims=True)[0]
            images = images / (self.std + K.epsilon())
        if self.zca_whitening:
            flat = images.reshape(len(images), -1)
            covariance = flat.T @ flat / len(flat)
            directions, variances, _ = np.linalg.svd(covariance, hermitian=True)
            self.principal_components = directions / np.sqrt(variances + self.zca_epsilon) @ directions.T
