"""Layers of later lines of Keras that the engine does not have, each with the reason."""

from __future__ import annotations

_STRINGS = "it turns text or categories into numbers by a table of its own, and the engine's tensors hold numbers only"
_ENCODING = "it encodes raw categories; encode them before they reach the model"
_AUGMENTATION = "its random changes of images are not part of the engine; apply them to the data set"
_FOREIGN = "it runs the code of another framework"
_BASE = "it is a base class and computes nothing itself"
_SIGNALS = "it transforms signals; apply it to the data set"

REFUSED: dict[str, str] = {
    **dict.fromkeys(
        ("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization", "IndexLookup"),
        _STRINGS,
    ),
    **dict.fromkeys(("CategoryEncoding", "Discretization"), _ENCODING),
    **dict.fromkeys(("DenseFeatures", "SequenceFeatures"), "it reads TensorFlow's feature columns"),
    **dict.fromkeys(
        (
            "AugMix",
            "AutoContrast",
            "ContrastLimitedAdaptiveHistogramEqualization",
            "CutMix",
            "Equalization",
            "MixUp",
            "RandAugment",
            "RandomColorDegeneration",
            "RandomColorJitter",
            "RandomCrop",
            "RandomElasticTransform",
            "RandomErasing",
            "RandomGaussianBlur",
            "RandomGrayscale",
            "RandomHeight",
            "RandomHue",
            "RandomInvert",
            "RandomPerspective",
            "RandomPosterization",
            "RandomSaturation",
            "RandomSharpness",
            "RandomShear",
            "RandomWidth",
            "Solarization",
        ),
        _AUGMENTATION,
    ),
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), _FOREIGN),
    **dict.fromkeys(("AbstractRNNCell", "Layer", "Wrapper", "PreprocessingLayer"), _BASE),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), _SIGNALS),
    **dict.fromkeys(("DynamicEmbedding", "DynamicLookup"), "its table grows while it trains"),
    "MaxNumBoundingBoxes": "it handles boxes, not tensors",
    "Pipeline": "it chains layers that only prepare data; apply them to the data set",
    "RandomFourierFeatures": "it approximates kernel methods that the engine does not have",
    "ReversibleEmbedding": "it computes two different things, and a configuration does not say which",
    "SpectralNormalization": "it rewrites the weights of the layer inside at each call",
    "SyncBatchNormalization": "it spans several devices; use BatchNormalization",
}
