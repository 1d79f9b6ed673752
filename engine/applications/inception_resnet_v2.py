"""InceptionResNetV2 (manual, section 13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.inception_v3 import conv2d_bn, preprocess_input, stem
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
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Lambda,
    MaxPooling2D,
)
from engine.layers.core.expression import register_function

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

BASE_WEIGHT_URL = "https://github.com/fchollet/deep-learning-models/releases/download/v0.7/"
_NAME = "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels"
_FILES = {
    True: WeightFile(f"{BASE_WEIGHT_URL}{_NAME}.h5", "e693bd0210a403b3192acc6073ad2e96"),
    False: WeightFile(f"{BASE_WEIGHT_URL}{_NAME}_notop.h5", "d19885ff4a710c122648d3b5c3b684e4"),
}
# Of a residual block, by the size of the images: its branches, each a chain of (filters, kernel size).
_BRANCHES: dict[str, Sequence[Sequence[tuple[int, Any]]]] = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}


@register_function
def add_scaled(inputs: Sequence[Any], scale: float) -> Any:
    """Return the first tensor plus `scale` times the second."""
    return inputs[0] + inputs[1] * scale


def _chain(x: Any, convolutions: Sequence[tuple[int, Any]]) -> Any:
    for filters, kernel_size in convolutions:
        x = conv2d_bn(x, filters, kernel_size)
    return x


def inception_resnet_block(
    x: Any, scale: float, block_type: str, block_idx: int, activates: bool = True
) -> Any:
    """Add a share of what parallel convolutions see to their input.

    Args:
        x: the input.
        scale: the share.
        block_type: `block35`, `block17` or `block8`.
        block_idx: number of the block among those of its type.
        activates: whether the sum is cut below 0.
    """
    name = f"{block_type}_{block_idx}"
    branches = [_chain(x, convolutions) for convolutions in _BRANCHES[block_type]]
    mixed = Concatenate(axis=channel_axis(), name=f"{name}_mixed")(branches)
    channels: Any = K.int_shape(x)[channel_axis()]
    residual = Conv2D(channels, 1, padding="same", name=f"{name}_conv")(mixed)
    x = Lambda(add_scaled, arguments={"scale": scale}, name=name)([x, residual])
    return Activation("relu", name=f"{name}_ac")(x) if activates else x


def _shrink(x: Any, chains: Sequence[tuple[Sequence[tuple[int, Any]], int]], name: str) -> Any:
    """Halve the size by convolutions with strides, each behind a chain of others, and by pooling."""
    branches = [
        conv2d_bn(_chain(x, chain), filters, 3, strides=2, padding="valid") for chain, filters in chains
    ]
    branches.append(MaxPooling2D(3, strides=2)(x))
    return Concatenate(axis=channel_axis(), name=name)(branches)


def extract_features(x: Any) -> Any:
    """Return what the convolutions see in images."""
    x = stem(x)
    branches = [_chain(x, chain) for chain in (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)))]
    branches.append(conv2d_bn(AveragePooling2D(3, strides=1, padding="same")(x), 64, 1))
    x = Concatenate(axis=channel_axis(), name="mixed_5b")(branches)
    for number in range(1, 11):
        x = inception_resnet_block(x, 0.17, "block35", number)
    x = _shrink(x, (((), 384), (((256, 1), (256, 3)), 384)), "mixed_6a")
    for number in range(1, 21):
        x = inception_resnet_block(x, 0.1, "block17", number)
    x = _shrink(x, ((((256, 1),), 384), (((256, 1),), 288), (((256, 1), (288, 3)), 320)), "mixed_7a")
    for number in range(1, 10):
        x = inception_resnet_block(x, 0.2, "block8", number)
    x = inception_resnet_block(x, 1.0, "block8", 10, activates=False)
    return conv2d_bn(x, 1536, 1, name="conv_7b")


def InceptionResNetV2(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make Inception-ResNet v2 with weights.

    Images are 299x299 by default and at least 139x139.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Szegedy et al., Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning
    (2016).
    """
    check_arguments(weights, include_top, classes)
    images = make_images(input_tensor, input_shape, weights, 299, 139, require_flatten=False)
    x = extract_features(images)
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    else:
        x = pool_features(x, pooling)
    return make_model(
        images, x, input_tensor, "inception_resnet_v2", find_weights(weights, _FILES[include_top])
    )
