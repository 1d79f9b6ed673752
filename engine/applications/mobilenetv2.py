"""MobileNetV2, which came to Keras after 2.1.6."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.activations import relu6
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.mobilenet import choose_default_size, choose_weights, preprocess_input
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
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    add,
)

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

BASE_WEIGHT_PATH = "https://github.com/JonathanCMitchell/mobilenet_v2_keras/releases/download/v1.1/"
_WIDTHS = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)
_SIZES = (96, 128, 160, 192, 224)
# Filters, strides and expansion of each block.
_BLOCKS = (
    (16, 1, 1),
    (24, 2, 6),
    (24, 1, 6),
    (32, 2, 6),
    *((32, 1, 6),) * 2,
    (64, 2, 6),
    *((64, 1, 6),) * 3,
    *((96, 1, 6),) * 3,
    (160, 2, 6),
    *((160, 1, 6),) * 2,
    (320, 1, 6),
)


def make_divisible(value: float, divisor: int = 8) -> int:
    """Return the multiple of `divisor` nearest to `value` that is at least 90 percent of it."""
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


def _normalize(x: Any, name: str) -> Any:
    return BatchNormalization(momentum=0.999, name=name)(x)


def inverted_residual_block(x: Any, number: int, filters: int, strides: int, expansion: int) -> Any:
    """Widen, convolve each channel by itself, narrow again; add the input where the shape stays.

    Args:
        x: the input.
        number: number of the block; the first does not widen.
        filters: channels of the result.
        strides: strides of the depthwise convolution.
        expansion: how many times wider it gets.
    """
    channels: Any = K.int_shape(x)[-1]
    name = f"block_{number}" if number else "expanded_conv"
    y = x
    if number:
        y = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}_expand")(y)
        y = _normalize(y, f"{name}_expand_BN")
        y = Activation(relu6, name=f"{name}_expand_relu")(y)
    y = DepthwiseConv2D(3, strides=strides, use_bias=False, padding="same", name=f"{name}_depthwise")(y)
    y = _normalize(y, f"{name}_depthwise_BN")
    y = Activation(relu6, name=f"{name}_depthwise_relu")(y)
    y = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project")(y)
    y = _normalize(y, f"{name}_project_BN")
    return add([x, y], name=f"{name}_add") if channels == filters and strides == 1 else y


def MobileNetV2(  # noqa: N802 - Keras's name
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make MobileNetV2 with weights; it takes images in `channels_last` only.

    Images are 224x224 by default and at least 32x32.

    Args:
        alpha: width of the network, which multiplies the filters of each layer.
        depth_multiplier: must be 1 for the weights of ImageNet; nothing else depends on it.
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks (2018).
    """
    check_arguments(weights, include_top, classes)
    with channels_last_only("MobileNetV2"):
        default_size = choose_default_size(input_shape, _SIZES)
        images = make_images(
            input_tensor, input_shape, weights, default_size, 32, require_flatten=include_top
        )
        if weights == "imagenet":
            size = choose_weights(images, alpha, depth_multiplier, _WIDTHS, _SIZES)
            suffix = "" if include_top else "_no_top"
            name = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_{size}{suffix}.h5"
            weights = WeightFile(BASE_WEIGHT_PATH + name).fetch()
        x = Conv2D(make_divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(
            images
        )
        x = Activation(relu6, name="Conv1_relu")(_normalize(x, "bn_Conv1"))
        for number, (filters, strides, expansion) in enumerate(_BLOCKS):
            x = inverted_residual_block(x, number, make_divisible(filters * alpha), strides, expansion)
        # Narrow networks keep the full width of the last layer, as in the paper.
        x = Conv2D(make_divisible(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
        x = Activation(relu6, name="out_relu")(_normalize(x, "Conv_1_bn"))
        if include_top:
            x = GlobalAveragePooling2D()(x)
            x = Dense(classes, activation="softmax", name="Logits")(x)
        else:
            x = pool_features(x, pooling)
        rows = K.int_shape(images)[1]
        return make_model(images, x, input_tensor, f"mobilenetv2_{alpha:0.2f}_{rows}", weights)
