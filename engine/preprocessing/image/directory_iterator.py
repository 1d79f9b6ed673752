"""Images from a folder."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import backend as K
from engine.preprocessing.image.conversion import img_to_array
from engine.preprocessing.image.files import check_interpolation, load_img
from engine.preprocessing.image.image_iterator import ImageIterator, split_subset

if TYPE_CHECKING:
    from engine.preprocessing.image.generator import ImageDataGenerator

_CHANNELS = {"rgb": 3, "grayscale": 1}
_CLASS_MODES = ("categorical", "binary", "sparse", "input", None)
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")


class DirectoryIterator(ImageIterator):
    """Batches of images from a folder that has a folder for each class; see `flow_from_directory`.

    Args:
        directory: the folder.
        image_data_generator: what changes the images.
        target_size: (height, width) that images are resized to.
        color_mode: `rgb` or `grayscale`.
        classes: the names of the classes' folders; None for all there are, in alphabetical order.
        class_mode: what goes with the images: `categorical` (one-hot rows), `binary` (floats), `sparse` (class
            numbers), `input` (the images themselves) or None (nothing).
        batch_size: images a batch, but for the last.
        shuffle: whether to shuffle the images in each epoch.
        seed: makes order and changes repeatable.
        data_format: `channels_last` or `channels_first`; None for the default.
        save_to_dir: a folder that every changed image is saved in; None for none.
        save_prefix: what the saved files' names begin with.
        save_format: the saved files' format.
        follow_links: whether to follow links to folders.
        subset: `training` or `validation`, by the generator's `validation_split` of each class; None for all.
        interpolation: how images are resized; see `load_img`.

    Attributes:
        filenames: the images' paths within the folder, class by class.
        classes: the class number of each image.
        class_indices: the number of each class by its name.
        num_classes: the number of classes.
        samples: the number of images.

    Raises:
        ValueError: an argument is unknown, or no images are there.
        FileNotFoundError: the folder isn't there.
    """

    def __init__(
        self,
        directory: str,
        image_data_generator: ImageDataGenerator,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
    ) -> None:
        data_format = K.normalize_data_format(data_format)
        _check_choice("color_mode", color_mode, tuple(_CHANNELS))
        _check_choice("class_mode", class_mode, _CLASS_MODES)
        check_interpolation(interpolation)
        self.directory = directory
        self.target_size = (int(target_size[0]), int(target_size[1]))
        self.color_mode = color_mode
        self.class_mode = class_mode
        self.subset = subset
        self.interpolation = interpolation
        names = _find_classes(directory, classes)
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.num_classes = len(names)
        split = image_data_generator._validation_split
        self.filenames, self.classes = _list_images(directory, names, follow_links, split, subset)
        self.samples = len(self.filenames)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        if not self.samples:
            raise ValueError(
                f"No images were found in {directory}, {self.num_classes} classes: {names}. "
                f"Each class needs a folder of its own with files that end with {', '.join(_ENDINGS)}."
            )
        channels = _CHANNELS[color_mode]
        shape = (*self.target_size, channels)
        super().__init__(
            self.samples,
            batch_size,
            shuffle,
            seed,
            shape if data_format == "channels_last" else (channels, *self.target_size),
            image_data_generator,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
        )

    def _read_image(self, index: int) -> np.ndarray:
        image = load_img(
            os.path.join(self.directory, self.filenames[index]),
            grayscale=self.color_mode == "grayscale",
            target_size=self.target_size,
            interpolation=self.interpolation,
        )
        return img_to_array(image, data_format=self.data_format)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        images = self._make_images(index_array)
        if self.class_mode is None:
            return images
        if self.class_mode == "input":
            return images, images.copy()
        numbers = self.classes[index_array]
        if self.class_mode == "binary":
            return images, numbers.astype(K.floatx())
        if self.class_mode == "categorical":
            return images, np.eye(self.num_classes, dtype=K.floatx())[numbers]
        return images, numbers


def _check_choice(name: str, value: str | None, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        raise ValueError(f"Unknown `{name}`: {value!r}. Use one of {', '.join(map(repr, choices))}.")


def _find_classes(directory: str, wanted: list[str] | None) -> list[str]:
    """Return the names of the classes' folders."""
    there = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if wanted is None:
        return there
    missing = [name for name in wanted if not os.path.isdir(os.path.join(directory, name))]
    if missing:
        warnings.warn(f"{directory} has no folders {missing}. Found: {there}.", stacklevel=4)
    return list(wanted)


def _list_images(
    directory: str, classes: list[str], follow_links: bool, validation_split: float, subset: str | None
) -> tuple[list[str], np.ndarray]:
    """Return the paths of a subset's images within the directory, class by class, and their class numbers."""
    files = [_find_images(directory, name, follow_links) for name in classes]
    files = [paths[split_subset(len(paths), validation_split, subset)] for paths in files]
    numbers = np.repeat(np.arange(len(classes), dtype="int32"), [len(paths) for paths in files])
    return [path for paths in files for path in paths], numbers


def _find_images(directory: str, class_name: str, follow_links: bool) -> list[str]:
    """Return the paths of a class's images within the directory, folder by folder in alphabetical order."""
    folders = sorted(os.walk(os.path.join(directory, class_name), followlinks=follow_links))
    return [
        os.path.relpath(os.path.join(folder, name), directory)
        for folder, _, names in folders
        for name in sorted(names)
        if name.lower().endswith(_ENDINGS)
    ]
