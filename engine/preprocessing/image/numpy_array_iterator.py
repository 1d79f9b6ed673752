"""Images from an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine import backend as K
from engine.preprocessing.image.conversion import as_images
from engine.preprocessing.image.image_iterator import ImageIterator, split_subset

if TYPE_CHECKING:
    from engine.preprocessing.image.generator import ImageDataGenerator


class NumpyArrayIterator(ImageIterator):
    """Batches of images from an array, with what belongs to them; see `ImageDataGenerator.flow`.

    Args:
        x: images, rank 4.
        y: targets, one an image; None for none.
        image_data_generator: what changes the images.
        batch_size: images a batch, but for the last.
        shuffle: whether to shuffle the images in each epoch.
        seed: makes order and changes repeatable.
        data_format: `channels_last` or `channels_first`; None for the default.
        save_to_dir: a folder that every changed image is saved in; None for none.
        save_prefix: what the saved files' names begin with.
        save_format: the saved files' format.
        subset: `training` or `validation`, by the generator's `validation_split`; None for all images.
        sample_weight: weights, one an image; None for none.

    Raises:
        ValueError: lengths differ, the images' rank is not 4, the subset is unknown or has no images.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        sample_weight: Any = None,
    ) -> None:
        data_format = K.normalize_data_format(data_format)
        for name, further in (("y", y), ("sample_weight", sample_weight)):
            if further is not None and len(further) != len(x):
                raise ValueError(
                    f"`x` and `{name}` must be equally long. Found the shapes {np.shape(x)} and {np.shape(further)}."
                )
        part = split_subset(len(x), image_data_generator._validation_split, subset)
        self.x = as_images(x, data_format)[part]
        self.y = None if y is None else np.asarray(y)[part]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[part]
        super().__init__(
            len(self.x),
            batch_size,
            shuffle,
            seed,
            self.x.shape[1:],
            image_data_generator,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
        )

    def _read_image(self, index: int) -> np.ndarray:
        return self.x[index].copy()

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        images = self._make_images(index_array)
        if self.y is None:
            return images
        if self.sample_weight is None:
            return images, self.y[index_array]
        return images, self.y[index_array], self.sample_weight[index_array]
