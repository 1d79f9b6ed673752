"""ResNet50 (manual, section 13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.applications.imagenet_utils import decode_predictions, preprocess_input
from engine.applications.pretrained import (
    WeightFile,
    channel_axis,
    check_arguments,
    find_weights,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    MaxPooling2D,
    ZeroPadding2D,
    add,
)

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

WEIGHTS_PATH = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/"
    "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
)
WEIGHTS_PATH_NO_TOP = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/"
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_FILES = {
    True: WeightFile(WEIGHTS_PATH, "a7b3fe01876f51b976af0dea6bc144eb"),
    False: WeightFile(WEIGHTS_PATH_NO_TOP, "a268eb855778b3df3c7506639542a6af"),
}
# Of each stage: its blocks, and the filters of a block's three convolutions.
_STAGES = (
    (2, "abc", (64, 64, 256)),
    (3, "abcd", (128, 128, 512)),
    (4, "abcdef", (256, 256, 1024)),
    (5, "abc", (512, 512, 2048)),
)


def residual_block(x: Any, stage: int, block: str, filters: Sequence[int], strides: int = 1) -> Any:
    """Add three convolutions' result to their input.

    The first block of a stage brings its input to the result's shape by a convolution of its own.

    Args:
        x: the input.
        stage: number of the stage.
        block: letter of the block.
        filters: filters of the three convolutions.
        strides: strides of the first.
    """
    suffix = f"{stage}{block}_branch"

    def convolve(x: Any, filters: int, size: int, strides: int, branch: str) -> Any:
        x = Conv2D(
            filters,
            size,
            strides=strides,
            padding="same" if size > 1 else "valid",
            name=f"res{suffix}{branch}",
        )(x)
        return BatchNormalization(axis=channel_axis(), name=f"bn{suffix}{branch}")(x)

    y = Activation("relu")(convolve(x, filters[0], 1, strides, "2a"))
    y = Activation("relu")(convolve(y, filters[1], 3, 1, "2b"))
    y = convolve(y, filters[2], 1, 1, "2c")
    shortcut = convolve(x, filters[2], 1, strides, "1") if block == "a" else x
    return Activation("relu")(add([y, shortcut]))


def ResNet50(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make the residual network of 50 layers with weights.

    Images are 224x224 by default and at least 197x197.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: He et al., Deep Residual Learning for Image Recognition (2015).
    """
    check_arguments(weights, include_top, classes)
    images = make_images(input_tensor, input_shape, weights, 224, 197, require_flatten=include_top)
    x = ZeroPadding2D((3, 3), name="conv1_pad")(images)
    x = Conv2D(64, (7, 7), strides=(2, 2), name="conv1")(x)
    x = BatchNormalization(axis=channel_axis(), name="bn_conv1")(x)
    x = Activation("relu")(x)
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    for stage, blocks, filters in _STAGES:
        for block in blocks:
            x = residual_block(x, stage, block, filters, strides=2 if block == "a" and stage > 2 else 1)
    x = AveragePooling2D((7, 7), name="avg_pool")(x)
    if include_top:
        x = Flatten()(x)
        x = Dense(classes, activation="softmax", name="fc1000")(x)
    else:
        x = pool_features(x, pooling)
    return make_model(images, x, input_tensor, "resnet50", find_weights(weights, _FILES[include_top]))
