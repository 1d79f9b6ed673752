"""Arithmetic of convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.backend import normalize_data_format
from engine.layers import windows
from engine.layers.windows import conv_input_length, conv_output_length, deconv_length, normalize_tuple
from engine.utils.late_imports import import_late

if TYPE_CHECKING:
    from engine.saving.weight_conversion import convert_kernel

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


__getattr__ = import_late(__name__, convert_kernel="engine.saving.weight_conversion")
