"""VGG19 (manual, section 13.3)."""

from __future__ import annotations

from typing import Any

from engine.applications.imagenet_utils import decode_predictions, preprocess_input
from engine.applications.pretrained import WeightFile
from engine.applications.vgg import make_vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

WEIGHTS_PATH = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/"
    "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
)
WEIGHTS_PATH_NO_TOP = (
    "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_FILES = {
    True: WeightFile(WEIGHTS_PATH, "cbe5617147190e668d6c5d5026f83318"),
    False: WeightFile(WEIGHTS_PATH_NO_TOP, "253f8cb515780f3b799900260a226db6"),
}


def VGG19(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:
    """Make the VGG model of 19 layers with weights: 16 convolutions, then 3 Dense layers.

    Images are 224x224 by default and at least 48x48.

    Args:
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014).
    """
    return make_vgg(
        "vgg19",
        (2, 2, 4, 4, 4),
        _FILES[include_top],
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
    )
