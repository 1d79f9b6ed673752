"""Keras 1's arguments: what they become, and what stays as it was."""

from __future__ import annotations

import inspect
from typing import Any, cast

import numpy as np
import pytest

from engine import backend as K
from engine import constraints, layers, regularizers
from engine.models import Model, Sequential

# The signatures that types go by are Keras 2's.
keras_1: Any = layers


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def test_the_warning_shows_the_call_as_keras_2_spells_it() -> None:
    with pytest.warns(
        UserWarning, match=r'`Dense` call.*`Dense\(units=3, kernel_initializer="he_normal"\)`'
    ) as caught:
        keras_1.Dense(3, init="he_normal")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: keras_1.Convolution2D(4, 3, 2), {"filters": 4, "kernel_size": (3, 2), "strides": (1, 1)}),
        (lambda: keras_1.Convolution2D(4, 3, nb_col=5), {"kernel_size": (3, 5)}),
        (
            lambda: keras_1.Convolution3D(4, 3, 2, 1, subsample=2),
            {"kernel_size": (3, 2, 1), "strides": (2, 2, 2)},
        ),
        (lambda: keras_1.Deconvolution2D(2, 3, 3, (None, 3, 14, 14)), {"kernel_size": (3, 3), "filters": 2}),
        (
            lambda: keras_1.Convolution1D(4, filter_length=3, input_dim=5, input_length=7),
            {"kernel_size": (3,), "batch_input_shape": (None, 7, 5)},
        ),
        (lambda: keras_1.LSTM(2, consume_less="gpu"), {"implementation": 2}),
        (lambda: keras_1.GRU(2, implementation=0), {"implementation": 1}),
        (lambda: keras_1.SimpleRNN(output_dim=2, consume_less="mem"), {"units": 2}),
        (
            lambda: keras_1.ConvLSTM2D(
                nb_filter=2, nb_row=3, nb_col=3, border_mode="same", inner_init="zero"
            ),
            {"filters": 2, "kernel_size": (3, 3), "padding": "same"},
        ),
        (lambda: keras_1.GlobalMaxPooling2D(dim_ordering="th"), {"data_format": "channels_first"}),
        (lambda: keras_1.UpSampling2D(dim_ordering="default"), {"data_format": "channels_last"}),
        (
            lambda: keras_1.ZeroPadding2D({"top_pad": 1, "left_pad": 2, "right_pad": 3}),
            {"padding": ((1, 0), (2, 3))},
        ),
        (lambda: keras_1.ZeroPadding2D((1, 2, 3, 4)), {"padding": ((1, 2), (3, 4))}),
        (lambda: keras_1.ZeroPadding1D({"left_pad": 2}), {"padding": (2, 0)}),
        (lambda: keras_1.GaussianNoise(sigma=0.3), {"stddev": 0.3}),
    ],
)
def test_old_arguments_make_the_same_layer(make: Any, expected: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="Keras 2 API"):
        config = make().get_config()
    assert {name: config[name] for name in expected} == expected


def test_a_separable_convolution_spreads_its_initializer_over_both_kernels() -> None:
    with pytest.warns(UserWarning, match="depthwise_initializer"):
        config = keras_1.SeparableConvolution2D(3, 2, 2, init="one").get_config()
    assert (
        config["depthwise_initializer"]
        == config["pointwise_initializer"]
        == {"class_name": "Ones", "config": {}}
    )


def test_calls_of_keras_2_pass_unchanged() -> None:
    assert keras_1.Conv2D(4, 3).kernel_size == (3, 3)
    assert keras_1.Conv2D(4, (3, 3), 2, "same").strides == (2, 2)
    assert keras_1.Conv2D(4, 3, 2, "same").strides == (2, 2)
    assert keras_1.GRU(2, input_dim=3, implementation=2).implementation == 2
    assert keras_1.ZeroPadding2D((1, 2)).padding == ((1, 1), (2, 2))


def test_signatures_stay_visible() -> None:
    assert list(inspect.signature(layers.Dense).parameters)[:2] == ["units", "activation"]


def test_both_names_of_one_argument_are_refused() -> None:
    with pytest.raises(TypeError, match="`output_dim` is Keras 1's name of `units`"):
        keras_1.Dense(3, output_dim=4)


def test_what_keras_2_cannot_do_is_told() -> None:
    with pytest.raises(ValueError, match="no `mode`"):
        keras_1.BatchNormalization(mode=2)
    with (
        pytest.warns(UserWarning, match="Keras 2 API"),
        pytest.warns(UserWarning, match="no `forget_bias_init`"),
    ):
        keras_1.LSTM(2, forget_bias_init="zero")
    with pytest.warns(UserWarning, match="Keras 2 API"), pytest.warns(UserWarning, match="SpatialDropout1D"):
        keras_1.Embedding(5, 2, dropout=0.5)


def test_a_class_of_ones_own_keeps_its_own_arguments() -> None:
    class Scaled(layers.Dense):
        def __init__(self, units: int, p: float = 1.0, bias: float = 0.0, **kwargs: Any) -> None:
            super().__init__(units, **kwargs)
            self.p, self.bias_value = p, bias

    layer = Scaled(3, p=0.5, bias=2.0, use_bias=False)
    assert (layer.units, layer.p, layer.bias_value, layer.use_bias) == (3, 0.5, 2.0, False)


def test_add_weight_takes_the_shape_first() -> None:
    class Old(layers.Layer):
        def build(self, input_shape: Any) -> None:
            weights: Any = self
            self.kernel = weights.add_weight((input_shape[-1], 2), initializer="one", name="W")
            self.built = True

        def call(self, inputs: Any) -> Any:
            return K.dot(inputs, self.kernel)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (input_shape[0], 2)

    model = Sequential([Old(input_shape=(3,))])
    np.testing.assert_allclose(model.predict(np.ones((1, 3))), [[3.0, 3.0]])
    assert model.weights[0].name.endswith("/W:0")


def test_a_model_takes_input_and_output() -> None:
    x, model_class = layers.Input((3,)), cast(Any, Model)
    with pytest.warns(UserWarning, match=r"`Model` call.*inputs="):
        model = model_class(input=x, output=layers.Dense(2)(x))
    assert model.output_shape == (None, 2)


def test_regularizers_and_constraints_of_keras_1() -> None:
    assert regularizers.l1l2(0.25, 0.5).get_config() == {"l1": 0.25, "l2": 0.5}
    assert regularizers.WeightRegularizer(l2=0.5).get_config() == {"l1": 0.0, "l2": 0.5}
    assert regularizers.get("activity_l2").get_config()["l2"] == pytest.approx(0.01)
    with pytest.warns(UserWarning, match=r"MaxNorm\(max_value=3\)"):
        assert cast(Any, constraints.maxnorm)(m=3).max_value == 3
    assert constraints.maxnorm(3).max_value == 3
    assert constraints.get("unitnorm").axis == 0
