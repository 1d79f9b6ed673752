"""The cells of NASNet, which a search found (Zoph et al. 2017)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
    add,
    concatenate,
)


def normalize(x: Any, name: str) -> Any:
    """Normalise with NASNet's momentum."""
    return BatchNormalization(momentum=0.9997, name=name)(x)


def _project(x: Any, filters: int, name: str) -> Any:
    return Conv2D(filters, (1, 1), padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(
        x
    )


def _separable(x: Any, filters: int, size: int, cell: str, strides: int = 1) -> Any:
    """Convolve twice, each after a cut below 0; the first time with strides."""
    for number in (1, 2):
        x = Activation("relu")(x)
        x = SeparableConv2D(
            filters,
            size,
            strides=strides if number == 1 else 1,
            padding="same",
            use_bias=False,
            name=f"separable_conv_{number}_{cell}",
        )(x)
        x = normalize(x, f"separable_conv_{number}_bn_{cell}")
    return x


def _adjust(before: Any, x: Any, filters: int, cell: str) -> Any:
    """Give the output of the cell before last the size of the last one's and the cell's filters."""
    if before is None:
        return x
    if K.int_shape(before)[1] != K.int_shape(x)[1]:
        before = Activation("relu", name=f"adjust_relu_1_{cell}")(before)
        # Half of the channels see every other pixel, the other half those between them.
        shifted = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(before))
        halves = []
        for number, half in enumerate((before, shifted), start=1):
            half = AveragePooling2D((1, 1), strides=(2, 2), name=f"adjust_avg_pool_{number}_{cell}")(half)
            halves.append(_project(half, filters // 2, f"adjust_conv_{number}_{cell}"))
        return normalize(concatenate(halves), f"adjust_bn_{cell}")
    if K.int_shape(before)[-1] != filters:
        before = _project(Activation("relu")(before), filters, f"adjust_conv_projection_{cell}")
        return normalize(before, f"adjust_bn_{cell}")
    return before


def make_normal_cell(x: Any, before: Any, filters: int, cell: str) -> Any:
    """Combine the outputs of the last two cells at their size.

    Args:
        x: the last cell's output.
        before: the output of the one before.
        filters: filters of each part; the output has six times as many channels.
        cell: the cell's name.
    """
    p = _adjust(before, x, filters, cell)
    h = normalize(_project(Activation("relu")(x), filters, f"normal_conv_1_{cell}"), f"normal_bn_1_{cell}")

    def separable(x: Any, size: int, name: str) -> Any:
        return _separable(x, filters, size, f"normal_{name}_{cell}")

    def average(x: Any, name: str) -> Any:
        return AveragePooling2D((3, 3), strides=(1, 1), padding="same", name=f"normal_{name}_{cell}")(x)

    pairs = (
        [separable(h, 5, "left1"), separable(p, 3, "right1")],
        [separable(p, 5, "left2"), separable(p, 3, "right2")],
        [average(h, "left3"), p],
        [average(p, "left4"), average(p, "right4")],
        [separable(h, 3, "left5"), h],
    )
    sums = [add(pair, name=f"normal_add_{number}_{cell}") for number, pair in enumerate(pairs, start=1)]
    return concatenate([p, *sums], name=f"normal_concat_{cell}")


def make_reduction_cell(x: Any, before: Any, filters: int, cell: str) -> Any:
    """Combine the outputs of the last two cells at half their size.

    Args:
        x: the last cell's output.
        before: the output of the one before, or None.
        filters: filters of each part; the output has four times as many channels.
        cell: the cell's name.
    """
    p = _adjust(before, x, filters, cell)
    h = _project(Activation("relu")(x), filters, f"reduction_conv_1_{cell}")
    h = normalize(h, f"reduction_bn_1_{cell}")

    def separable(x: Any, size: int, name: str, strides: int = 2) -> Any:
        return _separable(x, filters, size, f"reduction_{name}_{cell}", strides)

    def pool(layer: Any, x: Any, name: str, strides: int = 2) -> Any:
        return layer((3, 3), strides=strides, padding="same", name=f"reduction_{name}_{cell}")(x)

    first = add([separable(h, 5, "left1"), separable(p, 7, "1")], name=f"reduction_add_1_{cell}")
    second = add([pool(MaxPooling2D, h, "left2"), separable(p, 7, "right2")], name=f"reduction_add_2_{cell}")
    third = add(
        [pool(AveragePooling2D, h, "left3"), separable(p, 5, "right3")], name=f"reduction_add3_{cell}"
    )
    fourth = add([second, pool(AveragePooling2D, first, "left4", strides=1)])
    fifth = add(
        [separable(first, 3, "left4", strides=1), pool(MaxPooling2D, h, "right5")],
        name=f"reduction_add4_{cell}",
    )
    return concatenate([second, third, fourth, fifth], name=f"reduction_concat_{cell}")
