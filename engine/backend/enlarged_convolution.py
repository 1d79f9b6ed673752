"""A convolution of an enlarged image, without the enlarged image.

Rows and columns that are repeated give a window the same cell several times: on an image of doubled rows and
columns a window of 3x3 covers 2x2 cells of the image itself. So the results at each place within a repeated cell,
called a phase here, are a convolution of the small image by a smaller kernel, whose cells are sums of the kernel's.
All phases are one convolution, by 4/9 of the products in this case (as in Shi et al. 2016, arXiv:1609.05158).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.backend.convolution import conv2d
from engine.backend.padded_convolution import convolve_padded
from engine.backend.resizing import resize_images
from engine.backend.windows import from_channels_first, to_channels_first

# Products that must be saved at least for each result and in all, and cells of all images of a batch.
_FEWEST_SAVED_BY_RESULT, _FEWEST_SAVED, _FEWEST_CELLS = 64, 2**22, 1024


@dataclass(frozen=True)
class Axis:
    """How the windows of an axis, padded as `same` asks, fall on its cells before they were repeated.

    Args:
        factor: how often each cell is repeated.
        width: cells of a window.
    """

    factor: int
    width: int

    @functools.cached_property
    def starts(self) -> list[int]:
        """The first cell that a window covers, phase by phase, counted from the cell that is repeated."""
        return [(phase - (self.width - 1) // 2) // self.factor for phase in range(self.factor)]

    @functools.cached_property
    def length(self) -> int:
        """The most cells that a window covers."""
        return max(cell for cells in self._cells for cell in cells) + 1

    @property
    def _cells(self) -> list[list[int]]:
        """The cell under each place of a window, counted from the first one, phase by phase."""
        before = (self.width - 1) // 2
        return [
            [(phase + place - before) // self.factor - start for place in range(self.width)]
            for phase, start in enumerate(self.starts)
        ]

    @property
    def sums(self) -> list[list[list[float]]]:
        """Which places of a window add up to each cell: (phase, cell, place)."""
        return [
            [[float(cell == each) for each in cells] for cell in range(self.length)] for cells in self._cells
        ]

    @property
    def padding(self) -> tuple[int, int]:
        """Cells to add before and after the axis."""
        return -self.starts[0], self.starts[-1] + self.length - 1

    @property
    def offsets(self) -> list[int]:
        """Where the results of each phase begin."""
        return [start - self.starts[0] for start in self.starts]


Axes = tuple[Axis, Axis]


@functools.cache
def _list_sums(axes: Axes) -> list[list[float]]:
    """Return a matrix from the places of a window to the cells of all phases' kernels."""
    rows, columns = axes
    return [
        [row * column for row in by_row for column in by_column]
        for row_phase in rows.sums
        for column_phase in columns.sums
        for by_row in row_phase
        for by_column in column_phase
    ]


def _make_weight(kernel: torch.Tensor, axes: Axes) -> torch.Tensor:
    """Return the kernels of all phases as one weight in torch's order: (phases * filters, channels, *window)."""
    height, width, channels, filters = kernel.shape
    rows, columns = axes
    sums = torch.tensor(_list_sums(axes), dtype=kernel.dtype, device=kernel.device)
    cells = sums @ kernel.reshape(height * width, channels * filters)
    phases = cells.view(rows.factor * columns.factor, rows.length, columns.length, channels, filters)
    return phases.permute(0, 4, 3, 1, 2).reshape(-1, channels, rows.length, columns.length)


