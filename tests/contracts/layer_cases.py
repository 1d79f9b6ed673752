"""The layers that the contract tests go through, with inputs for each; every option at least once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine import layers as L

UNKNOWN = None


@dataclass
class Case:
    """A layer to make, the static shapes of its inputs (None: unknown) and the sizes they take in runs."""

    make: Callable[[], Any]
    shapes: list[tuple[int | None, ...]]
    sizes: list[tuple[int, ...]]
    # The largest integer of the inputs; None for normal floats.
    largest: int | None = None

    @property
    def name(self) -> str:
        """The layer's class and what it was made with."""
        return type(self.make()).__name__


def case(
    make: Callable[[], Any], *inputs: tuple[tuple[int | None, ...], tuple[int, ...]], **kwargs: Any
) -> Case:
    return Case(make, [shape for shape, _ in inputs], [sizes for _, sizes in inputs], **kwargs)


VECTORS = ((UNKNOWN, 3), (4, 3))
SEQUENCES = ((UNKNOWN, UNKNOWN, 3), (4, 6, 3))
FIXED_SEQUENCES = ((UNKNOWN, 6, 3), (4, 6, 3))
IMAGES = ((UNKNOWN, UNKNOWN, UNKNOWN, 2), (3, 7, 8, 2))
FIXED_IMAGES = ((UNKNOWN, 7, 8, 2), (3, 7, 8, 2))
IMAGES_FIRST = ((UNKNOWN, 2, UNKNOWN, UNKNOWN), (3, 2, 7, 8))
VOLUMES = ((UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 2), (2, 5, 6, 4, 2))
VOLUMES_FIRST = ((UNKNOWN, 2, UNKNOWN, UNKNOWN, UNKNOWN), (2, 2, 5, 6, 4))
FILMS = ((UNKNOWN, UNKNOWN, 5, 6, 2), (2, 3, 5, 6, 2))
FILMS_FIRST = ((UNKNOWN, UNKNOWN, 2, UNKNOWN, UNKNOWN), (2, 3, 2, 5, 6))

