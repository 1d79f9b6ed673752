"""Arithmetic of windows that slide over axes: kernels, pools, strides and paddings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.layers.sizes import is_integer


def normalize_tuple(value: Any, n: int, name: str, minimum: int = 1) -> tuple[int, ...]:
    """Return `n` integers, from one for all axes or from one an axis.

    Args:
        value: an integer or `n` of them.
        n: number of axes.
        name: the argument's name, for errors.
        minimum: the least that each may be.

    Raises:
        ValueError: it is neither, or an integer is too small.
    """
    if is_integer(value):
        value = (value,) * n
    items = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    if len(items) != n or not all(is_integer(item) and item >= minimum for item in items):
        raise ValueError(
            f"The `{name}` argument must be a tuple of {n} integers of at least {minimum}. "
            f"Received: {value!r}"
        )
    return tuple(int(item) for item in items)


def normalize_padding(value: Any, causal: bool = False) -> str:
    """Return the padding's name in lower case.

    Raises:
        ValueError: it is none of `valid`, `same` (and `causal` where that is allowed).
    """
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    padding = str(value).lower()
    if padding not in allowed:
        raise ValueError(f"The `padding` argument must be one of {allowed}. Received: {value!r}")
    return padding


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """Return the number of window positions along an axis.

    Args:
        input_length: the axis's size; None where it is unknown.
        filter_size: the window's size.
        padding: `valid`, `same`, `causal` or `full`.
        stride: the distance between positions.
        dilation: the distance between the window's cells.
    """
    if input_length is None:
        return None
    span = filter_size + (filter_size - 1) * (dilation - 1)
    if padding == "valid":
        length = input_length - span + 1
    elif padding == "full":
        length = input_length + span - 1
    elif padding in ("same", "causal"):
        length = input_length
    else:
        raise ValueError(f"Unknown padding {padding!r}: use `valid`, `same`, `causal` or `full`.")
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """Return the size of the axis over which windows took `output_length` positions."""
    if output_length is None:
        return None
    margin = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * margin + filter_size


def deconv_length(
    dim_size: int | None,
    stride_size: int,
    kernel_size: int,
    padding: str,
    dilation: int = 1,
    output_padding: int | None = None,
) -> int | None:
    """Return the size that a transposed convolution makes of an axis.

    Args:
        dim_size: the axis's size; None where it is unknown.
        stride_size: how many cells of the output lie between two of the input.
        kernel_size: the kernel's size.
        padding: `valid`, `same` or `full`.
        dilation: the distance between the kernel's cells.
        output_padding: by how many cells the output is longer than the kernels reach; None for as many as fill the
            strides.
    """
    if dim_size is None:
        return None
    span = kernel_size + (kernel_size - 1) * (dilation - 1)
    if output_padding is not None:
        margin = {"same": span // 2, "valid": 0, "full": span - 1}[padding]
        return (dim_size - 1) * stride_size + span - 2 * margin + output_padding
    length = dim_size * stride_size
    if padding == "valid":
        return length + max(span - stride_size, 0)
    return length - (stride_size + span - 2) if padding == "full" else length


def spatial_axes(rank: int, data_format: str) -> range:
    """Return the positions of the `rank` spatial axes of a batch of images."""
    return range(1, rank + 1) if data_format == "channels_last" else range(2, rank + 2)


def check_spatial_sizes(layer: Any, input_shape: Any) -> None:
    """Look whether a layer leaves anything of the spatial axes of its input.

    Raises:
        ValueError: it does not.
    """
    output_shape = layer.compute_output_shape(input_shape)
    for axis in spatial_axes(layer.rank, layer.data_format):
        if output_shape[axis] is not None and output_shape[axis] < 1:
            raise ValueError(
                f"Layer {layer.name} leaves nothing of axis {axis} of its input, whose shape is "
                f"{tuple(input_shape)}: the input is too small for it."
            )


def channel_axis(data_format: str) -> int:
    """Return the position of the channels."""
    return -1 if data_format == "channels_last" else 1
