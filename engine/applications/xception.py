"""Xception (manual, section 13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.applications import imagenet_utils
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.pretrained import (
    WeightFile,
    channels_last_only,
    check_arguments,
    find_weights,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    add,
)

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

TF_WEIGHTS_PATH = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.4/"
    "xception_weights_tf_dim_ordering_tf_kernels.h5"
)
TF_WEIGHTS_PATH_NO_TOP = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.4/"
    "xception_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_FILES = {
    True: WeightFile(TF_WEIGHTS_PATH, "0a58e3b7378bc2990ea3b43d5981f1f6"),
    False: WeightFile(TF_WEIGHTS_PATH_NO_TOP, "b0042744bf5b25fce3cb969f33bebb97"),
}


def preprocess_input(x: Any) -> Any:
    """Scale images from -1 to 1; see `imagenet_utils.preprocess_input`."""
    return imagenet_utils.preprocess_input(x, mode="tf")


def separable_convolution(x: Any, filters: int, name: str) -> Any:
    """Convolve each channel by itself, mix the channels, normalise."""
    x = SeparableConv2D(filters, (3, 3), padding="same", use_bias=False, name=name)(x)
    return BatchNormalization(name=f"{name}_bn")(x)


def shrinking_block(x: Any, block: int, filters: Sequence[int]) -> Any:
    """Add two separable convolutions and a pooling to a convolution with strides.

    Args:
        x: the input.
        block: number of the block.
        filters: filters of the two convolutions.
    """
    residual = Conv2D(filters[1], (1, 1), strides=(2, 2), padding="same", use_bias=False)(x)
    residual = BatchNormalization()(residual)
    for number, count in enumerate(filters, start=1):
        if block > 2 or number > 1:
            x = Activation("relu", name=f"block{block}_sepconv{number}_act")(x)
        x = separable_convolution(x, count, f"block{block}_sepconv{number}")
    x = MaxPooling2D((3, 3), strides=(2, 2), padding="same", name=f"block{block}_pool")(x)
    return add([x, residual])


def middle_block(x: Any, block: int) -> Any:
    """Add three separable convolutions to their input."""
    residual = x
    for number in (1, 2, 3):
        x = Activation("relu", name=f"block{block}_sepconv{number}_act")(x)
        x = separable_convolution(x, 728, f"block{block}_sepconv{number}")
    return add([x, residual])


def extract_features(x: Any) -> Any:
    """Return what the convolutions see in images."""
    for number, filters, strides in ((1, 32, 2), (2, 64, 1)):
        name = f"block1_conv{number}"
        x = Conv2D(filters, (3, 3), strides=strides, use_bias=False, name=name)(x)
        x = BatchNormalization(name=f"{name}_bn")(x)
        x = Activation("relu", name=f"{name}_act")(x)
    for block, filters in ((2, 128), (3, 256), (4, 728)):
        x = shrinking_block(x, block, (filters, filters))
    for block in range(5, 13):
        x = middle_block(x, block)
    x = shrinking_block(x, 13, (728, 1024))
    for number, filters in ((1, 1536), (2, 2048)):
        x = separable_convolution(x, filters, f"block14_sepconv{number}")
        x = Activation("relu", name=f"block14_sepconv{number}_act")(x)
    return x


def Xception(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make Xception with weights; it takes images in `channels_last` only.

    Images are 299x299 by default and at least 71x71.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2016).
    """
    check_arguments(weights, include_top, classes)
    with channels_last_only("Xception"):
        images = make_images(input_tensor, input_shape, weights, 299, 71, require_flatten=False)
        x = extract_features(images)
        if include_top:
            x = GlobalAveragePooling2D(name="avg_pool")(x)
            x = Dense(classes, activation="softmax", name="predictions")(x)
        else:
            x = pool_features(x, pooling)
        return make_model(images, x, input_tensor, "xception", find_weights(weights, _FILES[include_top]))
