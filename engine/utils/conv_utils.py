"""Arithmetic of convolutions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.backend import normalize_data_format
from engine.layers import windows
from engine.layers.windows import conv_input_length, conv_output_length, deconv_length, normalize_tuple

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


def __getattr__(name: str) -> Any:
    # Of `engine.saving`, which is imported late.
    if name == "convert_kernel":
        return getattr(import_module("engine.saving.weight_conversion"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
