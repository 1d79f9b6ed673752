"""Reading images and changing them at random while a model trains (manual, section 6.3)."""

from engine.preprocessing.image.conversion import array_to_img, img_to_array
from engine.preprocessing.image.directory_iterator import DirectoryIterator
from engine.preprocessing.image.files import list_pictures, load_img, save_img
from engine.preprocessing.image.generator import ImageDataGenerator
from engine.preprocessing.image.iterator import Iterator
from engine.preprocessing.image.numpy_array_iterator import NumpyArrayIterator
from engine.preprocessing.image.transforms import (
    apply_transform,
    flip_axis,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
    transform_matrix_offset_center,
)

__all__ = [
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_transform",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "list_pictures",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "transform_matrix_offset_center",
]
