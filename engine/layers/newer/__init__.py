"""Layers that later lines of Keras have and 2.1.6 has not, so that their files can be read."""

from engine.layers.newer.attention import AdditiveAttention, Attention
from engine.layers.newer.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from engine.layers.newer.convolutional import Conv1DTranspose, DepthwiseConv1D
from engine.layers.newer.convolutional_recurrent import (
    ConvLSTM1D,
    ConvLSTM1DCell,
    ConvLSTM3D,
    ConvLSTM3DCell,
)
from engine.layers.newer.einsum_dense import EinsumDense
from engine.layers.newer.elementwise import Identity, ReLU
from engine.layers.newer.images import CenterCrop, Resizing
from engine.layers.newer.multi_head_attention import GroupedQueryAttention, MultiHeadAttention
from engine.layers.newer.normalization import (
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from engine.layers.newer.operation import Operation, WithMask
from engine.layers.newer.pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from engine.layers.newer.scaling import Normalization, Rescaling

Convolution1DTranspose = Conv1DTranspose
GroupQueryAttention = GroupedQueryAttention

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AdditiveAttention",
    "Attention",
    "CenterCrop",
    "Conv1DTranspose",
    "ConvLSTM1D",
    "ConvLSTM1DCell",
    "ConvLSTM3D",
    "ConvLSTM3DCell",
    "Convolution1DTranspose",
    "DepthwiseConv1D",
    "EinsumDense",
    "GroupNormalization",
    "GroupQueryAttention",
    "GroupedQueryAttention",
    "Identity",
    "LayerNormalization",
    "MultiHeadAttention",
    "Normalization",
    "Operation",
    "RMSNormalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Resizing",
    "UnitNormalization",
    "WithMask",
]
