"""What all applications do alike: check arguments, make the input, pool the features, load weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import backend as K
from engine.applications.imagenet_utils import CLASS_COUNT, _obtain_input_shape
from engine.downloads import get_file
from engine.layers import GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from engine.layers.input import get_source_inputs
from engine.models import Model

_POOLINGS = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


@dataclass(frozen=True)
class WeightFile:
    """Weights trained on ImageNet.

    Args:
        url: where they are.
        md5: what the file hashes to, where Keras knows it.
        name: the file's name in the cache; the last part of the URL by default.
    """

    url: str
    md5: str | None = None
    name: str | None = None

    def fetch(self) -> str:
        """Return the file's path in the cache, downloading it first where it is not there."""
        name = self.name or self.url.rpartition("/")[2]
        return get_file(name, self.url, cache_subdir="models", file_hash=self.md5)


def find_weights(weights: Any, file: WeightFile) -> Any:
    """Return the path of the weights that a model's argument asks for, or None."""
    return file.fetch() if weights == "imagenet" else weights


def check_arguments(weights: Any, include_top: bool, classes: int) -> None:
    """Refuse weights that there are not, or that have another number of classes.

    Raises:
        ValueError: see above.
    """
    if weights not in (None, "imagenet") and not Path(weights).exists():
        raise ValueError(
            "The `weights` argument should be either `None` (random initialization), `imagenet` (pre-training on "
            f"ImageNet), or the path to the weights file to be loaded. Found: {weights!r}"
        )
    if weights == "imagenet" and include_top and classes != CLASS_COUNT:
        raise ValueError(
            "If using `weights` as imagenet with `include_top` as true, `classes` should be "
            f"{CLASS_COUNT}. Found: {classes}"
        )


def make_images(
    input_tensor: Any,
    input_shape: Any,
    weights: Any,
    default_size: int,
    min_size: int,
    require_flatten: bool,
) -> Any:
    """Return the tensor of images that a model begins with.

    Args:
        input_tensor, input_shape, weights: the model's arguments.
        default_size: rows and columns where no shape was asked for.
        min_size: the fewest rows and columns that the model can do with.
        require_flatten: whether the model needs a known size.

    Raises:
        ValueError: the shape does not suit the model.
    """
    shape = _obtain_input_shape(
        input_shape, default_size, min_size, K.image_data_format(), require_flatten, weights
    )
    if input_tensor is None:
        return Input(shape=shape)
    return input_tensor if K.is_keras_tensor(input_tensor) else Input(tensor=input_tensor, shape=shape)


def channel_axis() -> int:
    """Return the axis of the channels in Keras's image format."""
    return 1 if K.image_data_format() == "channels_first" else 3


def pool_features(x: Any, pooling: str | None, name: str | None = None) -> Any:
    """Pool a model's last features over rows and columns.

    Args:
        x: the features.
        pooling: `avg`, `max`, or None to leave them as they are.
        name: the layer's name.

    Raises:
        ValueError: `pooling` is something else.
    """
    if pooling is None:
        return x
    if pooling not in _POOLINGS:
        raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Found: {pooling!r}")
    return _POOLINGS[pooling](name=name)(x)


def make_model(images: Any, outputs: Any, input_tensor: Any, name: str, weights: Any) -> Any:
    """Return the model between images and outputs, with its weights.

    Args:
        images: what `make_images` returned.
        outputs: the model's output.
        input_tensor: the argument; the model begins where it comes from.
        name: the model's name.
        weights: the path of a file, or None.
    """
    inputs = images if input_tensor is None else get_source_inputs(images)
    model = Model(inputs, outputs, name=name)
    if weights is not None:
        model.load_weights(weights)
    return model


@contextmanager
def channels_last_only(name: str) -> Iterator[None]:
    """Build a model in `channels_last` whatever Keras's image format is, as Keras does for some.

    Args:
        name: the model's name, for the warning.
    """
    before = K.image_data_format()
    if before != "channels_last":
        warnings.warn(
            f"The {name} model is only available for the input data format `channels_last` (height, width, "
            "channels), which it takes now. Set `image_data_format='channels_last'` in your Keras config.",
            stacklevel=4,
        )
    K.set_image_data_format("channels_last")
    try:
        yield
    finally:
        K.set_image_data_format(before)
