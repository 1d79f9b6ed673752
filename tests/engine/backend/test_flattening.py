"""Flat graphs do what the plain functions do, to the last bit, or are not made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from engine import backend as K
from engine import layers as L
from engine import optimizers
from engine.backend import flattening
from engine.backend.opaque import opaque
from engine.backend.random import seed_default_generators
from engine.models import Model, Sequential

BATCH, BATCHES = 6, 7
NEVER = 10**9

rng = np.random.default_rng(0)
VECTORS = rng.normal(size=(BATCH * BATCHES, 5)).astype("float32")
SEQUENCES = rng.normal(size=(BATCH * BATCHES, 4, 3)).astype("float32")
IMAGES = rng.normal(size=(BATCH * BATCHES, 8, 8, 2)).astype("float32")
WORDS = rng.integers(0, 9, (BATCH * BATCHES, 6))
CLASSES = rng.integers(0, 3, (BATCH * BATCHES, 1))
NUMBERS = rng.normal(size=(BATCH * BATCHES, 3)).astype("float32")
WEIGHTS = rng.random(BATCH * BATCHES)


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    with K.isolated_state():
        yield
    K.set_mixed_precision(None)


# Each returns a compiled model, its inputs and its targets.
def regularized() -> Any:
    model = Sequential(
        [
            L.Dense(8, activation="relu", kernel_regularizer="l2", input_shape=(5,)),
            L.BatchNormalization(),
            L.Dropout(0.3, seed=3),
            L.Dropout(0.2),
            L.GaussianNoise(0.1),
            L.PReLU(),
            L.Dense(3, activation="softmax", kernel_constraint="unit_norm"),
        ]
    )
    optimizer = optimizers.Adam(decay=0.1, clipnorm=0.5)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, VECTORS, CLASSES


def convolutional() -> Any:
    model = Sequential(
        [
            L.Conv2D(4, 3, padding="same", activation="relu", input_shape=(8, 8, 2)),
            L.MaxPooling2D(),
            L.BatchNormalization(),
            L.SeparableConv2D(4, 3, padding="same"),
            L.UpSampling2D(),
            L.AveragePooling2D(3, 2, padding="same"),
            L.SpatialDropout2D(0.2),
            L.Conv2DTranspose(3, 3, strides=2),
            L.GlobalAveragePooling2D(),
        ]
    )
    model.compile(optimizers.SGD(momentum=0.9, nesterov=True, clipvalue=0.1), "mse", metrics=["mae"])
    return model, IMAGES, NUMBERS


def recurrent() -> Any:
    words = L.Input((6,))
    x = L.Embedding(9, 4, mask_zero=True)(words)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True, dropout=0.1, recurrent_dropout=0.2))(x)
    x = L.GRU(3, return_sequences=True)(x)
    model = Model(words, L.SimpleRNN(3)(x))
    model.compile("rmsprop", "mse")
    return model, WORDS, NUMBERS


def stateful() -> Any:
    given = L.Input(batch_shape=(BATCH, 4, 3))
    x = L.LSTM(3, stateful=True, return_sequences=True, recurrent_activation="sigmoid")(given)
    model = Model(given, L.GRU(3, stateful=True, reset_after=True)(x))
    model.compile("nadam", "logcosh")
    return model, SEQUENCES, NUMBERS


def variational() -> Any:
    given = L.Input((5,))
    mean, spread = L.Dense(2)(given), L.Dense(2)(given)
    noise = K.random_normal((K.shape(mean)[0], 2))
    code = L.Lambda(lambda parts: parts[0] + K.exp(parts[1]) * noise)([mean, spread])
    shown = L.Dense(5)(code)
    model = Model(given, shown)
    model.add_loss(K.mean(K.square(mean) + K.exp(spread) - spread))
    model.compile("adadelta", "mse")
    return model, VECTORS, VECTORS


def several() -> Any:
    figures, words = L.Input((5,)), L.Input((6,))
    text = L.GlobalMaxPooling1D()(L.Embedding(9, 4)(words))
    both = L.concatenate([figures, text])
    first, second = L.Dense(3, name="first")(both), L.Dense(3, activation="softmax", name="second")(both)
    model = Model([figures, words], [first, second])
    model.compile(
        "adamax",
        {"first": "mse", "second": "sparse_categorical_crossentropy"},
        metrics={"second": "acc"},
        weighted_metrics={"first": "mae"},
        loss_weights=[1.0, 0.3],
    )
    return model, [VECTORS, WORDS], [NUMBERS, CLASSES]


class Descent(optimizers.Optimizer):
    """An optimizer as users write them."""

    def __init__(self) -> None:
        super().__init__()
        self.rate = K.variable(0.1)

    def get_updates(self, loss: Any, params: Any) -> list[Any]:
        updates = [K.update(self.rate, self.rate * 0.9)]
        for weight, gradient in zip(params, self.get_gradients(loss, params), strict=True):
            last = K.zeros(K.int_shape(weight))
            updates += [
                K.update(last, gradient),
                K.update(weight, weight - self.rate * (gradient + 0.5 * last)),
            ]
        self.weights = [self.rate]
        return updates


def own_optimizer() -> Any:
    model = Sequential([L.Dense(4, activation="elu", input_shape=(5,)), L.Dense(3)])
    model.compile(Descent(), "mse")
    return model, VECTORS, NUMBERS


def native_optimizer() -> Any:
    model = Sequential([L.Dense(4, activation="elu", input_shape=(5,)), L.Dense(3)])
    made = optimizers.TFOptimizer(lambda weights: torch.optim.Adagrad(weights, lr=0.1, lr_decay=0.1))
    model.compile(made, "mse")
    return model, VECTORS, NUMBERS


def penalized() -> Any:
    """A loss with a derivative in it."""
    given = L.Input((5,))
    hidden = L.Dense(4, activation="tanh")(given)
    shown = L.Dense(3)(hidden)
    model = Model(given, shown)
    model.add_loss(K.mean(K.square(K.gradients(K.sum(shown), [hidden])[0])))
    model.compile("adagrad", "mse")
    return model, VECTORS, NUMBERS


MODELS: list[Callable[[], Any]] = [
    regularized,
    convolutional,
    recurrent,
    stateful,
    variational,
    several,
    own_optimizer,
    native_optimizer,
    penalized,
]


def train(make: Callable[[], Any], runs_before: int, monkeypatch: Any) -> tuple[list[Any], Any]:
    """Return all that a training, an evaluation and a prediction leave behind, and the model."""
    monkeypatch.setattr(flattening, "RUNS_BEFORE", runs_before)
    with K.isolated_state():
        np.random.seed(1)
        seed_default_generators(1)
        model, x, y = make()
        arguments = {} if model.stateful or make is several else {"sample_weight": WEIGHTS}
        history = model.fit(x, y, BATCH, 3, verbose=0, shuffle=not model.stateful, **arguments)
        found = [np.array(values) for values in history.history.values()]
        if hasattr(model.optimizer, "lr"):
            K.set_value(model.optimizer.lr, 0.05)
        found += [np.array(model.train_on_batch(*first_rows(x, y))) for _ in range(2)]
        found += [*model.get_weights(), *model.optimizer.get_weights()]
        found.append(np.array(model.evaluate(x, y, BATCH, verbose=0)))
        predicted = model.predict(x, BATCH)
        found += predicted if isinstance(predicted, list) else [predicted]
        return [*found, *K.get_random_state().values()], model


def first_rows(x: Any, y: Any) -> tuple[Any, Any]:
    cut = lambda data: [each[:BATCH] for each in data] if isinstance(data, list) else data[:BATCH]  # noqa: E731
    return cut(x), cut(y)


def find_runs(model: Any) -> dict[str, Any]:
    return {kind: next(iter(step._function._compiled.values())) for kind, step in model._steps.items()}


@pytest.mark.parametrize("precision", [None, "bfloat16"])
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_trainings_are_the_same_to_the_last_bit(
    make: Callable[[], Any], precision: str | None, monkeypatch: Any
) -> None:
    K.set_mixed_precision(precision)
    plain, model = train(make, NEVER, monkeypatch)
    assert not any(run.is_flat for run in find_runs(model).values())
    flat, model = train(make, 1, monkeypatch)
    assert {kind: run.obstacle for kind, run in find_runs(model).items() if not run.is_flat} == {}
    for own, other in zip(flat, plain, strict=True):
        np.testing.assert_array_equal(own, other)


@opaque("raise_by_one", "(Tensor x) -> Tensor", torch.empty_like)
def raise_by_one(x: Any) -> Any:
    """Write into its argument, as nobody says that it does."""
    return x.add_(1)


def call_often(function: Any, values: list[Any]) -> list[Any]:
    return [function(value) for value in values for _ in range(4)]


def find_run(function: Any) -> Any:
    return function._compiled[0]


@pytest.fixture
def early(monkeypatch: Any) -> None:
    """Flat graphs are tried from the first run on."""
    monkeypatch.setattr(flattening, "RUNS_BEFORE", 0)


@pytest.mark.usefixtures("early")
class TestFunctions:
    def test_each_shape_has_its_graph(self) -> None:
        x = K.placeholder((None, 2))
        run = K.function([x], [K.sum(x, axis=0) / K.cast(K.shape(x)[0], "float32")])
        values = [rng.normal(size=(rows, 2)).astype("float32") for rows in (3, 5, 3, 1)]
        for value, result in zip(
            np.repeat(np.array(values, object), 4), call_often(run, [[v] for v in values])
        ):
            np.testing.assert_allclose(result[0], value.mean(0), rtol=1e-5)
        assert find_run(run).is_flat

    def test_variables_are_read_and_written_anew_each_time(self) -> None:
        total, step = K.variable([[1.0, 2.0]]), K.variable(1.0)
        x = K.placeholder((None, 2))
        run = K.function(
            [x], [K.transpose(total), x * step], [K.update_add(total, K.sum(x, 0, keepdims=True))]
        )
        for number in range(1, 7):
            K.set_value(step, number)
            given = np.full((2, 2), number, "float32")
            before, scaled = run([given])
            np.testing.assert_array_equal(scaled, given * number)
        assert find_run(run).is_flat
        np.testing.assert_array_equal(K.get_value(total), [[43.0, 44.0]])
        assert before.shape == (2, 1)

    def test_what_is_given_away_is_not_shared_between_runs(self) -> None:
        x = K.placeholder((2,))
        run = K.function([x], [K.ones_like(x), x + 1])
        for _ in range(4):
            ones, _ = run([np.zeros(2)])
            np.testing.assert_array_equal(ones, [1.0, 1.0])
            ones[:] = 7
        assert find_run(run).is_flat

    def test_inputs_that_once_shared_memory_may_differ(self) -> None:
        x, y = K.placeholder((2,)), K.placeholder((2,))
        run = K.Function([x, y], [x - y])
        same = torch.tensor([1.0, 2.0])
        for _ in range(3):
            assert run.run([same, same])[0].tolist() == [0.0, 0.0]
        assert find_run(run).is_flat
        assert run.run([same, torch.zeros(2)])[0].tolist() == [1.0, 2.0]

    def test_constants_that_others_may_write_into_are_made_anew(self) -> None:
        x = K.placeholder((2,))
        run = K.function([x], [K.record(raise_by_one, (K.zeros_like(x) + 1,), results=x.examples) * x])
        for _ in range(5):
            np.testing.assert_array_equal(run([[1.0, 3.0]])[0], [2.0, 6.0])
        assert find_run(run).is_flat

    def test_an_error_is_the_plain_one(self) -> None:
        table, index = K.variable(np.ones((3, 2))), K.placeholder((None,), dtype="int64")
        run = K.function([index], [K.gather(table, index)])
        with pytest.raises((IndexError, RuntimeError)) as plain:
            run([[0, 5]])
        call_often(run, [[[0, 1]]])
        assert find_run(run).is_flat
        with pytest.raises((IndexError, RuntimeError)) as flat:
            run([[0, 5]])
        assert str(plain.value).splitlines()[0] in str(flat.value)

    @pytest.mark.parametrize("kind", ["branch", "numpy", "count", "choice", "hidden"])
    def test_what_depends_on_more_than_shapes_stays_plain(self, kind: str) -> None:
        counted, hidden = [0], torch.ones(2)

        def compute(x: Any) -> Any:
            counted[0] += 1
            if kind == "branch":
                return x * 2 if x.sum() > 0 else x * 3
            if kind == "numpy":
                return x * float(x.numpy().max())
            if kind == "count":
                return x * counted[0]
            if kind == "choice":
                return x[x > 0].sum() + x
            hidden.add_(1)
            return x + hidden

        x = K.placeholder((2,))
        run = K.function([x], [K.record(compute, (x,), results=x.examples)])
        for number in range(1, 6):
            value = np.array([number, -1.0 - number % 2], "float32")
            factor = {"branch": 2 if value.sum() > 0 else 3, "numpy": number, "count": counted[0] + 1}.get(
                kind, 1
            )
            added = {"choice": number, "hidden": number + 1}.get(kind, 0)
            np.testing.assert_array_equal(run([value])[0], value * factor + added)
        assert not find_run(run).is_flat
        assert find_run(run).obstacle

    def test_a_switch_runs_the_branch_that_its_condition_asks_for(self) -> None:
        x = K.placeholder(())
        run = K.function([x], [K.switch(x > 0, lambda: x + 1, lambda: x - 1)])
        assert [float(run([value])[0]) for value in (1, 1, 1, -1, -1, 2)] == [2, 2, 2, -2, -2, 3]

    def test_printing_prints_each_time(self, capsys: Any) -> None:
        x = K.placeholder((1,))
        run = K.function([x], [K.print_tensor(x, "now ") + 1])
        for number in range(5):
            run([[number]])
        assert capsys.readouterr().out.count("now") == 5
