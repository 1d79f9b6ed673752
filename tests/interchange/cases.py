"""Models of all families, built with whatever Keras is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One model.

    Args:
        family: what it is a sample of.
        name: its name, unique among all.
        build: makes it from the modules `models` and `layers` of a Keras.
        optimizer: the name of the optimizer that it is trained with before it is saved.
    """

    family: str
    name: str
    build: Callable[[Any, Any], Any]
    optimizer: str | None = None


def _stack(*makers: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return what builds a Sequential model; each maker takes the module `layers`."""
    return lambda models, layers: models.Sequential([make(layers) for make in makers])


def _graph(make: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Any, Any], Any]:
    """Return what builds a functional model from inputs and outputs."""
    return lambda models, layers: models.Model(*make(models, layers))


def _single(shape: tuple[int, ...], make: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return what builds a functional model around one layer."""

    def build(models: Any, layers: Any) -> Any:
        x = layers.Input(shape)
        return models.Model(x, make(layers)(x))

    return build


def _pair(make: Callable[[Any], Any], *shapes: tuple[int, ...]) -> Callable[[Any, Any], Any]:
    """Return what builds a functional model around a layer with several inputs."""

    def build(models: Any, layers: Any) -> Any:
        inputs = [layers.Input(shape) for shape in shapes]
        return models.Model(inputs, make(layers)(inputs))

    return build


def _shared(models: Any, layers: Any) -> Any:
    first, second = layers.Input((4,)), layers.Input((4,))
    dense = layers.Dense(3, activation="tanh")
    return [first, second], layers.concatenate([dense(first), dense(second)])


def _attention(models: Any, layers: Any) -> Any:
    query, value = layers.Input((4, 3)), layers.Input((5, 2))
    return [query, value], layers.MultiHeadAttention(num_heads=2, key_dim=3)(query, value)


def _nested(models: Any, layers: Any) -> Any:
    inside = layers.Input((5,))
    inner = models.Model(inside, layers.BatchNormalization()(layers.Dense(4)(inside)))
    stack = models.Sequential([layers.Dense(5, input_shape=(6,), activation="relu"), inner, layers.Dense(3)])
    x = layers.Input((6,))
    return x, layers.Dense(2)(stack(x))


def _nested_twice(models: Any, layers: Any) -> Any:
    inside = layers.Input((4,))
    inner = models.Model(inside, layers.Dense(4, activation="tanh")(inside))
    x = layers.Input((4,))
    return x, layers.add([inner(x), inner(inner(x))])


def _several(models: Any, layers: Any) -> Any:
    image, numbers = layers.Input((6, 6, 2)), layers.Input((3,))
    x = layers.Flatten()(layers.Conv2D(2, 3)(image))
    x = layers.concatenate([x, numbers])
    return [image, numbers], [layers.Dense(2, name="first")(x), layers.Dense(3, name="second")(x)]


def _encoder(models: Any, layers: Any) -> Any:
    source, target = layers.Input((5, 3)), layers.Input((4, 3))
    _, h, c = layers.LSTM(4, return_state=True, recurrent_activation="sigmoid")(source)
    decoder = layers.LSTM(4, return_sequences=True, recurrent_activation="sigmoid")
    return [source, target], layers.Dense(2)(decoder(target, initial_state=[h, c]))


def _sequence(*makers: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return _stack(lambda kl: kl.InputLayer(input_shape=(5, 3)), *makers)


_FIRST, _LAST = "channels_first", "channels_last"
_CONVOLUTIONS = {
    "conv1d": ((9, 3), lambda kl: kl.Conv1D(4, 3, padding="causal", dilation_rate=2)),
    "separable_conv1d": ((9, 3), lambda kl: kl.SeparableConv1D(4, 3, depth_multiplier=2)),
    **{
        f"{name}_{data_format}": (shape if data_format == _LAST else (shape[-1], *shape[:-1]), make)
        for data_format in (_LAST, _FIRST)
        for name, shape, make in (
            (
                "conv2d",
                (8, 9, 3),
                lambda kl, f=data_format: kl.Conv2D(4, (3, 2), strides=2, padding="same", data_format=f),
            ),
            ("conv3d", (5, 6, 7, 2), lambda kl, f=data_format: kl.Conv3D(3, 2, data_format=f)),
            (
                "conv2d_transpose",
                (4, 5, 3),
                lambda kl, f=data_format: kl.Conv2DTranspose(2, 3, strides=2, padding="same", data_format=f),
            ),
            (
                "conv3d_transpose",
                (3, 4, 3, 2),
                lambda kl, f=data_format: kl.Conv3DTranspose(2, 2, strides=2, data_format=f),
            ),
            (
                "separable_conv2d",
                (7, 8, 3),
                lambda kl, f=data_format: kl.SeparableConv2D(4, 3, depth_multiplier=2, data_format=f),
            ),
            (
                "depthwise_conv2d",
                (7, 8, 3),
                lambda kl, f=data_format: kl.DepthwiseConv2D(3, depth_multiplier=2, data_format=f),
            ),
            ("max_pooling2d", (7, 8, 3), lambda kl, f=data_format: kl.MaxPooling2D(2, data_format=f)),
            (
                "average_pooling3d",
                (4, 6, 6, 2),
                lambda kl, f=data_format: kl.AveragePooling3D(2, data_format=f),
            ),
            (
                "global_max_pooling2d",
                (7, 8, 3),
                lambda kl, f=data_format: kl.GlobalMaxPooling2D(data_format=f),
            ),
            ("up_sampling2d", (3, 4, 2), lambda kl, f=data_format: kl.UpSampling2D((2, 3), data_format=f)),
            (
                "zero_padding2d",
                (3, 4, 2),
                lambda kl, f=data_format: kl.ZeroPadding2D(((1, 0), (2, 1)), data_format=f),
            ),
            (
                "cropping2d",
                (5, 6, 2),
                lambda kl, f=data_format: kl.Cropping2D(((1, 0), (2, 1)), data_format=f),
            ),
        )
    },
    "average_pooling2d_same": ((7, 8, 3), lambda kl: kl.AveragePooling2D(3, strides=2, padding="same")),
    "max_pooling1d": ((9, 3), lambda kl: kl.MaxPooling1D(2)),
    "average_pooling1d": ((9, 3), lambda kl: kl.AveragePooling1D(2)),
    "global_average_pooling1d": ((9, 3), lambda kl: kl.GlobalAveragePooling1D()),
    "up_sampling1d": ((4, 3), lambda kl: kl.UpSampling1D(2)),
    "zero_padding1d": ((4, 3), lambda kl: kl.ZeroPadding1D((1, 2))),
    "cropping1d": ((6, 3), lambda kl: kl.Cropping1D((1, 2))),
    "up_sampling3d": ((2, 3, 2, 2), lambda kl: kl.UpSampling3D(2)),
    "zero_padding3d": ((2, 3, 2, 2), lambda kl: kl.ZeroPadding3D(1)),
    "cropping3d": ((4, 5, 4, 2), lambda kl: kl.Cropping3D(1)),
    "locally_connected1d": ((7, 3), lambda kl: kl.LocallyConnected1D(2, 3)),
    "locally_connected2d": ((5, 6, 2), lambda kl: kl.LocallyConnected2D(2, 3)),
}
_FAMILIES = {
    "transpose": "transposed convolutions",
    "separable": "separable and depthwise convolutions",
    "depthwise": "separable and depthwise convolutions",
    "pooling": "pooling",
    "locally": "local",
    "up_sampling": "margins and upsampling",
    "padding": "margins and upsampling",
    "cropping": "margins and upsampling",
}


def _family(name: str) -> str:
    return next((family for part, family in _FAMILIES.items() if part in name), "convolutions")


CASES = [
    Case(
        "core",
        "dense",
        _stack(lambda kl: kl.Dense(4, activation="relu", input_shape=(3,)), lambda kl: kl.Dense(2)),
    ),
    Case("core", "dense_hard_sigmoid", _single((3,), lambda kl: kl.Dense(4, activation="hard_sigmoid"))),
    Case(
        "core",
        "reshaping",
        _stack(
            lambda kl: kl.InputLayer(input_shape=(4, 6)),
            lambda kl: kl.Permute((2, 1)),
            lambda kl: kl.Reshape((3, 8)),
            lambda kl: kl.Flatten(),
            lambda kl: kl.RepeatVector(2),
            lambda kl: kl.ActivityRegularization(l1=0.01),
            lambda kl: kl.Activation("softmax"),
            lambda kl: kl.Dropout(0.5, noise_shape=(1, 2, 1)),
        ),
    ),
    Case(
        "core",
        "dense_options",
        _single(
            (3,),
            lambda kl: kl.Dense(
                4,
                use_bias=False,
                kernel_initializer="he_normal",
                kernel_regularizer="l2",
                activity_regularizer="l1",
                kernel_constraint="max_norm",
            ),
        ),
    ),
    *(Case(_family(name), name, _single(*parts)) for name, parts in _CONVOLUTIONS.items()),
    *(
        Case("recurrent", f"{kind.lower()}_{name}", _sequence(make))
        for kind in ("SimpleRNN", "GRU", "LSTM")
        for name, make in (
            ("default_of_keras_2", lambda kl, k=kind: _as_keras_2(kl, k)),
            ("sigmoid", lambda kl, k=kind: getattr(kl, k)(4, go_backwards=True, **_sigmoid(k))),
            (
                "sequences",
                lambda kl, k=kind: getattr(kl, k)(4, return_sequences=True, dropout=0.2, **_sigmoid(k)),
            ),
        )
    ),
    Case(
        "recurrent",
        "stacked_cells",
        _sequence(
            lambda kl: kl.RNN(
                [
                    kl.LSTMCell(3, recurrent_activation="sigmoid"),
                    kl.GRUCell(2, **_sigmoid("GRU")),
                    kl.SimpleRNNCell(2),
                ]
            )
        ),
    ),
    Case("recurrent", "encoder_decoder", _graph(_encoder)),
    Case("recurrent", "cudnn_lstm", _sequence(lambda kl: kl.CuDNNLSTM(3))),
    Case("recurrent", "cudnn_gru", _sequence(lambda kl: kl.CuDNNGRU(3))),
    Case(
        "convolutional recurrent",
        "conv_lstm2d",
        _single((3, 6, 5, 2), lambda kl: kl.ConvLSTM2D(3, 3, padding="same", recurrent_activation="sigmoid")),
    ),
    Case(
        "embedding and masking",
        "embedding",
        _stack(
            lambda kl: kl.InputLayer(input_shape=(5,)),
            lambda kl: kl.Embedding(7, 3, mask_zero=True),
            lambda kl: kl.LSTM(4, recurrent_activation="sigmoid"),
        ),
    ),
    Case(
        "embedding and masking",
        "masking",
        _sequence(lambda kl: kl.Masking(), lambda kl: kl.GRU(3, **_sigmoid("GRU"))),
    ),
    *(
        Case("merge", name.lower(), _pair(lambda kl, n=name: getattr(kl, n)(), (4,), (4,)))
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
    ),
    Case("merge", "dot", _pair(lambda kl: kl.Dot(axes=(2, 1), normalize=True), (3, 4), (4, 5))),
    *(
        Case("advanced activations", name.lower(), _single((4, 3), make))
        for name, make in (
            ("LeakyReLU", lambda kl: kl.LeakyReLU(0.2)),
            ("PReLU", lambda kl: kl.PReLU(shared_axes=[1])),
            ("ELU", lambda kl: kl.ELU(0.5)),
            ("ThresholdedReLU", lambda kl: kl.ThresholdedReLU(0.5)),
            ("Softmax", lambda kl: kl.Softmax(axis=1)),
            ("ReLU", lambda kl: kl.ReLU(max_value=1.0)),
        )
    ),
    Case("normalization", "batch_normalization", _single((6,), lambda kl: kl.BatchNormalization())),
    Case(
        "normalization",
        "batch_normalization_axis",
        _single((3, 4, 5), lambda kl: kl.BatchNormalization(axis=1, scale=False, momentum=0.8)),
    ),
    *(
        Case("noise", name.lower(), _single((4, 3), make))
        for name, make in (
            ("GaussianNoise", lambda kl: kl.GaussianNoise(0.1)),
            ("GaussianDropout", lambda kl: kl.GaussianDropout(0.1)),
            ("AlphaDropout", lambda kl: kl.AlphaDropout(0.1)),
            ("SpatialDropout1D", lambda kl: kl.SpatialDropout1D(0.1)),
        )
    ),
    Case("wrappers", "time_distributed", _sequence(lambda kl: kl.TimeDistributed(kl.Dense(4)))),
    Case(
        "wrappers",
        "bidirectional",
        _sequence(
            lambda kl: kl.Bidirectional(kl.LSTM(3, return_sequences=True, recurrent_activation="sigmoid")),
            lambda kl: kl.Bidirectional(kl.GRU(2, **_sigmoid("GRU")), merge_mode="sum"),
        ),
    ),
    *(
        Case("layers of later lines", name, _single(shape, make))
        for name, shape, make in (
            ("layer_normalization", (4, 5), lambda kl: kl.LayerNormalization()),
            ("group_normalization", (4, 6), lambda kl: kl.GroupNormalization(3)),
            ("unit_normalization", (4, 5), lambda kl: kl.UnitNormalization()),
            ("rescaling", (4, 5), lambda kl: kl.Rescaling(0.5, offset=1.0)),
            ("conv2d_groups", (6, 7, 4), lambda kl: kl.Conv2D(6, 3, groups=2)),
            ("gelu", (4,), lambda kl: kl.Dense(3, activation="gelu")),
        )
    ),
    Case("layers of later lines", "multi_head_attention", _graph(_attention)),
    Case("graphs", "shared_layer", _graph(_shared)),
    Case("graphs", "nested_models", _graph(_nested)),
    Case("graphs", "nested_model_twice", _graph(_nested_twice)),
    Case("graphs", "several_inputs_and_outputs", _graph(_several)),
    *(
        Case(
            "training on",
            name.lower(),
            _stack(
                lambda kl: kl.InputLayer(input_shape=(3,)),
                lambda kl: kl.Dense(4, activation="tanh"),
                lambda kl: kl.Dense(2),
            ),
            name,
        )
        for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
    ),
]


def _sigmoid(kind: str) -> dict[str, Any]:
    """Return arguments with which a recurrent layer is the same in all lines."""
    return {
        "SimpleRNN": {},
        "GRU": {"recurrent_activation": "sigmoid", "reset_after": False},
        "LSTM": {"recurrent_activation": "sigmoid"},
    }[kind]


def _as_keras_2(layers: Any, kind: str) -> Any:
    """Return a recurrent layer with the defaults of Keras 2.1.6."""
    return getattr(layers, kind)(4, **{**_sigmoid(kind), **_HARD.get(kind, {})})


_HARD = {kind: {"recurrent_activation": "hard_sigmoid"} for kind in ("GRU", "LSTM")}
