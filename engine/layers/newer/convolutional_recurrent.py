"""Convolutional long short-term memory over sequences and volumes. Not in Keras 2.1.6: files of later lines name it."""

from __future__ import annotations

from engine.layers.convolutional_recurrent import ConvLSTM, ConvLSTMCell
from engine.layers.registry import register_layer


@register_layer()
class ConvLSTM1DCell(ConvLSTMCell):
    """One step of `ConvLSTM1D`; arguments as of `ConvLSTM2DCell`."""

    rank = 1


@register_layer()
class ConvLSTM3DCell(ConvLSTMCell):
    """One step of `ConvLSTM3D`; arguments as of `ConvLSTM2DCell`."""

    rank = 3


@register_layer()
class ConvLSTM1D(ConvLSTM):
    """Long short-term memory over sequences; arguments as of `ConvLSTM2D`.

    Shapes:
        `(batch, steps, cells, channels)` to `(batch, new_cells, filters)`, or with `return_sequences`
        `(batch, steps, new_cells, filters)`; channels before cells with `channels_first`.
    """

    cell_class = ConvLSTM1DCell


@register_layer()
class ConvLSTM3D(ConvLSTM):
    """Long short-term memory over volumes; arguments as of `ConvLSTM2D`.

    Shapes:
        `(batch, steps, dim1, dim2, dim3, channels)` to `(batch, new_dim1, new_dim2, new_dim3, filters)`, or with
        `return_sequences` the same with all steps; channels first with `channels_first`.
    """

    cell_class = ConvLSTM3DCell
