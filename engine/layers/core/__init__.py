"""Core layers (manual, section 5.2)."""

from engine.layers.core.activation import Activation, ActivityRegularization
from engine.layers.core.dense import Dense
from engine.layers.core.dropout import Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from engine.layers.core.expression import Lambda
from engine.layers.core.masking import Masking
from engine.layers.core.reshaping import Flatten, Permute, RepeatVector, Reshape

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Lambda",
    "Masking",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]
