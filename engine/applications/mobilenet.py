"""MobileNet (manual, section 13.3)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.activations import relu6
from engine.applications import imagenet_utils
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.pretrained import (
    WeightFile,
    channels_last_only,
    check_arguments,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Reshape,
    ZeroPadding2D,
)

__all__ = ["DepthwiseConv2D", "MobileNet", "decode_predictions", "preprocess_input", "relu6"]

BASE_WEIGHT_PATH = "https://github.com/fchollet/deep-learning-models/releases/download/v0.6/"
# How the files call the widths that there are weights for.
_WIDTHS = {0.25: "2_5", 0.50: "5_0", 0.75: "7_5", 1.0: "1_0"}
_SIZES = (128, 160, 192, 224)
# Filters and strides of each depthwise block.
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def preprocess_input(x: Any) -> Any:
    """Scale images from -1 to 1; see `imagenet_utils.preprocess_input`."""
    return imagenet_utils.preprocess_input(x, mode="tf")


def choose_default_size(input_shape: Any, sizes: Sequence[int]) -> int:
    """Return the size of the images, where there are weights for it, and 224 elsewhere."""
    if input_shape is not None and input_shape[0] == input_shape[1] and input_shape[0] in sizes:
        return input_shape[0]
    return 224


def choose_weights(
    images: Any, alpha: float, depth_multiplier: int, widths: Sequence[float], sizes: Sequence[int]
) -> int:
    """Return the size of the images that there are weights for.

    Args:
        images: the model's input.
        alpha, depth_multiplier: the model's arguments.
        widths, sizes: what there are weights for.

    Raises:
        ValueError: there are none for these arguments.
    """
    if depth_multiplier != 1:
        raise ValueError(
            f"If imagenet weights are being loaded, depth multiplier must be 1. Found: {depth_multiplier}"
        )
    if alpha not in widths:
        raise ValueError(
            f"If imagenet weights are being loaded, alpha can be one of {list(widths)} only. Found: {alpha}"
        )
    rows, cols = K.int_shape(images)[1:3]
    if rows is None:
        warnings.warn(
            "MobileNet shape is undefined. Weights for input shape (224, 224) will be loaded.", stacklevel=3
        )
        return 224
    if rows != cols or rows not in sizes:
        raise ValueError(
            "If imagenet weights are being loaded, input must have a static square shape (one of "
            f"{[(size, size) for size in sizes]}). Input shape provided = {K.int_shape(images)[1:]}"
        )
    return rows


def _normalize(x: Any, name: str) -> Any:
    x = BatchNormalization(name=f"{name}_bn")(x)
    return Activation(relu6, name=f"{name}_relu")(x)


def _depthwise_block(x: Any, number: int, filters: int, depth_multiplier: int, strides: int) -> Any:
    x = ZeroPadding2D((1, 1), name=f"conv_pad_{number}")(x)
    x = DepthwiseConv2D(
        (3, 3),
        depth_multiplier=depth_multiplier,
        strides=strides,
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = _normalize(x, f"conv_dw_{number}")
    x = Conv2D(filters, (1, 1), padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _normalize(x, f"conv_pw_{number}")


def _classify(x: Any, channels: int, dropout: float, classes: int) -> Any:
    x = GlobalAveragePooling2D()(x)
    x = Reshape((1, 1, channels))(x)
    x = Dropout(dropout, name="dropout")(x)
    x = Conv2D(classes, (1, 1), padding="same", name="conv_preds")(x)
    x = Activation("softmax", name="act_softmax")(x)
    return Reshape((classes,))(x)


def MobileNet(  # noqa: N802 - Keras's name
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make MobileNet with weights; it takes images in `channels_last` only.

    Images are 224x224 by default and at least 32x32.

    Args:
        alpha: width of the network, which multiplies the filters of each layer.
        depth_multiplier: kernels of the depthwise convolutions for each channel.
        dropout: rate of dropout before the classes.
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications
    (2017).
    """
    check_arguments(weights, include_top, classes)
    with channels_last_only("MobileNet"):
        default_size = choose_default_size(input_shape, _SIZES)
        images = make_images(
            input_tensor, input_shape, weights, default_size, 32, require_flatten=include_top
        )
        if weights == "imagenet":
            size = choose_weights(images, alpha, depth_multiplier, list(_WIDTHS), _SIZES)
            suffix = "" if include_top else "_no_top"
            file = f"mobilenet_{_WIDTHS[alpha]}_{size}_tf{suffix}.h5"
            weights = WeightFile(BASE_WEIGHT_PATH + file).fetch()
        x = ZeroPadding2D((1, 1), name="conv1_pad")(images)
        x = Conv2D(int(32 * alpha), (3, 3), strides=(2, 2), use_bias=False, name="conv1")(x)
        x = _normalize(x, "conv1")
        for number, (filters, strides) in enumerate(_BLOCKS, start=1):
            x = _depthwise_block(x, number, int(filters * alpha), depth_multiplier, strides)
        x = _classify(x, int(1024 * alpha), dropout, classes) if include_top else pool_features(x, pooling)
        rows = K.int_shape(images)[1]
        return make_model(images, x, input_tensor, f"mobilenet_{alpha:0.2f}_{rows}", weights)
