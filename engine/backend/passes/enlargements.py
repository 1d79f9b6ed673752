"""Convolutions of images whose rows and columns are repeated, made of the images as they were."""

from __future__ import annotations

from typing import Any

from torch import fx

from engine.backend import convolution, resizing
from engine.backend.config import normalize_data_format
from engine.backend.enlarged_convolution import convolve_enlarged
from engine.backend.passes.convolutions import feeds_only, list_recorded
from engine.backend.rewriting import find_calls, read_arguments, replace_call

_CONVOLUTION = list_recorded(convolution, "conv2d")
_ENLARGEMENT = list_recorded(resizing, "resize_images")
# What the convolution may not have otherwise.
_SETTINGS: dict[str, Any] = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1}


def convolve_before_enlarging(graph: fx.Graph) -> None:
    """Let convolutions read images that only they read before rows and columns are repeated."""
    for call in find_calls(graph, *_CONVOLUTION):
        settings = read_arguments(call)
        enlarged = settings["x"]
        if not feeds_only(enlarged, _ENLARGEMENT) or not _is_plain(settings):
            continue
        source = read_arguments(enlarged)
        formats = {normalize_data_format(each["data_format"]) for each in (settings, source)}
        if len(formats) == 1:
            factors = source["height_factor"], source["width_factor"]
            weights = settings["kernel"], formats.pop(), settings["bias"], settings["rectify"]
            replace_call(call, convolve_enlarged, source["x"], *factors, *weights)
            graph.erase_node(enlarged)


def _is_plain(settings: dict[str, Any]) -> bool:
    found = {name: settings[name] for name in _SETTINGS}
    return {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()} == _SETTINGS
