"""DenseNet (manual, section 13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.applications import imagenet_utils
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.pretrained import (
    WeightFile,
    channel_axis,
    check_arguments,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ZeroPadding2D,
)

__all__ = ["DenseNet", "DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

_URL = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.8/"
    "{name}_weights_tf_dim_ordering_tf_kernels{suffix}.h5"
)
_BLOCKS = {
    "densenet121": (6, 12, 24, 16),
    "densenet169": (6, 12, 32, 32),
    "densenet201": (6, 12, 48, 32),
}
# Of each model: the hashes of its weights with and without its top.
_HASHES = {
    "densenet121": ("0962ca643bae20f9b6771cb844dca3b0", "4912a53fbd2a69346e7f2c0b5ec8c6d3"),
    "densenet169": ("bcf9965cf5064a5f9eb6d7dc69386f43", "50662582284e4cf834ce40ab4dfa58c6"),
    "densenet201": ("7bb75edd58cb43163be7e0005fbe95ef", "1c2de60ee40562448dbac34a0737e798"),
}
_EPSILON = 1.001e-5
_GROWTH_RATE = 32


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Scale images by the mean and the deviation of ImageNet; see `imagenet_utils.preprocess_input`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")


def _normalize(x: Any, name: str) -> Any:
    return BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=name)(x)


def conv_block(x: Any, growth_rate: int, name: str) -> Any:
    """Put `growth_rate` new channels beside those of the input."""
    y = Activation("relu", name=f"{name}_0_relu")(_normalize(x, f"{name}_0_bn"))
    y = Conv2D(4 * growth_rate, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = Activation("relu", name=f"{name}_1_relu")(_normalize(y, f"{name}_1_bn"))
    y = Conv2D(growth_rate, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, y])


def transition_block(x: Any, reduction: float, name: str) -> Any:
    """Keep a share of the channels, and a quarter of the positions."""
    x = Activation("relu", name=f"{name}_relu")(_normalize(x, f"{name}_bn"))
    channels: Any = K.int_shape(x)[channel_axis()]
    x = Conv2D(int(channels * reduction), 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def DenseNet(  # noqa: N802 - Keras's name
    blocks: Sequence[int],
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make a densely connected network with weights.

    Images are 224x224 by default and at least 221x221.

    Args:
        blocks: number of layers in each of the four dense blocks.
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Raises:
        ValueError: weights of ImageNet are asked for, and there are none for these blocks.

    Source: Huang et al., Densely Connected Convolutional Networks (2016).
    """
    check_arguments(weights, include_top, classes)
    name = next((name for name, known in _BLOCKS.items() if known == tuple(blocks)), "densenet")
    if weights == "imagenet" and name not in _HASHES:
        raise ValueError(
            f"There are no weights of ImageNet for a DenseNet with blocks {tuple(blocks)}: use one of "
            f"{list(_BLOCKS.values())}, or `weights=None`."
        )
    images = make_images(input_tensor, input_shape, weights, 224, 221, require_flatten=include_top)
    x = ZeroPadding2D(((3, 3), (3, 3)))(images)
    x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1/conv")(x)
    x = Activation("relu", name="conv1/relu")(_normalize(x, "conv1/bn"))
    x = ZeroPadding2D(((1, 1), (1, 1)))(x)
    x = MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, depth in enumerate(blocks, start=2):
        if stage > 2:
            x = transition_block(x, 0.5, f"pool{stage - 1}")
        for number in range(1, depth + 1):
            x = conv_block(x, _GROWTH_RATE, f"conv{stage}_block{number}")
    x = _normalize(x, "bn")
    if include_top:
        x = GlobalAveragePooling2D(name="avg_pool")(x)
        x = Dense(classes, activation="softmax", name="fc1000")(x)
    else:
        x = pool_features(x, pooling, name=f"{pooling}_pool")
    if weights == "imagenet":
        suffix, index = ("", 0) if include_top else ("_notop", 1)
        weights = WeightFile(_URL.format(name=name, suffix=suffix), _HASHES[name][index]).fetch()
    return make_model(images, x, input_tensor, name, weights)


def DenseNet121(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make the DenseNet of 121 layers; see `DenseNet`."""
    return DenseNet(_BLOCKS["densenet121"], include_top, weights, input_tensor, input_shape, pooling, classes)


def DenseNet169(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make the DenseNet of 169 layers; see `DenseNet`."""
    return DenseNet(_BLOCKS["densenet169"], include_top, weights, input_tensor, input_shape, pooling, classes)


def DenseNet201(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make the DenseNet of 201 layers; see `DenseNet`."""
    return DenseNet(_BLOCKS["densenet201"], include_top, weights, input_tensor, input_shape, pooling, classes)
