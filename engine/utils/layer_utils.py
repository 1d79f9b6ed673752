"""What layers hold, and their weights from other axis orders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine import backend as K
from engine.layers import Conv1D, Conv2D, Conv2DTranspose, Conv3D
from engine.layers.connections import unique
from engine.models.summary import print_summary
from engine.utils import conv_utils
from engine.utils.late_imports import import_late

if TYPE_CHECKING:
    from engine.saving.axis_order import convert_dense_weights_data_format

__all__ = [
    "convert_all_kernels_in_model",
    "convert_dense_weights_data_format",
    "count_params",
    "print_summary",
]


def count_params(weights: Iterable[Any]) -> int:
    """Return the number of elements in some weights; one that occurs twice counts once."""
    return sum(K.count_params(weight) for weight in unique(list(weights)))


def convert_all_kernels_in_model(model: Any) -> None:
    """Turn the kernels of all convolutions round in space: from Theano's convolution to correlation, or back."""
    for layer in model.layers:
        if isinstance(layer, (Conv1D, Conv2D, Conv2DTranspose, Conv3D)):
            kernel, *others = layer.get_weights()
            layer.set_weights([conv_utils.convert_kernel(kernel), *others])


__getattr__ = import_late(__name__, convert_dense_weights_data_format="engine.saving.axis_order")
