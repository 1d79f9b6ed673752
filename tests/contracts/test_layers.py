"""What every layer must hold to; a registered layer that is missing from the table fails."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.layers.convolutional_recurrent import ConvLSTM
from engine.layers.registry import LAYERS
from engine.models import Model, Sequential
from tests.contracts.layer_cases import CASES, Case

SIGNATURES = (Path(__file__).parent.parent / "fixtures/manual/signatures.txt").read_text()


def over(keep: Callable[[Case], bool] = lambda item: True) -> pytest.MarkDecorator:
    """Parametrize a test over the cases of which `keep` holds."""
    numbered = [(f"{item.name}-{number}", item) for number, item in enumerate(CASES) if keep(item)]
    return pytest.mark.parametrize("item", [item for _, item in numbered], ids=[name for name, _ in numbered])


# A Lambda's function is not part of its configuration: tests/engine/layers/core tests it.
# The models are layers with contracts of their own; Input has nothing to compute; WithMask takes a mask, which the
# engine's models of later lines test.
ELSEWHERE = {"Lambda", "WithMask", "InputLayer", "Model", "Sequential"}


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


def list_layers(layer: Any) -> list[Any]:
    """A layer and the cells and layers inside it."""
    inner = [getattr(layer, name) for name in ("cell", "layer") if hasattr(layer, name)]
    inner += getattr(layer, "cells", [])
    return [layer, *(one for item in inner for one in list_layers(item))]


def test_every_registered_layer_is_in_the_table() -> None:
    registered = {member.__name__ for member in LAYERS.objects.values()}
    tested = {type(layer).__name__ for item in CASES for layer in list_layers(item.make())}
    assert registered - tested - ELSEWHERE == set()


# What no configuration holds, and `padding` where only `valid` is taken.
UNTRIED = {
    ("AlphaDropout", "noise_shape"),
    ("AlphaDropout", "seed"),
    ("Bidirectional", "weights"),
    ("LocallyConnected1D", "data_format"),
    ("LocallyConnected1D", "padding"),
    ("LocallyConnected2D", "padding"),
}


def test_every_option_of_the_manual_is_tried() -> None:
    values: dict[tuple[str, str], set[str]] = {}
    for item in CASES:
        for layer in list_layers(item.make()):
            for name, value in layer.get_config().items():
                values.setdefault((type(layer).__name__, name), set()).add(repr(value))
    options = {
        (name, option)
        for name, arguments in re.findall(r"\.layers\.([A-Z]\w*)\((.*)\)$", SIGNATURES, re.MULTILINE)
        for option in re.findall(r"(\w+)=", arguments)
        if name not in {*ELSEWHERE, "Input"}
    }
    assert {pair for pair in options if len(values.get(pair, ())) < 2} == UNTRIED


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
        value[:, -1] = getattr(layer, "mask_value", 0)
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
    """Compare derivatives along random directions with differences, in float64."""
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
    weights = layer.trainable_weights
    starts = [value + 0.05 * draw.randn(*value.shape) for value in map(K.get_value, weights)]
    factors = [K.placeholder(output.shape) for output in outputs]
    loss = sum(K.sum(output * factor) for output, factor in zip(outputs, factors, strict=True))
    floats = inputs if item.largest is None else []
    evaluate = K.function(
        [*inputs, *factors, K.learning_phase()], [loss, *K.gradients(loss, [*weights, *floats])]
    )
    shares = [draw.randn(*result.shape) for result in run(inputs, outputs, values)]

    def measure(arrays: list[np.ndarray], phase: int) -> list[Any]:
        K.batch_set_value(list(zip(weights, arrays)))
        given = arrays[len(weights) :] or values
        return evaluate([*given, *shares, phase])

    arrays = [*starts, *(values if floats else ())]
    for phase in (0, 1):
        loss_here, *gradients = measure(arrays, phase)
        # Few masks can fall alike twice.
        if any(measure(arrays, phase)[0] != loss_here for _ in range(5)):
            continue  # What is random has no difference to compare with.
        for _ in range(3):
            direction = [draw.randn(*array.shape) for array in arrays]
            ahead, behind = (
                measure([array + step * way for array, way in zip(arrays, direction, strict=True)], phase)[0]
                for step in (1e-6, -1e-6)
            )
            slope = sum(np.sum(one * way) for one, way in zip(gradients, direction, strict=True))
            assert slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-5, abs=1e-6)


def has_data_format(item: Case) -> bool:
    # Flatten gives no channels; the kernels of locally connected layers are laid out as their data is.
    kind = type(item.make())
    return "data_format" in inspect.signature(kind).parameters and kind.__name__ not in KERNELS_BY_FORMAT


KERNELS_BY_FORMAT = {"Flatten", "LocallyConnected1D", "LocallyConnected2D"}
OTHER_FORMAT = {"channels_last": "channels_first", "channels_first": "channels_last"}


@over(has_data_format)
def test_both_data_formats_compute_the_same(item: Case) -> None:
    layer = item.make()
    (sizes,) = item.sizes
    config = {**layer.get_config(), "data_format": OTHER_FORMAT[layer.data_format]}
    other = type(layer).from_config(config)
    first = 2 if hasattr(layer, "cell") else 1
    to, back = (first, -1) if layer.data_format == "channels_last" else (-1, first)
    inputs = L.Input(batch_shape=sizes)
    moved = np.moveaxis(np.empty(sizes), back, to)
    other_inputs = L.Input(batch_shape=moved.shape)
    output, other_output = as_list(layer(inputs))[0], as_list(other(other_inputs))[0]
    other.set_weights(layer.get_weights())
    (values,) = make_values(item)
    (expected,) = run(inputs, output, [values])
    (result,) = run(other_inputs, other_output, [np.moveaxis(values, back, to)])
    if result.ndim > 2:
        # Without the axis of steps the channels are one further to the front.
        front = 1 + first - 1 - (values.ndim - result.ndim)
        result = np.moveaxis(result, *((front, -1) if to != -1 else (-1, front)))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def is_recurrent(item: Case) -> bool:
    layer = item.make()
    inner = getattr(layer, "forward_layer", layer)
    plain = isinstance(inner, L.RNN) and not isinstance(inner, (L.CuDNNGRU, L.CuDNNLSTM))
    return plain and not (inner.return_sequences or inner.stateful or inner.unroll or inner.go_backwards)


@over(is_recurrent)
def test_masked_steps_are_as_if_they_were_not_there(item: Case) -> None:
    layer, (sizes,) = item.make(), item.sizes
    inputs, mask = L.Input(batch_shape=sizes), K.placeholder(sizes[:2], dtype="bool")
    short = L.Input(batch_shape=(sizes[0], sizes[1] - 1, *sizes[2:]))
    masked, shortened = as_list(layer(inputs, mask=mask)), as_list(layer(short))
    (values,) = make_values(item)
    keep = np.ones(sizes[:2], bool)
    keep[:, 1] = False
    results = K.function([inputs, mask], masked)([values, keep])
    expected = K.function([short], shortened)([np.delete(values, 1, axis=1)])
    for result, value in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, value, rtol=1e-4, atol=1e-5)


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
