"""Arithmetic of convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backend import normalize_data_format
from engine.layers import windows
from engine.layers.windows import conv_input_length, conv_output_length, deconv_length, normalize_tuple

__all__ = [
    "conv_input_length",
    "conv_output_length",
    "convert_kernel",
    "deconv_length",
    "normalize_data_format",
    "normalize_padding",
    "normalize_tuple",
]


def normalize_padding(value: Any) -> str:
    """Return the padding's name in lower case.

    Raises:
        ValueError: it is none of `valid`, `same`, `causal`.
    """
    return windows.normalize_padding(value, causal=True)


def convert_kernel(kernel: Any) -> np.ndarray:
    """Return a kernel turned round in space: from Theano's convolution to correlation, or back.

    Args:
        kernel: the kernel of a convolution over one, two or three axes.

    Shapes: (*space, in, out) -> the same.

    Raises:
        ValueError: it has another number of axes.
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"A convolution kernel has 3 to 5 axes. Found shape: {kernel.shape}")
    return np.flip(kernel, axis=tuple(range(kernel.ndim - 2))).copy()
