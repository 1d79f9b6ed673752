"""Layers of Keras 1 that Keras 2.1.6 still reads and makes."""

from engine.layers.legacy.convolutional import AtrousConvolution1D, AtrousConvolution2D
from engine.layers.legacy.convolutional_recurrent import ConvRecurrent2D
from engine.layers.legacy.core import Highway, MaxoutDense, TimeDistributedDense
from engine.layers.legacy.merge import Merge, merge
from engine.layers.recurrent import Recurrent

__all__ = [
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "ConvRecurrent2D",
    "Highway",
    "MaxoutDense",
    "Merge",
    "Recurrent",
    "TimeDistributedDense",
    "merge",
]
