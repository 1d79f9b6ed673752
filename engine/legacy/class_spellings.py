"""Keras 1's arguments of constructors, by class."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral
from typing import Any

from engine.legacy.arguments import Rewrite, Spellings, accept_legacy_arguments

_ORDERED = {"dim_ordering": "data_format"}
_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONVOLUTION = {
    **_WEIGHTS,
    **_ORDERED,
    "nb_filter": "filters",
    "subsample": "strides",
    "border_mode": "padding",
    "atrous_rate": "dilation_rate",
}
_CONVOLUTION_1D = {
    **_WEIGHTS,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "border_mode": "padding",
    "atrous_rate": "dilation_rate",
}
# Separable convolutions have two kernels where Keras 1 had one initializer.
_SEPARABLE = {
    **{old: new for old, new in _CONVOLUTION.items() if old[:2] != "W_"},
    "init": ("depthwise_initializer", "pointwise_initializer"),
}
_RECURRENT = {
    **_WEIGHTS,
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_POOLING_1D = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_POOLING = {**_ORDERED, "border_mode": "padding"}
_DROPOUT = {"p": "rate"}

_SIZES_2D = ("nb_row", "nb_col")
_SIZES_3D = ("kernel_dim1", "kernel_dim2", "kernel_dim3")


def _windows(
    renamed: Mapping[str, Any],
    sizes: tuple[str, ...],
    rewrites: Mapping[str, Rewrite] | None = None,
    trailing: tuple[str, ...] = (),
) -> Spellings:
    """Return the spellings of a layer that was given its kernel's sizes one by one, behind its filters.

    Args:
        renamed, rewrites: as in `Spellings`.
        sizes: the names of the sizes.
        trailing: what may follow them: shapes.
    """

    def join_sizes(arguments: dict[str, Any]) -> None:
        if all(name in arguments for name in sizes):
            arguments["kernel_size"] = tuple(arguments.pop(name) for name in sizes)

    def has_old_order(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        given, rest = args[1 : len(sizes) + 1], args[len(sizes) + 1 :]
        return (
            bool(given)
            and all(isinstance(size, Integral) for size in given)
            and all(name in kwargs for name in sizes[len(given) :])
            and all(isinstance(shape, (list, tuple, type(None))) for shape in rest)
        )

    return Spellings(
        renamed,
        {sizes[0]: join_sizes, **(rewrites or {})},
        ("nb_filter", *sizes, *trailing),
        has_old_order,
    )


def _drop(*names: str) -> dict[str, Rewrite]:
    """Leave out what Keras 2 works out for itself."""

    def rewrite(arguments: dict[str, Any]) -> None:
        for name in names:
            arguments.pop(name, None)

    return dict.fromkeys(names, rewrite)


def _input_shape(arguments: dict[str, Any]) -> None:
    sizes = (arguments.pop("input_length", None), arguments.pop("input_dim", None))
    if sizes[1] is not None and "batch_input_shape" not in arguments:
        arguments.setdefault("input_shape", sizes)


def _forget_bias(arguments: dict[str, Any]) -> None:
    initializer = arguments.pop("forget_bias_init")
    is_one = initializer in ("one", "ones") or type(initializer).__name__ == "Ones"
    if not is_one:
        warnings.warn(
            "Keras 2 has no `forget_bias_init`: the forget gate's bias starts at one (`unit_forget_bias=True`) or "
            f"as `bias_initializer` says, which it does now. Found: {initializer!r}",
            stacklevel=4,
        )
    arguments["unit_forget_bias"] = is_one


def _implementation(arguments: dict[str, Any]) -> None:
    # 0 computed the same as 1 does.
    arguments["implementation"] = arguments["implementation"] or 1


def _embedding_dropout(arguments: dict[str, Any]) -> None:
    if arguments.pop("dropout"):
        warnings.warn(
            "Keras 2's `Embedding` has no `dropout`: put a `SpatialDropout1D` layer behind it.", stacklevel=4
        )


def _normalization_mode(arguments: dict[str, Any]) -> None:
    mode = arguments.pop("mode")
    if mode != 0:
        raise ValueError(
            f"Keras 2's `BatchNormalization` has no `mode`: only mode 0, over a feature axis, is left. Found: {mode}"
        )


def _padding(*pairs: tuple[str, str]) -> dict[str, Rewrite]:
    """Make pairs of a dict of margins, or of a flat tuple of them."""

    def rewrite(arguments: dict[str, Any]) -> None:
        padding = arguments["padding"]
        if isinstance(padding, dict):
            margins = [(padding.get(before, 0), padding.get(after, 0)) for before, after in pairs]
        elif len(pairs) > 1 and isinstance(padding, (list, tuple)) and len(padding) == 2 * len(pairs):
            margins = list(zip(padding[::2], padding[1::2], strict=True))
        else:
            return
        arguments["padding"] = tuple(margins) if len(pairs) > 1 else margins[0]

    return {"padding": rewrite}


_FROM_SIZES: dict[str, Rewrite] = {"input_dim": _input_shape, "input_length": _input_shape}
_GATED: dict[str, Rewrite] = {"forget_bias_init": _forget_bias, "implementation": _implementation}
_IMPLEMENTED = {"consume_less": "implementation"}
_CONVOLUTION_2D = _windows(_CONVOLUTION, _SIZES_2D)
_CONVOLUTION_3D = _windows(_CONVOLUTION, _SIZES_3D)

CLASS_SPELLINGS: dict[str, Spellings] = {
    "Dense": Spellings({**_WEIGHTS, "output_dim": "units"}),
    "Dropout": Spellings(_DROPOUT),
    "SpatialDropout1D": Spellings(_DROPOUT),
    **dict.fromkeys(("SpatialDropout2D", "SpatialDropout3D"), Spellings({**_DROPOUT, **_ORDERED})),
    "GaussianDropout": Spellings(_DROPOUT),
    "GaussianNoise": Spellings({"sigma": "stddev"}),
    "PReLU": Spellings({"init": "alpha_initializer"}),
    "BatchNormalization": Spellings(
        {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"}, {"mode": _normalization_mode}
    ),
    "Embedding": Spellings(
        {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
        {"dropout": _embedding_dropout},
    ),
    "Conv1D": Spellings(_CONVOLUTION_1D, _FROM_SIZES),
    "Conv2D": _CONVOLUTION_2D,
    "Conv3D": _CONVOLUTION_3D,
    "Conv2DTranspose": _windows(_CONVOLUTION, _SIZES_2D, _drop("output_shape"), ("output_shape",)),
    "SeparableConv2D": _windows(_SEPARABLE, _SIZES_2D),
    "LocallyConnected1D": Spellings(_CONVOLUTION_1D, _FROM_SIZES),
    "LocallyConnected2D": _CONVOLUTION_2D,
    "ConvLSTM2D": _windows(
        {**_CONVOLUTION, **_RECURRENT},
        _SIZES_2D,
        {"forget_bias_init": _forget_bias, **_drop("consume_less")},
    ),
    "SimpleRNN": Spellings({**_RECURRENT, "output_dim": "units"}, _drop("consume_less", "implementation")),
    **dict.fromkeys(
        ("GRU", "LSTM"), Spellings({**_RECURRENT, **_IMPLEMENTED, "output_dim": "units"}, _GATED)
    ),
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), Spellings(_POOLING_1D)),
    **dict.fromkeys(
        ("MaxPooling2D", "MaxPooling3D", "AveragePooling2D", "AveragePooling3D"), Spellings(_POOLING)
    ),
    **dict.fromkeys(
        (
            "GlobalMaxPooling2D",
            "GlobalMaxPooling3D",
            "GlobalAveragePooling2D",
            "GlobalAveragePooling3D",
            "UpSampling2D",
            "UpSampling3D",
            "ZeroPadding3D",
            "Cropping2D",
            "Cropping3D",
        ),
        Spellings(_ORDERED),
    ),
    "UpSampling1D": Spellings({"length": "size"}),
    "ZeroPadding1D": Spellings({}, _padding(("left_pad", "right_pad"))),
    "ZeroPadding2D": Spellings(_ORDERED, _padding(("top_pad", "bottom_pad"), ("left_pad", "right_pad"))),
    "Highway": Spellings({}, _drop("transform_bias")),
    "Model": Spellings({"input": "inputs", "output": "outputs"}),
    "MaxNorm": Spellings({"m": "max_value"}),
}


def accept_legacy_constructor(cls: Any) -> Any:
    """Let a class take the arguments that Keras 1 knew, where it stands in the table; return the class."""
    spellings = CLASS_SPELLINGS.get(cls.__name__)
    if spellings is not None:
        cls.__init__ = accept_legacy_arguments(cls.__init__, cls.__name__, spellings)
    return cls
