"""NASNet (manual, section 13.3)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.applications.imagenet_utils import decode_predictions
from engine.applications.inception_v3 import preprocess_input
from engine.applications.nasnet_cells import make_normal_cell, make_reduction_cell, normalize
from engine.applications.pretrained import (
    WeightFile,
    channels_last_only,
    check_arguments,
    find_weights,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import Activation, Conv2D, Dense, GlobalAveragePooling2D

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

_BASE_URL = "https://github.com/fchollet/deep-learning-models/releases/download/v0.8/"
# Keras knows no hashes of these.
_FILES = {
    ("mobile", True): WeightFile(f"{_BASE_URL}NASNet-mobile.h5", name="nasnet_mobile.h5"),
    ("mobile", False): WeightFile(f"{_BASE_URL}NASNet-mobile-no-top.h5", name="nasnet_mobile_no_top.h5"),
    ("large", True): WeightFile(f"{_BASE_URL}NASNet-large.h5", name="nasnet_large.h5"),
    ("large", False): WeightFile(f"{_BASE_URL}NASNet-large-no-top.h5", name="nasnet_large_no_top.h5"),
}


def extract_features(images: Any, stem_filters: int, filters: int, cells: int) -> Any:
    """Return what the cells see in images.

    Args:
        images: the input.
        stem_filters: filters of the first convolution.
        filters: filters of the first normal cells; doubled at each of two reductions.
        cells: normal cells before, between and after the reductions.
    """
    x = Conv2D(
        stem_filters,
        (3, 3),
        strides=(2, 2),
        use_bias=False,
        kernel_initializer="he_normal",
        name="stem_conv1",
    )(images)
    x = normalize(x, "stem_bn1")
    x, before = make_reduction_cell(x, None, filters // 4, "stem_1"), x
    x, before = make_reduction_cell(x, before, filters // 2, "stem_2"), x
    for stage in range(3):
        if stage:
            x, before = make_reduction_cell(x, before, filters * 2**stage, f"reduce_{stage * cells}"), x
        first = stage * cells + (stage > 0)
        for number in range(first, first + cells):
            x, before = make_normal_cell(x, before, filters * 2**stage, str(number)), x
    return Activation("relu")(x)


def _make_nasnet(
    kind: str,
    default_size: int,
    stem_filters: int,
    filters: int,
    cells: int,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Any,
    pooling: str | None,
    classes: int,
) -> Any:
    check_arguments(weights, include_top, classes)
    with channels_last_only("NASNet"):
        input_shape = input_shape or (default_size, default_size, 3)
        images = make_images(input_tensor, input_shape, weights, default_size, 32, require_flatten=False)
        if None in K.int_shape(images)[1:]:
            # How a cell brings its inputs together is chosen by their sizes.
            raise ValueError(f"NASNet needs images of a known size. Found: {K.int_shape(images)[1:]}")
        x = extract_features(images, stem_filters, filters, cells)
        if include_top:
            x = GlobalAveragePooling2D()(x)
            x = Dense(classes, activation="softmax", name="predictions")(x)
        else:
            x = pool_features(x, pooling)
        return make_model(images, x, input_tensor, "NASNet", find_weights(weights, _FILES[kind, include_top]))


def NASNetLarge(  # noqa: N802 - Keras's name
    input_shape: Any = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make NASNet-A (6 @ 4032) with weights; it takes images in `channels_last` only.

    Images are 331x331 by default and at least 32x32.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Zoph et al., Learning Transferable Architectures for Scalable Image Recognition (2017).
    """
    return _make_nasnet(
        "large", 331, 96, 168, 6, include_top, weights, input_tensor, input_shape, pooling, classes
    )


def NASNetMobile(  # noqa: N802 - Keras's name
    input_shape: Any = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make NASNet-A (4 @ 1056) with weights; it takes images in `channels_last` only.

    Images are 224x224 by default and at least 32x32.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Zoph et al., Learning Transferable Architectures for Scalable Image Recognition (2017).
    """
    return _make_nasnet(
        "mobile", 224, 32, 44, 4, include_top, weights, input_tensor, input_shape, pooling, classes
    )
