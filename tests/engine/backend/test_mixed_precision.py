"""Products and convolutions compute in bfloat16, all else in the types that it had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from engine import backend as K
from engine import layers as L
from engine.models import Model, Sequential
from engine.utils import set_random_seed

ROWS, BATCH, EPOCHS = 48, 8, 6

rng = np.random.default_rng(0)
VECTORS = rng.normal(size=(ROWS, 10)).astype("float32")
IMAGES = rng.normal(size=(ROWS, 8, 8, 4)).astype("float32")
SEQUENCES = rng.normal(size=(ROWS, 5, 6)).astype("float32")
WORDS = rng.integers(0, 9, (ROWS, 5))
CLASSES = rng.integers(0, 3, (ROWS, 1))
NUMBERS = rng.random((ROWS, 2)).astype("float32")


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    with K.isolated_state():
        yield
    K.set_mixed_precision(None)


# Each returns a model, its loss, its inputs and its targets.
def dense() -> tuple[Any, ...]:
    first = L.Dense(32, activation="relu", input_shape=(10,))
    return (
        Sequential([first, L.Dense(3, activation="softmax")]),
        "sparse_categorical_crossentropy",
        VECTORS,
        CLASSES,
    )


def yes_or_no() -> tuple[Any, ...]:
    first = L.Dense(32, activation="tanh", input_shape=(10,))
    return Sequential([first, L.Dense(1, activation="sigmoid")]), "binary_crossentropy", VECTORS, CLASSES % 2


def convolutional() -> tuple[Any, ...]:
    layers = [
        L.Conv2D(8, 3, padding="same", activation="relu", input_shape=(8, 8, 4)),
        L.BatchNormalization(),
        L.MaxPooling2D(),
        L.UpSampling2D(),
        L.Conv2D(16, 3, padding="same", activation="relu"),
        L.BatchNormalization(scale=False, center=False),
        L.GlobalAveragePooling2D(),
        L.Dense(2),
    ]
    return Sequential(layers), "mse", IMAGES, NUMBERS


def recurrent(cell: Callable[..., Any], **settings: Any) -> tuple[Any, ...]:
    layers = [L.Conv1D(6, 2, input_shape=(5, 6)), cell(8, dropout=0.1, **settings), L.Dense(2)]
    return Sequential(layers), "mse", SEQUENCES, NUMBERS


def embedding() -> tuple[Any, ...]:
    words = L.Embedding(9, 6, input_length=5, mask_zero=True)
    layers = [words, L.Bidirectional(L.SimpleRNN(4)), L.Dense(3, activation="softmax")]
    return Sequential(layers), "sparse_categorical_crossentropy", WORDS, CLASSES


def several() -> tuple[Any, ...]:
    figures, words = L.Input((10,)), L.Input((5,))
    both = L.concatenate([L.Dense(8)(figures), L.GlobalMaxPooling1D()(L.Embedding(9, 4)(words))])
    outputs = [L.Dense(2)(both), L.Dense(3, activation="softmax")(both)]
    losses = ["mse", "sparse_categorical_crossentropy"]
    return Model([figures, words], outputs), losses, [VECTORS, WORDS], [NUMBERS, CLASSES]


MODELS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "dense": dense,
    "yes or no": yes_or_no,
    "convolutional": convolutional,
    "LSTM, sigmoid": lambda: recurrent(L.LSTM, recurrent_activation="sigmoid"),
    "LSTM, hard sigmoid": lambda: recurrent(L.LSTM, recurrent_activation="hard_sigmoid"),
    "LSTM, a product a gate": lambda: recurrent(L.LSTM, implementation=1, recurrent_dropout=0.1),
    "GRU": lambda: recurrent(L.GRU),
    "embedding": embedding,
    "two outputs": several,
}


def train(make: Callable[[], Any], precision: str | None, epochs: int = EPOCHS) -> tuple[Any, list[float]]:
    """Return a trained model, and its losses."""
    K.set_mixed_precision(precision)
    set_random_seed(1)
    model, loss, x, y = make()
    model.compile("adam", loss)
    return model, model.fit(x, y, BATCH, epochs, verbose=0, shuffle=False).history["loss"]


def predict(model: Any, x: Any) -> list[np.ndarray]:
    found = model.predict(x, BATCH)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("make", MODELS.values(), ids=list(MODELS))
def test_models_learn_as_in_float32_and_keep_their_types(make: Callable[[], Any]) -> None:
    reference, expected = train(make, None)
    model, losses = train(make, "bfloat16")
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, expected, rtol=0.01)
    assert {weight.dtype.name for weight in model.get_weights()} == {"float32"}
    assert {weight.value.dtype for weight in model.optimizer.weights} <= {torch.float32, torch.int64}
    reference.set_weights(model.get_weights())
    _, _, x, y = make()
    for own, other in zip(predict(model, x), predict(reference, x), strict=True):
        assert own.dtype == np.float32
        np.testing.assert_allclose(own, other, atol=0.02)
    own, other = (np.array(each.evaluate(x, y, BATCH, verbose=0)) for each in (model, reference))
    np.testing.assert_allclose(own, other, rtol=0.01)


@pytest.mark.parametrize("make", [dense, convolutional], ids=["dense", "convolutional"])
def test_the_setting_makes_a_difference(make: Callable[[], Any]) -> None:
    _, plain = train(make, None, 1)
    _, mixed = train(make, "bfloat16", 1)
    assert plain != mixed


def test_training_goes_on_with_the_same_bits() -> None:
    whole, _ = train(convolutional, "bfloat16", 4)
    first, _ = train(convolutional, "bfloat16", 2)
    _, _, x, y = convolutional()
    second, _ = train(convolutional, "bfloat16", 1)
    second.set_weights(first.get_weights())
    second.optimizer.set_weights(first.optimizer.get_weights())
    second.fit(x, y, BATCH, 2, verbose=0, shuffle=False)
    for own, other in zip(second.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


def is_short(values: np.ndarray) -> bool:
    """Tell whether no value has more digits than bfloat16."""
    return bool((values.view("uint32") & 0xFFFF == 0).all())


def test_functions_compute_products_in_bfloat16_and_give_the_types_of_their_outputs() -> None:
    x = K.placeholder((None, 10))
    kernel = K.variable(rng.normal(size=(10, 512)))
    outputs = [K.dot(x, kernel), K.softmax(K.dot(x, kernel)), K.cast(x, "bfloat16"), x + 1, K.argmax(x)]
    run = K.Function([x], outputs)
    K.set_mixed_precision("bfloat16")
    results = run.run([torch.from_numpy(VECTORS)])
    dtypes = [torch.float32, torch.float32, torch.bfloat16, torch.float32, torch.int64]
    assert [result.dtype for result in results] == dtypes
    product, shares, _, more, _ = (result.float().numpy() for result in results)
    assert is_short(product)
    np.testing.assert_allclose(product, VECTORS @ K.get_value(kernel), atol=0.1)
    np.testing.assert_allclose(shares.sum(1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(more, VECTORS + 1)


def test_convolutions_with_relu_compute_in_bfloat16() -> None:
    K.set_mixed_precision("bfloat16")
    x = K.placeholder((None, 8, 8, 4))
    run = K.function([x], [K.relu(K.conv2d(x, K.variable(rng.normal(size=(3, 3, 4, 8)))))])
    (result,) = run([IMAGES])
    assert is_short(result)
    assert result.min() == 0.0


def test_derivatives_of_derivatives_are_near_those_of_float32() -> None:
    def derive(precision: str | None) -> np.ndarray:
        K.set_mixed_precision(precision)
        x, kernel = K.placeholder((None, 5, 6)), K.variable(rng_of_kernel.normal(size=(6, 6)))
        set_random_seed(1)
        hidden = L.LSTM(4)(L.TimeDistributed(L.Dense(6, activation="tanh"))(K.dot(x, kernel)))
        (slope,) = K.gradients(K.sum(K.square(hidden)), [kernel])
        return K.function([x], K.gradients(K.sum(K.square(slope)), [kernel]))([SEQUENCES])[0]

    rng_of_kernel = np.random.default_rng(2)
    expected = derive(None)
    rng_of_kernel = np.random.default_rng(2)
    mixed = derive("bfloat16")
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, expected, atol=0.05 * np.abs(expected).max())


def test_confident_probabilities_keep_a_loss_and_a_derivative() -> None:
    K.set_mixed_precision("bfloat16")
    x, kernel = K.placeholder((None, 1)), K.variable([[1.0]])
    loss = K.binary_crossentropy(K.zeros_like(x), K.sigmoid(K.dot(x, kernel)))
    losses, slopes = K.function([x], [loss, K.gradients(loss, kernel)[0]])([[[8.0]]])
    np.testing.assert_allclose(losses, np.log1p(np.exp(8.0)), rtol=1e-3)
    np.testing.assert_allclose(slopes, 8.0 / (1.0 + np.exp(-8.0)), rtol=0.01)


def test_it_counts_for_functions_compiled_later_alone() -> None:
    x = K.placeholder((None, 10))
    run = K.function([x], [K.dot(x, K.variable(rng.normal(size=(10, 4))))])
    (plain,) = run([VECTORS])
    K.set_mixed_precision("bfloat16")
    np.testing.assert_array_equal(run([VECTORS])[0], plain)
    later = K.function([x], run.outputs)
    assert is_short(later([VECTORS])[0])
    K.set_mixed_precision(None)
    assert is_short(later([VECTORS])[0])


def test_tf32_changes_nothing_on_the_cpu() -> None:
    settings = torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn
    before = [setting.fp32_precision for setting in settings]
    _, plain = train(convolutional, None)
    _, mixed = train(convolutional, "tf32")
    assert mixed == plain
    assert [setting.fp32_precision for setting in settings] == before


def test_the_default_is_none() -> None:
    assert K.mixed_precision() is None
    K.set_mixed_precision("tf32")
    assert K.mixed_precision() == "tf32"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bf16", r"Unknown mixed precision: 'bf16'. Use one of \(None, 'tf32', 'bfloat16'\)\.$"),
        ("float16", "losses to be scaled; `bfloat16` does not"),
    ],
)
def test_unknown_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        K.set_mixed_precision(name)
    assert K.mixed_precision() is None