CASES = [
    case(lambda: L.Dense(4), VECTORS),
    case(lambda: L.Dense(4, activation="tanh", use_bias=False, kernel_regularizer="l2"), SEQUENCES),
    case(lambda: L.Activation("tanh"), SEQUENCES),
    case(lambda: L.ActivityRegularization(l1=0.1, l2=0.2), VECTORS),
    case(lambda: L.Dropout(0.5), SEQUENCES),
    case(lambda: L.Dropout(0.5, noise_shape=(None, 1, 3), seed=1), SEQUENCES),
    case(lambda: L.SpatialDropout1D(0.5), SEQUENCES),
    case(lambda: L.SpatialDropout2D(0.5), IMAGES),
    case(lambda: L.SpatialDropout3D(0.5), VOLUMES),
    case(lambda: L.Flatten(), FIXED_IMAGES),
    case(lambda: L.Flatten(data_format="channels_first"), FIXED_IMAGES),
    case(lambda: L.Reshape((-1, 2)), FIXED_SEQUENCES),
    case(lambda: L.Reshape((-1, 2)), SEQUENCES),
    case(lambda: L.Permute((2, 1)), SEQUENCES),
    case(lambda: L.RepeatVector(5), VECTORS),
    case(lambda: L.Masking(), SEQUENCES),
    case(lambda: L.Conv1D(4, 3), SEQUENCES),
    case(lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"), SEQUENCES),
    case(lambda: L.Conv1D(4, 2, strides=2, padding="same"), SEQUENCES),
    case(lambda: L.Conv2D(4, 3, strides=2, padding="same"), IMAGES),
    case(lambda: L.Conv2D(4, (2, 3), dilation_rate=2, use_bias=False), IMAGES),
    case(lambda: L.Conv2D(4, 3, data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.Conv3D(3, 2, strides=(1, 2, 1), padding="same"), VOLUMES),
    case(lambda: L.Conv3D(3, 2, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.Conv2DTranspose(3, 3, strides=2), IMAGES),
    case(
        lambda: L.Conv2DTranspose(3, 3, strides=2, padding="same", data_format="channels_first"), IMAGES_FIRST
    ),
    case(lambda: L.Conv3DTranspose(3, 2, strides=2, padding="same"), VOLUMES),
    case(lambda: L.SeparableConv1D(4, 3, depth_multiplier=2), SEQUENCES),
    case(lambda: L.SeparableConv2D(4, 3, strides=2, padding="same"), IMAGES),
    case(lambda: L.SeparableConv2D(4, 3, data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.DepthwiseConv2D(3, depth_multiplier=2), IMAGES),
    case(lambda: L.ZeroPadding1D((1, 2)), SEQUENCES),
    case(lambda: L.ZeroPadding2D(((1, 2), (0, 3))), IMAGES),
    case(lambda: L.ZeroPadding2D((1, 2), data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.ZeroPadding3D((1, 2, 0)), VOLUMES),
    case(lambda: L.Cropping1D((1, 2)), SEQUENCES),
    case(lambda: L.Cropping2D(((1, 2), (0, 3))), IMAGES),
    case(lambda: L.Cropping3D(1, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.UpSampling1D(3), SEQUENCES),
    case(lambda: L.UpSampling2D((2, 3)), IMAGES),
    case(lambda: L.UpSampling3D(2, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.MaxPooling1D(3, strides=2, padding="same"), SEQUENCES),
    case(lambda: L.MaxPooling2D((2, 3)), IMAGES),
    case(lambda: L.MaxPooling3D(2, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.AveragePooling1D(3, strides=1, padding="same"), SEQUENCES),
    case(lambda: L.AveragePooling2D(3, padding="same", data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.AveragePooling3D(2, padding="same"), VOLUMES),
    case(lambda: L.GlobalMaxPooling1D(), SEQUENCES),
    case(lambda: L.GlobalMaxPooling2D(), IMAGES),
    case(lambda: L.GlobalMaxPooling3D(data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.GlobalAveragePooling1D(), SEQUENCES),
    case(lambda: L.GlobalAveragePooling2D(data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.GlobalAveragePooling3D(), VOLUMES),
    case(lambda: L.LocallyConnected1D(4, 3, strides=2), FIXED_SEQUENCES),
    case(lambda: L.LocallyConnected2D(4, 3), FIXED_IMAGES),
    case(lambda: L.LocallyConnected2D(3, 2, data_format="channels_first"), ((None, 2, 4, 5), (3, 2, 4, 5))),
    case(lambda: L.Embedding(7, 3, mask_zero=True), ((None, None), (4, 6)), largest=6),
    case(lambda: L.Embedding(7, 3, input_length=6), ((None, 6), (4, 6)), largest=6),
    case(lambda: L.BatchNormalization(), VECTORS),
    case(lambda: L.BatchNormalization(), IMAGES),
    case(lambda: L.BatchNormalization(axis=1, scale=False), IMAGES_FIRST),
    case(lambda: L.LeakyReLU(0.2), SEQUENCES),
    case(lambda: L.PReLU(), VECTORS),
    case(lambda: L.PReLU(shared_axes=[1, 2]), IMAGES),
    case(lambda: L.ELU(0.7), SEQUENCES),
    case(lambda: L.ThresholdedReLU(0.3), SEQUENCES),
    case(lambda: L.Softmax(axis=1), SEQUENCES),
    case(lambda: L.GaussianNoise(0.3), SEQUENCES),
    case(lambda: L.GaussianDropout(0.3), SEQUENCES),
    case(lambda: L.AlphaDropout(0.3), SEQUENCES),
    case(lambda: L.Add(), SEQUENCES, SEQUENCES, SEQUENCES),
    case(lambda: L.Add(), SEQUENCES, VECTORS),
    case(lambda: L.Subtract(), SEQUENCES, SEQUENCES),
    case(lambda: L.Multiply(), SEQUENCES, SEQUENCES),
    case(lambda: L.Average(), SEQUENCES, SEQUENCES),
    case(lambda: L.Maximum(), SEQUENCES, SEQUENCES),
    case(lambda: L.Minimum(), SEQUENCES, SEQUENCES),
    case(lambda: L.Concatenate(axis=1), SEQUENCES, FIXED_SEQUENCES),
    case(lambda: L.Concatenate(), SEQUENCES, SEQUENCES),
    case(lambda: L.Dot(axes=(2, 1)), SEQUENCES, ((None, 3, 5), (4, 3, 5))),
    case(lambda: L.Dot(axes=-1, normalize=True), VECTORS, VECTORS),
    case(lambda: L.Merge(mode="sum"), SEQUENCES, SEQUENCES),
    case(lambda: L.Merge(mode="concat", concat_axis=1), SEQUENCES, FIXED_SEQUENCES),
    case(lambda: L.Merge(mode="cos", dot_axes=1), VECTORS, VECTORS),
    case(lambda: L.Merge(mode="dot", dot_axes=(2, 1)), SEQUENCES, ((None, 3, 5), (4, 3, 5))),
    case(lambda: L.MaxoutDense(4, W_regularizer="l2"), VECTORS),
    case(lambda: L.Highway(activation="tanh"), VECTORS),
    case(lambda: L.SimpleRNN(4), SEQUENCES),
    case(lambda: L.SimpleRNN(4, return_sequences=True, unroll=True), FIXED_SEQUENCES),
    case(lambda: L.GRU(4, return_sequences=True), SEQUENCES),
    case(lambda: L.GRU(4, reset_after=True, implementation=2, go_backwards=True), SEQUENCES),
    case(lambda: L.LSTM(4, return_sequences=True, return_state=True), SEQUENCES),
    case(lambda: L.LSTM(4, dropout=0.2, recurrent_dropout=0.3, recurrent_activation="sigmoid"), SEQUENCES),
    case(lambda: L.LSTM(4, dropout=0.2, recurrent_dropout=0.3, implementation=2), FIXED_SEQUENCES),
    case(lambda: L.LSTM(4, stateful=True), ((4, 6, 3), (4, 6, 3))),
    case(lambda: L.RNN(L.SimpleRNNCell(4)), SEQUENCES),
    case(lambda: L.RNN([L.GRUCell(3, dropout=0.1), L.LSTMCell(4)], return_state=True), SEQUENCES),
    case(lambda: L.ConvLSTM2D(3, 2, return_sequences=True), FILMS),
    case(lambda: L.ConvLSTM2D(3, 3, padding="same", data_format="channels_first", dropout=0.2), FILMS_FIRST),
    case(lambda: L.CuDNNGRU(4), SEQUENCES),
    case(lambda: L.CuDNNLSTM(4, return_sequences=True), SEQUENCES),
    case(lambda: L.TimeDistributed(L.Dense(4)), SEQUENCES),
    case(lambda: L.TimeDistributed(L.Conv2D(3, 2)), FILMS),
    case(lambda: L.TimeDistributed(L.BatchNormalization()), SEQUENCES),
    case(lambda: L.Bidirectional(L.LSTM(4, return_sequences=True)), SEQUENCES),
    case(lambda: L.Bidirectional(L.GRU(4, return_state=True), merge_mode=None), SEQUENCES),
    case(lambda: L.Bidirectional(L.SimpleRNN(4), merge_mode="ave"), SEQUENCES),
    case(lambda: L.Conv1D(4, 3, groups=2, padding="causal"), ((None, None, 2), (3, 6, 2))),
    case(lambda: L.Conv2D(4, 2, groups=2, data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.Conv3D(4, 2, groups=2), VOLUMES),
    case(lambda: L.Conv1DTranspose(4, 3, strides=2, padding="same", output_padding=1), SEQUENCES),
    case(lambda: L.Conv1DTranspose(4, 2, dilation_rate=2), SEQUENCES),
    case(lambda: L.Conv2DTranspose(3, 3, strides=2, output_padding=1), IMAGES),
    case(lambda: L.Conv3DTranspose(2, 2, dilation_rate=2, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.DepthwiseConv1D(3, strides=2, depth_multiplier=2), SEQUENCES),
    case(lambda: L.DepthwiseConv2D(2, dilation_rate=2), IMAGES),
    case(lambda: L.UpSampling2D((2, 3), interpolation="bilinear"), FIXED_IMAGES),
    case(lambda: L.GlobalMaxPooling2D(keepdims=True), IMAGES),
    case(lambda: L.GlobalAveragePooling1D(keepdims=True), SEQUENCES),
    case(lambda: L.AdaptiveAveragePooling1D(2), FIXED_SEQUENCES),
    case(lambda: L.AdaptiveAveragePooling2D((2, 3)), FIXED_IMAGES),
    case(lambda: L.AdaptiveAveragePooling3D(2), ((None, 5, 6, 4, 2), (2, 5, 6, 4, 2))),
    case(lambda: L.AdaptiveMaxPooling1D(4), FIXED_SEQUENCES),
    case(lambda: L.AdaptiveMaxPooling2D(3, data_format="channels_first"), ((None, 2, 7, 8), (3, 2, 7, 8))),
    case(lambda: L.AdaptiveMaxPooling3D((1, 2, 3)), ((None, 5, 6, 4, 2), (2, 5, 6, 4, 2))),
    case(lambda: L.LayerNormalization(), SEQUENCES),
    case(lambda: L.LayerNormalization(axis=[1, 3], center=False), FIXED_IMAGES),
    case(lambda: L.GroupNormalization(groups=2), IMAGES),
    case(lambda: L.GroupNormalization(groups=-1, axis=1, scale=False), IMAGES_FIRST),
    case(lambda: L.RMSNormalization(), SEQUENCES),
    case(lambda: L.UnitNormalization(axis=[1, 2]), SEQUENCES),
    case(lambda: L.Rescaling(0.5, offset=[1.0, 2.0, 3.0]), SEQUENCES),
    case(lambda: L.Normalization(), VECTORS),
    case(lambda: L.Normalization(axis=None, mean=2.0, variance=4.0, invert=True), SEQUENCES),
    case(lambda: L.Resizing(3, 4, interpolation="nearest"), IMAGES),
    case(lambda: L.Resizing(9, 5, crop_to_aspect_ratio=True), FIXED_IMAGES),
    case(lambda: L.CenterCrop(3, 4), FIXED_IMAGES),
    case(lambda: L.Identity(), SEQUENCES),
    case(lambda: L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2), SEQUENCES),
    case(lambda: L.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d"), SEQUENCES),
    case(lambda: L.EinsumDense("...x,xyz->...yz", (2, 3), bias_axes="y", activation="tanh"), SEQUENCES),
    case(lambda: L.Attention(use_scale=True), SEQUENCES, SEQUENCES),
    case(lambda: L.Attention(score_mode="concat", dropout=0.2), SEQUENCES, SEQUENCES, SEQUENCES),
    case(lambda: L.AdditiveAttention(), SEQUENCES, FIXED_SEQUENCES),
    case(lambda: L.RandomFlip(seed=1), IMAGES),
    case(lambda: L.RandomRotation(0.1, fill_mode="nearest"), IMAGES),
    case(lambda: L.RandomTranslation(0.1, (-0.2, 0.3), fill_mode="constant", fill_value=0.5), IMAGES),
    case(lambda: L.RandomZoom(0.2, interpolation="nearest"), IMAGES),
    case(lambda: L.RandomContrast((0.1, 0.3), value_range=(-1.0, 1.0)), IMAGES),
    case(lambda: L.RandomBrightness(0.1, value_range=(-5, 5)), IMAGES),
    case(lambda: L.Operation("multiply", [{"input": 0}, 2.0]), SEQUENCES),
    case(
        lambda: L.Operation("get_item", [{"input": 0}, [{"ellipsis": True}, {"slice": [0, 2, None]}]]),
        VECTORS,
    ),
    case(
        lambda: L.Operation("concatenate", [[{"input": 0}, {"input": 1}]], {"axis": 1}), SEQUENCES, SEQUENCES
    ),
    case(lambda: L.Operation("mean", kwargs={"axis": [1], "keepdims": True}), IMAGES),
    case(lambda: L.MultiHeadAttention(2, 3), SEQUENCES, FIXED_SEQUENCES),
    case(
        lambda: L.MultiHeadAttention(2, 3, value_dim=4, dropout=0.2, use_bias=False, output_shape=5),
        SEQUENCES,
        SEQUENCES,
        SEQUENCES,
    ),
    case(lambda: L.MultiHeadAttention(2, 3, attention_axes=(1, 2)), FIXED_IMAGES, FIXED_IMAGES),
    case(lambda: L.GroupQueryAttention(3, 4, 2), SEQUENCES, FIXED_SEQUENCES),
    case(lambda: L.ConvLSTM1D(3, 2, return_sequences=True), ((None, None, 5, 2), (2, 3, 5, 2))),
    case(lambda: L.ConvLSTM3D(2, 2), ((None, 2, 3, 4, 3, 2), (2, 2, 3, 4, 3, 2))),
    case(
        lambda: L.Bidirectional(
            L.LSTM(4, return_sequences=True),
            backward_layer=L.GRU(3, return_sequences=True, go_backwards=True),
        ),
        SEQUENCES,
    ),
]


# Each of these brings options that no case above has.
FIXED_VOLUMES = ((UNKNOWN, 5, 6, 4, 2), (2, 5, 6, 4, 2))
STEADY_SEQUENCES = ((4, 6, 3), (4, 6, 3))
STEADY_FILMS = ((2, 3, 5, 6, 2), (2, 3, 5, 6, 2))
CASES += [
    case(lambda: L.ActivityRegularization(), SEQUENCES),
    case(lambda: L.Masking(mask_value=0.5), SEQUENCES),
    case(lambda: L.Conv1D(4, 3, use_bias=False), FIXED_SEQUENCES),
    case(lambda: L.Conv2D(4, 2, dilation_rate=(1, 3), padding="same"), FIXED_IMAGES),
    case(lambda: L.Conv3D(3, 2, dilation_rate=(1, 2, 1), use_bias=False), FIXED_VOLUMES),
    case(lambda: L.SeparableConv2D(4, 2, dilation_rate=2, depth_multiplier=3, use_bias=False), IMAGES),
    case(lambda: L.Conv2DTranspose(3, (2, 3), strides=1, padding="same", use_bias=False), IMAGES),
    case(lambda: L.Cropping1D(), SEQUENCES),
    case(lambda: L.Cropping2D(1, data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.Cropping3D(((1, 1), (0, 2), (1, 0))), VOLUMES),
    case(lambda: L.UpSampling1D(), SEQUENCES),
    case(lambda: L.UpSampling2D(3, data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.UpSampling3D((1, 2, 3)), VOLUMES),
    case(lambda: L.ZeroPadding1D(), SEQUENCES),
    case(lambda: L.ZeroPadding3D(((1, 0), (0, 2), (1, 1)), data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.MaxPooling1D(strides=1), SEQUENCES),
    case(lambda: L.MaxPooling2D(3, 1, "same", data_format="channels_first"), IMAGES_FIRST),
    case(lambda: L.MaxPooling3D((1, 3, 2), 1, "same"), VOLUMES),
    case(lambda: L.AveragePooling1D(), SEQUENCES),
    case(lambda: L.AveragePooling2D((2, 3), 1), IMAGES),
    case(lambda: L.AveragePooling3D((1, 3, 2), 1, data_format="channels_first"), VOLUMES_FIRST),
    case(lambda: L.GlobalMaxPooling2D("channels_first"), IMAGES_FIRST),
    case(lambda: L.GlobalAveragePooling2D(), IMAGES),
    case(lambda: L.LocallyConnected1D(4, 2, use_bias=False), FIXED_SEQUENCES),
    case(lambda: L.LocallyConnected2D(3, (2, 3), strides=(2, 1), use_bias=False), FIXED_IMAGES),
    case(lambda: L.RNN(L.GRUCell(4, use_bias=False), return_sequences=True, go_backwards=True), SEQUENCES),
    case(lambda: L.RNN(L.LSTMCell(4, recurrent_dropout=0.2), unroll=True), FIXED_SEQUENCES),
    case(lambda: L.RNN(L.SimpleRNNCell(4, use_bias=False, dropout=0.1), stateful=True), STEADY_SEQUENCES),
    case(lambda: L.RNN(L.SimpleRNNCell(4, recurrent_dropout=0.1)), SEQUENCES),
    case(lambda: L.RNN(L.GRUCell(4, recurrent_dropout=0.1, implementation=2)), SEQUENCES),
    case(
        lambda: L.RNN(L.LSTMCell(4, use_bias=False, unit_forget_bias=False, dropout=0.1, implementation=2)),
        SEQUENCES,
    ),
    case(lambda: L.SimpleRNN(4, dropout=0.1, recurrent_dropout=0.1, return_state=True), SEQUENCES),
    case(lambda: L.SimpleRNN(4, use_bias=False, go_backwards=True, stateful=True), STEADY_SEQUENCES),
    case(lambda: L.GRU(4, dropout=0.1, recurrent_dropout=0.1, use_bias=False, unroll=True), FIXED_SEQUENCES),
    case(lambda: L.GRU(4, stateful=True, return_state=True), STEADY_SEQUENCES),
    case(lambda: L.LSTM(4, use_bias=False, unit_forget_bias=False, go_backwards=True), SEQUENCES),
    case(lambda: L.LSTM(4, unroll=True), FIXED_SEQUENCES),
    case(
        lambda: L.ConvLSTM2D(
            3, 2, strides=(2, 1), use_bias=False, unit_forget_bias=False, recurrent_dropout=0.1
        ),
        FILMS,
    ),
    case(lambda: L.ConvLSTM2D(3, 2, dilation_rate=2, go_backwards=True), FILMS),
    case(lambda: L.ConvLSTM2D(3, 2, stateful=True), STEADY_FILMS),
    case(lambda: L.ConvRNN2D(L.ConvLSTM2DCell(3, 2, dropout=0.1), return_state=True), FILMS),
    case(lambda: L.CuDNNGRU(4, return_sequences=True, return_state=True), SEQUENCES),
    case(lambda: L.CuDNNGRU(4, stateful=True), STEADY_SEQUENCES),
    case(lambda: L.CuDNNLSTM(4, unit_forget_bias=False, return_state=True), SEQUENCES),
    case(lambda: L.CuDNNLSTM(4, stateful=True), STEADY_SEQUENCES),
    case(lambda: L.LeakyReLU(), VECTORS),
    case(lambda: L.ELU(), VECTORS),
    case(lambda: L.ThresholdedReLU(), SEQUENCES),
    case(lambda: L.Softmax(), SEQUENCES),
    case(lambda: L.BatchNormalization(momentum=0.5, epsilon=0.1, center=False), SEQUENCES),
    case(lambda: L.Dot(axes=1, normalize=True), SEQUENCES, SEQUENCES),
    case(lambda: L.Bidirectional(L.LSTM(4), merge_mode="sum"), SEQUENCES),
    case(lambda: L.Bidirectional(L.LSTM(4, return_sequences=True), merge_mode="mul"), SEQUENCES),
    case(lambda: L.Bidirectional(L.GRU(4, stateful=True)), STEADY_SEQUENCES),
]

# What an option of this ending becomes in the variant of a class in which all of them are set.
ALTERNATIVES: dict[str, Any] = {
    "variance_initializer": {"class_name": "Constant", "config": {"value": 2.0}},
    "_initializer": {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 0.5}},
    "_regularizer": "l2",
    "_constraint": {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 0}},
    "activation": "sigmoid",
}


def vary(item: Case) -> Case | None:
    """The same layer with other initializers, regularizers, constraints and activations; None without any."""
    layer = item.make()
    changes = {
        name: next(value for ending, value in ALTERNATIVES.items() if name.endswith(ending))
        for name in layer.get_config()
        if name.endswith(tuple(ALTERNATIVES))
    }
    if not changes:
        return None

    def make() -> Any:
        config = {**item.make().get_config(), **changes}
        del config["name"]
        return type(layer).from_config(config)

    return replace(item, make=make)


FIRST_CASES = {item.name: item for item in reversed(CASES)}
CASES += [variant for item in FIRST_CASES.values() if (variant := vary(item)) is not None]
