"""InceptionV3 (manual, section 13.3)."""

from __future__ import annotations

from typing import Any

from engine.applications import imagenet_utils
from engine.applications.imagenet_utils import decode_predictions
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
    GlobalAveragePooling2D,
    MaxPooling2D,
    concatenate,
)

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

WEIGHTS_PATH = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.5/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
)
WEIGHTS_PATH_NO_TOP = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.5/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_FILES = {
    True: WeightFile(WEIGHTS_PATH, "9a0d58056eeedaa3f26cb7ebd46da564"),
    False: WeightFile(WEIGHTS_PATH_NO_TOP, "bcbd6486424b2319ff4ef7d526e38f63"),
}


def preprocess_input(x: Any) -> Any:
    """Scale images from -1 to 1; see `imagenet_utils.preprocess_input`."""
    return imagenet_utils.preprocess_input(x, mode="tf")


def conv2d_bn(
    x: Any, filters: int, kernel_size: Any, strides: int = 1, padding: str = "same", name: str | None = None
) -> Any:
    """Convolve without a bias, normalise without a scale, cut below 0.

    Args:
        x: the input.
        filters, kernel_size, strides, padding: of the convolution.
        name: the convolution's name; the others get `_bn` and `_ac` behind it.
    """
    x = Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return Activation("relu", name=name and f"{name}_ac")(x)


def stem(x: Any) -> Any:
    """Bring images down to an eighth of their size."""
    x = conv2d_bn(x, 32, 3, strides=2, padding="valid")
    x = conv2d_bn(x, 32, 3, padding="valid")
    x = conv2d_bn(x, 64, 3)
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    x = conv2d_bn(x, 80, 1, padding="valid")
    x = conv2d_bn(x, 192, 3, padding="valid")
    return MaxPooling2D((3, 3), strides=(2, 2))(x)


def _average(x: Any) -> Any:
    return AveragePooling2D((3, 3), strides=(1, 1), padding="same")(x)


def _mix_at_35(x: Any, pool_filters: int, name: str) -> Any:
    single = conv2d_bn(x, 64, 1)
    five = conv2d_bn(conv2d_bn(x, 48, 1), 64, 5)
    double = conv2d_bn(conv2d_bn(conv2d_bn(x, 64, 1), 96, 3), 96, 3)
    pool = conv2d_bn(_average(x), pool_filters, 1)
    return concatenate([single, five, double, pool], axis=channel_axis(), name=name)


def _shrink_to_17(x: Any) -> Any:
    three = conv2d_bn(x, 384, 3, strides=2, padding="valid")
    double = conv2d_bn(conv2d_bn(x, 64, 1), 96, 3)
    double = conv2d_bn(double, 96, 3, strides=2, padding="valid")
    pool = MaxPooling2D((3, 3), strides=(2, 2))(x)
    return concatenate([three, double, pool], axis=channel_axis(), name="mixed3")


def _mix_at_17(x: Any, filters: int, name: str) -> Any:
    single = conv2d_bn(x, 192, 1)
    seven = conv2d_bn(x, filters, 1)
    seven = conv2d_bn(seven, filters, (1, 7))
    seven = conv2d_bn(seven, 192, (7, 1))
    double = conv2d_bn(x, filters, 1)
    for kernel_size in ((7, 1), (1, 7), (7, 1)):
        double = conv2d_bn(double, filters, kernel_size)
    double = conv2d_bn(double, 192, (1, 7))
    pool = conv2d_bn(_average(x), 192, 1)
    return concatenate([single, seven, double, pool], axis=channel_axis(), name=name)


def _shrink_to_8(x: Any) -> Any:
    three = conv2d_bn(conv2d_bn(x, 192, 1), 320, 3, strides=2, padding="valid")
    seven = conv2d_bn(x, 192, 1)
    seven = conv2d_bn(seven, 192, (1, 7))
    seven = conv2d_bn(seven, 192, (7, 1))
    seven = conv2d_bn(seven, 192, 3, strides=2, padding="valid")
    pool = MaxPooling2D((3, 3), strides=(2, 2))(x)
    return concatenate([three, seven, pool], axis=channel_axis(), name="mixed8")


def _mix_at_8(x: Any, number: int) -> Any:
    def split(x: Any, name: str | None) -> Any:
        halves = [conv2d_bn(x, 384, (1, 3)), conv2d_bn(x, 384, (3, 1))]
        return concatenate(halves, axis=channel_axis(), name=name)

    single = conv2d_bn(x, 320, 1)
    three = split(conv2d_bn(x, 384, 1), f"mixed9_{number}")
    double = split(conv2d_bn(conv2d_bn(x, 448, 1), 384, 3), None)
    pool = conv2d_bn(_average(x), 192, 1)
    return concatenate([single, three, double, pool], axis=channel_axis(), name=f"mixed{9 + number}")


def InceptionV3(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make Inception v3 with weights.

    Images are 299x299 by default and at least 139x139.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2015).
    """
    check_arguments(weights, include_top, classes)
    images = make_images(input_tensor, input_shape, weights, 299, 139, require_flatten=False)
    x = stem(images)
    for number, pool_filters in enumerate((32, 64, 64)):
        x = _mix_at_35(x, pool_filters, f"mixed{number}")
    x = _shrink_to_17(x)
    for number, filters in enumerate((128, 160, 160, 192), start=4):
        x = _mix_at_17(x, filters, f"mixed{number}")
    x = _shrink_to_8(x)
    for number in (0, 1):
        x = _mix_at_8(x, number)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    else:
        x = pool_features(x, pooling)
    return make_model(images, x, input_tensor, "inception_v3", find_weights(weights, _FILES[include_top]))
