"""Convolutions with gaps, which are `Conv1D` and `Conv2D` now."""

from __future__ import annotations

from typing import Any

from engine.layers.convolutional import Conv1D, Conv2D


def AtrousConvolution1D(*args: Any, atrous_rate: int = 1, **kwargs: Any) -> Any:  # noqa: N802 - Keras's name
    """Make a `Conv1D` layer whose `dilation_rate` is `atrous_rate`; the other arguments are its own."""
    kwargs["dilation_rate"] = atrous_rate
    return Conv1D(*args, **kwargs)


def AtrousConvolution2D(*args: Any, atrous_rate: Any = (1, 1), **kwargs: Any) -> Any:  # noqa: N802 - Keras's name
    """Make a `Conv2D` layer whose `dilation_rate` is `atrous_rate`; the other arguments are its own."""
    kwargs["dilation_rate"] = atrous_rate
    return Conv2D(*args, **kwargs)
