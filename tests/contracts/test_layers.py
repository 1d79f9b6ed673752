"""What every layer must hold to; a registered layer that is missing from the table fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.layers.convolutional_recurrent import ConvLSTM
from engine.layers.registry import LAYERS
from engine.models import Model, Sequential

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


def over(keep: Callable[[Case], bool] = lambda item: True) -> pytest.MarkDecorator:
    """Parametrize a test over the cases of which `keep` holds."""
    numbered = [(f"{item.name}-{number}", item) for number, item in enumerate(CASES) if keep(item)]
    return pytest.mark.parametrize("item", [item for _, item in numbered], ids=[name for name, _ in numbered])


# A Lambda's function is not part of its configuration: tests/engine/layers/core tests it.
# The models are layers with contracts of their own; Input has nothing to compute.
ELSEWHERE = {"Lambda", "InputLayer", "Model", "Sequential"}


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    np.random.seed(11)
    with K.isolated_state():
        yield


def make_values(item: Case, dtype: str = "float32") -> list[np.ndarray]:
    draw = np.random.RandomState(7)
    if item.largest is not None:
        return [draw.randint(0, item.largest + 1, sizes).astype("int32") for sizes in item.sizes]
    return [draw.randn(*sizes).astype(dtype) for sizes in item.sizes]


def make_inputs(item: Case) -> Any:
    inputs = [L.Input(batch_shape=shape) for shape in item.shapes]
    return inputs if len(inputs) > 1 else inputs[0]


def as_list(x: Any) -> list[Any]:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def list_shapes(shape: Any) -> list[tuple[int | None, ...]]:
    return [tuple(one) for one in (shape if isinstance(shape, list) else [shape])]


def run(inputs: Any, outputs: Any, values: list[np.ndarray], phase: int = 0) -> list[np.ndarray]:
    return K.function([*as_list(inputs), K.learning_phase()], as_list(outputs))([*values, phase])


def list_classes(layer: Any) -> set[str]:
    """The classes of a layer and of the cells and layers inside it."""
    inner = [getattr(layer, name) for name in ("cell", "layer") if hasattr(layer, name)]
    inner += getattr(layer, "cells", [])
    return {type(layer).__name__}.union(*(list_classes(one) for one in inner))


def test_every_registered_layer_is_in_the_table() -> None:
    registered = {member.__name__ for member in LAYERS.objects.values()}
    tested = set().union(*(list_classes(item.make()) for item in CASES))
    assert registered - tested - ELSEWHERE == set()


@over()
@pytest.mark.parametrize("phase", [0, 1], ids=["testing", "training"])
def test_static_shapes_are_those_of_a_run(item: Case, phase: int) -> None:
    layer, inputs = item.make(), make_inputs(item)
    outputs = layer(inputs)
    results = run(inputs, outputs, make_values(item), phase)

    stated = layer.compute_output_shape(list(item.shapes) if len(item.shapes) > 1 else item.shapes[0])
    assert [output.shape for output in as_list(outputs)] == list_shapes(stated)
    for output, result in zip(as_list(outputs), results, strict=True):
        assert len(output.shape) == result.ndim
        assert all(size in (None, real) for size, real in zip(output.shape, result.shape, strict=True))
        assert result.dtype == np.dtype(output.dtype)
    exact = layer.compute_output_shape(list(item.sizes) if len(item.sizes) > 1 else item.sizes[0])
    assert list_shapes(exact) == [result.shape for result in results]


@over(lambda item: item.shapes[0][0] is None)
def test_samples_do_not_depend_on_their_batch(item: Case) -> None:
    layer, inputs = item.make(), make_inputs(item)
    outputs = layer(inputs)
    assert all(output.shape[0] is None for output in as_list(outputs))
    values = make_values(item)
    single = [value[:1] for value in values]
    for whole, one in zip(run(inputs, outputs, values), run(inputs, outputs, single), strict=True):
        np.testing.assert_allclose(whole[:1], one, rtol=1e-4, atol=1e-5)


@over()
def test_configuration_and_weights_make_the_same_layer(item: Case) -> None:
    layer, inputs = item.make(), make_inputs(item)
    outputs = layer(inputs)
    written = json.loads(json.dumps(L.serialize(layer)))
    copy = L.deserialize(written)
    assert json.loads(json.dumps(L.serialize(copy))) == written
    assert type(copy).from_config(written["config"]).get_config() == copy.get_config()

    copied = copy(inputs)
    weights = [(value + 0.1).astype(value.dtype) for value in layer.get_weights()]
    layer.set_weights(weights)
    copy.set_weights(layer.get_weights())
    for value, expected in zip(copy.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(value, expected)
    values = make_values(item)
    for first, second in zip(run(inputs, outputs, values), run(inputs, copied, values), strict=True):
        np.testing.assert_array_equal(first, second)
    assert layer.count_params() == sum(value.size for value in weights)


@over()
def test_names_of_weights_begin_with_the_layers(item: Case) -> None:
    layer = item.make()
    layer(make_inputs(item))
    names = [weight.name for weight in layer.weights]
    assert all(name.startswith(f"{layer.name}/") and name.endswith(":0") for name in names)
    assert len(set(names)) == len(names)


@over()
def test_a_training_step_changes_what_is_trainable(item: Case) -> None:
    layer, inputs = item.make(), make_inputs(item)
    # A layer before it makes even one without weights take part in the derivative.
    first = as_list(inputs)[0]
    floats = item.largest is None
    scaled = L.Dense(first.shape[-1])(first) if floats and first.shape[-1] else first
    outputs = layer([scaled, *inputs[1:]] if isinstance(inputs, list) else scaled)
    model = Model(inputs, outputs)
    model.compile("sgd", "mse")
    before = [K.get_value(weight) for weight in model.trainable_weights]
    values = make_values(item)
    targets = [np.ones_like(result) for result in run(inputs, outputs, values)]
    if layer.stateful:
        model.reset_states()
    loss = model.train_on_batch(
        values if len(values) > 1 else values[0], targets if len(targets) > 1 else targets[0]
    )
    assert np.all(np.isfinite(loss))
    after = [K.get_value(weight) for weight in model.trainable_weights]
    unchanged = [
        weight.name
        for weight, old, new in zip(model.trainable_weights, before, after, strict=True)
        if np.array_equal(old, new)
    ]
    assert unchanged == []


def has_steps(item: Case) -> bool:
    return item.largest is None and min(len(shape) for shape in item.shapes) > 2


def refuses_masks(item: Case) -> bool:
    layer = item.make()
    # A mask over films has more axes than the layers of single images, and the recurrence, can take.
    return not layer.supports_masking or (isinstance(layer, L.TimeDistributed) and len(item.shapes[0]) > 4)


def mask_inputs(inputs: Any) -> Any:
    masked = [L.Masking()(x) for x in as_list(inputs)]
    return masked if len(masked) > 1 else masked[0]


@over(lambda item: has_steps(item) and refuses_masks(item))
def test_masks_are_refused(item: Case) -> None:
    with pytest.raises((TypeError, ValueError), match=r"mask|Mask"):
        item.make()(mask_inputs(make_inputs(item)))


@over(lambda item: has_steps(item) and not refuses_masks(item) and not isinstance(item.make(), ConvLSTM))
def test_masks_pass(item: Case) -> None:
    layer, inputs = item.make(), make_inputs(item)
    outputs = layer(mask_inputs(inputs))
    values = make_values(item)
    for value in values:
        value[:, -1] = 0
    node = layer._inbound_nodes[-1]
    for output, mask in zip(as_list(outputs), node.output_masks, strict=True):
        if mask is None:
            continue
        shown, result = run(inputs, [output, mask], values)
        assert result.dtype == bool
        assert result.shape == shown.shape[: result.ndim]
        if not isinstance(layer, L.Concatenate):
            assert not result[:, -1].any()
            assert result[:, 0].all()


@over()
def test_gradients_are_right(item: Case) -> None:
    """Compare the derivatives with differences, in float64."""
    K.set_floatx("float64")
    try:
        check_gradients(item)
    finally:
        K.set_floatx("float32")


def check_gradients(item: Case) -> None:
    layer, inputs = item.make(), [L.Input(batch_shape=sizes) for sizes in item.sizes]
    outputs = as_list(layer(inputs if len(inputs) > 1 else inputs[0]))
    draw = np.random.RandomState(3)
    values = make_values(item, "float64")
    layer.set_weights([value + 0.05 * draw.randn(*value.shape) for value in layer.get_weights()])
    shares = [draw.randn(*result.shape) for result in run(inputs, outputs, values)]
    factors = [K.placeholder(output.shape) for output in outputs]
    loss = sum(K.sum(output * factor) for output, factor in zip(outputs, factors, strict=True))
    weights = layer.trainable_weights
    sources = [*weights, *(inputs if item.largest is None else ())]
    evaluate = K.function([*inputs, *factors], [loss, *K.gradients(loss, sources)])
    _, *gradients = evaluate([*values, *shares])
    arrays = [*(np.array(K.get_value(weight)) for weight in weights), *values]
    step = 1e-6
    for number, gradient in enumerate(gradients):
        place = np.unravel_index(draw.randint(gradient.size), gradient.shape)
        losses = []
        for sign in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[number][place] += sign * step
            K.batch_set_value(list(zip(weights, moved)))
            losses.append(evaluate([*moved[len(weights) :], *shares])[0])
        K.batch_set_value(list(zip(weights, arrays)))
        slope = (losses[0] - losses[1]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-6), sources[number].name


def has_one_input_and_output(item: Case) -> bool:
    return len(item.shapes) == 1 and not getattr(item.make(), "return_state", False)


@over(has_one_input_and_output)
def test_a_sequential_model_takes_every_layer_of_one_input(item: Case) -> None:
    config = L.serialize(item.make())
    config["config"]["batch_input_shape"] = item.shapes[0]
    model = Sequential([L.deserialize(config)])
    values = make_values(item)
    (expected,) = run(model.inputs, model.outputs, values)
    if model.stateful:
        model.reset_states()
    np.testing.assert_allclose(
        model.predict(values[0], batch_size=len(values[0])), expected, rtol=1e-5, atol=1e-6
    )
