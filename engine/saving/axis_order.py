"""Weights made for images in the other axis order."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import backend as K


def convert_dense_weights_data_format(
    dense: Any, previous_feature_map_shape: tuple[int, int, int], target_data_format: str = "channels_first"
) -> None:
    """Reorder the kernel of a Dense layer behind a Flatten for images in the other axis order.

    Args:
        dense: the layer.
        previous_feature_map_shape: shape of the images that will be flattened, in the new order, such as
            `(512, 7, 7)`.
        target_data_format: the new order.

    Raises:
        ValueError: the kernel does not fit the shape.
    """
    kernel, *others = dense.get_weights()
    if kernel.shape[0] != np.prod(previous_feature_map_shape):
        raise ValueError(
            f"The kernel of {dense.name!r} takes {kernel.shape[0]} inputs, which images of shape "
            f"{tuple(previous_feature_map_shape)} don't flatten to."
        )
    first, second, third = previous_feature_map_shape
    if K.normalize_data_format(target_data_format) == "channels_first":
        images = kernel.reshape((second, third, first, -1)).transpose(2, 0, 1, 3)
    else:
        images = kernel.reshape((third, first, second, -1)).transpose(1, 2, 0, 3)
    dense.set_weights([images.reshape(kernel.shape), *others])
