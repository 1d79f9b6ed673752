"""Images for the models of ImageNet, and the classes that come out (manual, section 13.2)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from engine import backend as K
from engine.downloads import get_file

CLASS_INDEX_PATH = "https://s3.amazonaws.com/deep-learning-models/image-models/imagenet_class_index.json"
CLASS_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"
CLASS_COUNT = 1000

# Of each mode: whether red and blue change places, the divisor, then what is subtracted from and what divides
# the channels.
_MODES: dict[str, tuple[bool, float, tuple[float, ...], tuple[float, ...]]] = {
    "caffe": (True, 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
    "tf": (False, 127.5, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    "torch": (False, 255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Scale images as the weights of ImageNet expect them.

    Args:
        x: RGB images with values from 0 to 255, an array or a symbolic tensor; an array is left as it is.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        mode: `caffe` (BGR less the mean of ImageNet), `tf` (from -1 to 1) or `torch` (from 0 to 1, then less the
            mean and divided by the standard deviation of ImageNet).

    Shapes:
        `(batch, rows, cols, 3)`, `(rows, cols, 3)`, or either with the channels in front of the rows.

    Raises:
        ValueError: the mode or the data format is unknown.
    """
    if mode not in _MODES:
        raise ValueError(f"Unknown mode {mode!r} of `preprocess_input`: use one of {sorted(_MODES)}.")
    channels_first = K.normalize_data_format(data_format) == "channels_first"
    swaps_colours, divisor, means, deviations = _MODES[mode]
    is_symbolic = K.is_tensor(x)
    if not is_symbolic:
        x = np.asarray(x)
        x = x if np.issubdtype(x.dtype, np.floating) else x.astype(K.floatx())
    axis = len(x.shape) - (3 if channels_first else 1)
    if swaps_colours:
        x = K.reverse(x, axis) if is_symbolic else np.flip(x, axis)

    def along_channels(values: tuple[float, ...]) -> Any:
        array = np.reshape(values, (3, 1, 1) if channels_first else (3,))
        return K.constant(array, dtype=K.dtype(x)) if is_symbolic else array.astype(x.dtype)

    return (x / divisor - along_channels(means)) / along_channels(deviations)


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Name the most probable classes of ImageNet.

    Args:
        preds: what a model with its top predicted.
        top: how many classes to name.

    Shapes:
        `(batch, 1000)`.

    Returns:
        For each sample a list of `(WordNet's number, name, probability)`, the most probable first.

    Raises:
        ValueError: `preds` has another shape.
    """
    if len(preds.shape) != 2 or preds.shape[1] != CLASS_COUNT:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions (i.e. a 2D array of shape (samples, 1000)). Found "
            f"array with shape: {preds.shape}"
        )
    path = get_file(
        "imagenet_class_index.json", CLASS_INDEX_PATH, cache_subdir="models", file_hash=CLASS_INDEX_HASH
    )
    classes = json.loads(Path(path).read_text())
    return [
        [(*classes[str(index)], sample[index]) for index in sample.argsort()[-top:][::-1]] for sample in preds
    ]


def _obtain_input_shape(
    input_shape: Any,
    default_size: int,
    min_size: int,
    data_format: str,
    require_flatten: bool,
    weights: Any = None,
) -> tuple[int | None, ...]:
    """Check the shape that a model's images shall have, or choose it.

    Args:
        input_shape: the shape that was asked for, or None.
        default_size: rows and columns where nothing was asked for.
        min_size: the fewest rows and columns that the model can do with.
        data_format: `channels_last` or `channels_first`.
        require_flatten: whether the model needs a known size, as one with a Dense top behind a Flatten does.
        weights: the model's argument; those of ImageNet take 3 channels.

    Raises:
        ValueError: the shape does not suit the model.
    """
    rows_axis, channel_axis = (1, 0) if data_format == "channels_first" else (0, 2)

    def shape_of(size: int | None, channels: int) -> tuple[int | None, ...]:
        return (channels, size, size) if data_format == "channels_first" else (size, size, channels)

    if input_shape is None:
        return shape_of(default_size if require_flatten else None, 3)
    if len(input_shape) != 3:
        raise ValueError("`input_shape` must be a tuple of three integers.")
    if weights == "imagenet" and require_flatten and tuple(input_shape) != shape_of(default_size, 3):
        raise ValueError(
            "When setting `include_top=True` and loading `imagenet` weights, `input_shape` should be "
            f"{shape_of(default_size, 3)}. Found: {tuple(input_shape)}"
        )
    _check_channels(input_shape, input_shape[channel_axis], weights)
    sizes = input_shape[rows_axis : rows_axis + 2]
    if any(size is not None and size < min_size for size in sizes):
        raise ValueError(
            f"Input size must be at least {min_size}x{min_size}; got `input_shape={input_shape}`"
        )
    if require_flatten and None in input_shape:
        raise ValueError(
            "If `include_top` is True, you should specify a static `input_shape`. Got "
            f"`input_shape={input_shape}`"
        )
    return tuple(input_shape)


def _check_channels(input_shape: Any, channels: Any, weights: Any) -> None:
    if weights == "imagenet" and channels != 3:
        raise ValueError(f"The input must have 3 channels; got `input_shape={input_shape}`")
    if channels not in (1, 3):
        warnings.warn(
            "This model usually expects 1 or 3 input channels. However, it was passed an input_shape with "
            f"{channels} input channels.",
            stacklevel=5,
        )
