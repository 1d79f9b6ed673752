"""Convolutional recurrent layers (manual, section 5.6.5)."""

from engine.layers.convolutional_recurrent.base import ConvolutionalRNN
from engine.layers.convolutional_recurrent.cell import ConvLSTM2DCell, ConvLSTMCell
from engine.layers.convolutional_recurrent.layers import ConvLSTM, ConvLSTM2D, ConvRNN2D

__all__ = [
    "ConvLSTM",
    "ConvLSTM2D",
    "ConvLSTM2DCell",
    "ConvLSTMCell",
    "ConvRNN2D",
    "ConvolutionalRNN",
]