def _list_phases(
    phases: torch.Tensor, whole: torch.Tensor, axes: Axes
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return, phase by phase, the same cells of both layouts, as views.

    Args:
        phases: (batch, rows, columns, phases * filters).
        whole: (batch, rows, row phases, columns, column phases, filters).
    """
    rows, columns = axes
    _, height, _, width, _, filters = whole.shape
    return [
        (
            phases[:, top : top + height, left : left + width].narrow(
                3, (row * columns.factor + column) * filters, filters
            ),
            whole[:, :, row, :, column],
        )
        for row, top in enumerate(rows.offsets)
        for column, left in enumerate(columns.offsets)
    ]


class _Interleaving(torch.autograd.Function):
    """Put the results of all phases where they belong."""

    @staticmethod
    def forward(ctx: Any, phases: torch.Tensor, height: int, width: int, axes: Axes) -> torch.Tensor:
        ctx.sizes, ctx.axes = phases.shape, axes
        batch, filters = phases.shape[0], phases.shape[3] // (axes[0].factor * axes[1].factor)
        whole = phases.new_empty(batch, height, axes[0].factor, width, axes[1].factor, filters)
        for source, target in _list_phases(phases, whole, axes):
            target.copy_(source)
        return whole

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        return _Separation.apply(gradients[0], ctx.sizes, ctx.axes), None, None, None


class _Separation(torch.autograd.Function):
    """The transpose of `_Interleaving`, with zeros where a phase has no results."""

    @staticmethod
    def forward(ctx: Any, whole: torch.Tensor, sizes: Sequence[int], axes: Axes) -> torch.Tensor:
        ctx.sizes, ctx.axes = whole.shape, axes
        phases = whole.new_zeros(sizes)
        for target, source in _list_phases(phases, whole, axes):
            target.copy_(source)
        return phases

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        return _Interleaving.apply(gradients[0], ctx.sizes[1], ctx.sizes[3], ctx.axes), None, None


def _is_cheaper(x: torch.Tensor, kernel: torch.Tensor, axes: Axes) -> bool:
    """Tell whether phases save enough products for what it costs to sum kernels and to put cells in order.

    The bounds were measured on processors.
    """
    batch, channels, height, width = x.shape
    rows, columns = axes
    more = (height + 1) * (width + 1) / (height * width)
    saved = channels * (rows.width * columns.width - rows.length * columns.length * more)
    results = batch * height * width * rows.factor * columns.factor * kernel.shape[-1]
    return (
        x.device.type == "cpu"
        and batch * height * width >= _FEWEST_CELLS
        and saved >= _FEWEST_SAVED_BY_RESULT
        and saved * results >= _FEWEST_SAVED
    )


def convolve_by_phases(
    x: torch.Tensor, kernel: torch.Tensor, axes: Axes, bias: torch.Tensor | None = None, rectify: bool = False
) -> torch.Tensor:
    """Convolve what would be enlarged, channels first; sums of a kernel's cells are rounded before products."""
    rows, columns = axes
    biases = None if bias is None else bias.repeat(rows.factor * columns.factor)
    amounts = [axis.padding for axis in axes]
    phases = convolve_padded(x, _make_weight(kernel, axes), amounts, bias=biases, rectify=rectify)
    whole = _Interleaving.apply(phases.movedim(1, -1), *x.shape[2:], axes)
    return whole.flatten(3, 4).flatten(1, 2).movedim(-1, 1)


def convolve_enlarged(
    x: torch.Tensor,
    height_factor: int,
    width_factor: int,
    kernel: torch.Tensor,
    data_format: str,
    bias: torch.Tensor | None = None,
    rectify: bool = False,
) -> torch.Tensor:
    """Return `K.conv2d` with `same` padding of `K.resize_images`, whose arguments these are."""
    axes = Axis(height_factor, kernel.shape[0]), Axis(width_factor, kernel.shape[1])
    images = to_channels_first(x, data_format)
    if _is_cheaper(images, kernel, axes):
        return from_channels_first(convolve_by_phases(images, kernel, axes, bias, rectify), data_format)
    enlarged = resize_images.compute(x, height_factor, width_factor, data_format)  # type: ignore[attr-defined]
    settings = {"padding": "same", "data_format": data_format, "bias": bias, "rectify": rectify}
    return conv2d.compute(enlarged, kernel, **settings)  # type: ignore[attr-defined]
