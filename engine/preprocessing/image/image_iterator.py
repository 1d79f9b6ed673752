"""Batches of images, changed and perhaps saved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from engine import backend as K
from engine.preprocessing.image.conversion import array_to_img
from engine.preprocessing.image.iterator import Iterator

if TYPE_CHECKING:
    from engine.preprocessing.image.generator import ImageDataGenerator

# Saved images bear a number drawn below this, so that later epochs don't overwrite earlier ones.
_SAVED_NUMBERS = 10**7


class ImageIterator(Iterator):
    """Batches of images that an `ImageDataGenerator` changes, and which may be saved to look at.

    Args:
        n, batch_size, shuffle, seed: see `Iterator`.
        image_shape: the shape of one image.
        image_data_generator: what changes the images.
        data_format: `channels_last` or `channels_first`.
        save_to_dir: a folder that every image is saved in; None for none.
        save_prefix: what the saved files' names begin with.
        save_format: the saved files' format, such as `png` or `jpeg`.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        image_shape: tuple[int, ...],
        image_data_generator: ImageDataGenerator,
        data_format: str,
        save_to_dir: str | None,
        save_prefix: str,
        save_format: str,
    ) -> None:
        super().__init__(n, batch_size, shuffle, seed)
        self.image_shape = image_shape
        self.image_data_generator = image_data_generator
        self.data_format = data_format
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format

    def _read_image(self, index: int) -> np.ndarray:
        """Return the image with this number, in an array of its own."""
        raise NotImplementedError(f"{type(self).__name__} must define `_read_image`.")

    def _make_images(self, index_array: np.ndarray) -> np.ndarray:
        """Return the images with these numbers, changed."""
        images = np.zeros((len(index_array), *self.image_shape), dtype=K.floatx())
        for row, index in enumerate(index_array):
            changed = self.image_data_generator.random_transform(self._read_image(index))
            images[row] = self.image_data_generator.standardize(changed)
        if self.save_to_dir:
            for index, image in zip(index_array, images):
                name = f"{self.save_prefix}_{index}_{np.random.randint(_SAVED_NUMBERS)}.{self.save_format}"
                array_to_img(image, self.data_format).save(os.path.join(self.save_to_dir, name))
        return images


def split_subset(count: int, validation_split: float, subset: str | None) -> slice:
    """Return which of `count` samples are in a subset; validation has the first ones.

    Raises:
        ValueError: the subset is unknown.
    """
    boundary = int(validation_split * count)
    subsets = {None: slice(None), "training": slice(boundary, None), "validation": slice(boundary)}
    if subset not in subsets:
        raise ValueError(f'`subset` must be "training", "validation" or None. Found: {subset!r}')
    return subsets[subset]
