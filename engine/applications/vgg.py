"""What VGG16 and VGG19 are both made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.applications.pretrained import (
    WeightFile,
    check_arguments,
    find_weights,
    make_images,
    make_model,
    pool_features,
)
from engine.layers import Conv2D, Dense, Flatten, MaxPooling2D
from engine.saving.axis_order import convert_dense_weights_data_format

_FILTERS = (64, 128, 256, 512, 512)


def make_vgg(
    name: str,
    depths: Sequence[int],
    file: WeightFile,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Any,
    pooling: str | None,
    classes: int,
) -> Any:
    """Stack blocks of 3x3 convolutions.

    Args:
        name: the model's name.
        depths: number of convolutions in each block.
        file: the weights of ImageNet.
        include_top, weights, input_tensor, input_shape, pooling, classes: see `engine.applications`.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition (2014).
    """
    check_arguments(weights, include_top, classes)
    images = make_images(input_tensor, input_shape, weights, 224, 48, require_flatten=include_top)
    x = images
    for block, (depth, filters) in enumerate(zip(depths, _FILTERS, strict=True), start=1):
        for number in range(1, depth + 1):
            x = Conv2D(filters, (3, 3), activation="relu", padding="same", name=f"block{block}_conv{number}")(
                x
            )
        x = MaxPooling2D((2, 2), strides=(2, 2), name=f"block{block}_pool")(x)
    features = x
    if include_top:
        x = Flatten(name="flatten")(x)
        x = Dense(4096, activation="relu", name="fc1")(x)
        x = Dense(4096, activation="relu", name="fc2")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    else:
        x = pool_features(x, pooling)
    model = make_model(images, x, input_tensor, name, find_weights(weights, file))
    if weights == "imagenet" and include_top and K.image_data_format() == "channels_first":
        # The file was made for images in the other order, which Flatten shows to the first Dense layer.
        shape: Any = K.int_shape(features)[1:]
        convert_dense_weights_data_format(model.get_layer("fc1"), shape)
    return model
