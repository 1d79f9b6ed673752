"""Training, testing and predicting on generators and Sequences."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.callbacks import LambdaCallback
from engine.models import Model, Sequential
from tests.engine.training.sequences import Rows

rng = np.random.default_rng(5)
X = rng.normal(size=(9, 3))
Y = rng.normal(size=(9, 2))
WEIGHTS = rng.uniform(0.5, 2.0, size=9)


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    threads = threading.active_count()
    with K.isolated_state():
        yield
    assert threading.active_count() == threads


def make_model() -> Any:
    kernel = np.linspace(-1.0, 1.0, 6).reshape(3, 2)
    model = Sequential([layers.Dense(2, input_shape=(3,), weights=[kernel, np.zeros(2)])])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def endless(*arrays: Any) -> Iterator[Any]:
    """Gives batches of two rows for ever."""
    return cycle(list(islice(Rows(*arrays), len(Rows(*arrays)))))


SOURCES: list[Callable[..., Any]] = [Rows, endless]


class TestFitGenerator:
    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("workers", [0, 1, 3])
    def test_trains_as_fit_does(self, source: Any, workers: int) -> None:
        reference, model = make_model(), make_model()
        expected = reference.fit(
            X, Y, 2, epochs=3, shuffle=False, verbose=0, validation_data=(X[:5], Y[:5])
        ).history
        history = model.fit_generator(
            source(X, Y),
            5,
            epochs=3,
            verbose=0,
            shuffle=False,
            workers=workers,
            validation_data=source(X[:5], Y[:5]),
            validation_steps=3,
        ).history
        assert list(history) == list(expected)
        for name, values in expected.items():
            assert history[name] == pytest.approx(values, rel=1e-6)
        for own, other in zip(model.get_weights(), reference.get_weights(), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-6)

    @pytest.mark.usefixtures("importable_tests")
    def test_trains_on_what_processes_make(self) -> None:
        reference, model = make_model(), make_model()
        expected = reference.fit(X, Y, 2, epochs=2, shuffle=False, verbose=0).history["loss"]
        history = model.fit_generator(
            Rows(X, Y), epochs=2, verbose=0, shuffle=False, workers=2, use_multiprocessing=True
        )
        assert history.history["loss"] == pytest.approx(expected, rel=1e-6)

    def test_each_batch_of_a_sequence_is_used_once_an_epoch(self) -> None:
        data = Rows(X, Y)
        make_model().fit_generator(data, epochs=2, verbose=0, workers=0)
        assert data.asked != [*range(5)] * 2
        assert sorted(data.asked[:5]) == sorted(data.asked[5:]) == list(range(5))
        assert data.ended == 2

    def test_a_validation_sequence_begins_anew_each_epoch(self) -> None:
        held_out = Rows(X, Y)
        make_model().fit_generator(
            Rows(X, Y), epochs=3, verbose=0, workers=0, validation_data=held_out, validation_steps=2
        )
        assert held_out.asked == [0, 1] * 3

    def test_weights_of_samples_and_classes(self) -> None:
        reference, model = make_model(), make_model()
        expected = reference.fit(
            X, Y, 2, shuffle=False, verbose=0, sample_weight=WEIGHTS, validation_data=(X, Y, WEIGHTS)
        ).history
        history = model.fit_generator(
            Rows(X, Y, WEIGHTS), verbose=0, shuffle=False, validation_data=(X, Y, WEIGHTS)
        ).history
        assert history["loss"] == pytest.approx(expected["loss"])
        # Validation data in memory is cut into batches of 32.
        assert history["val_loss"] == pytest.approx(
            model.evaluate(X, Y, verbose=0, sample_weight=WEIGHTS)[:1]
        )
        targets = np.eye(2)[np.arange(9) % 2]
        by_class = make_model().fit_generator(
            Rows(X, targets), verbose=0, shuffle=False, class_weight={0: 1.0, 1: 5.0}
        )
        by_sample = make_model().fit_generator(
            Rows(X, targets, np.where(np.arange(9) % 2, 5.0, 1.0)), verbose=0, shuffle=False
        )
        assert by_class.history["loss"] == pytest.approx(by_sample.history["loss"])

    def test_epochs_and_what_callbacks_are_told(self) -> None:
        model = make_model()
        epochs: list[int] = []
        sizes: list[int] = []
        watcher = LambdaCallback(
            on_epoch_begin=lambda epoch, logs: epochs.append(epoch),
            on_batch_begin=lambda batch, logs: sizes.append(logs["size"]),
        )
        model.fit_generator(
            Rows(X, Y), initial_epoch=2, epochs=4, verbose=0, shuffle=False, callbacks=[watcher]
        )
        assert epochs == [2, 3]
        assert sizes == [2, 2, 2, 2, 1] * 2
        assert watcher.params == {
            "epochs": 4,
            "steps": 5,
            "verbose": 0,
            "do_validation": False,
            "metrics": ["loss", "mean_absolute_error"],
        }
        assert model.history.epoch == [2, 3]

    def test_progress_counts_batches(self, capsys: Any) -> None:
        make_model().fit_generator(Rows(X, Y), verbose=1)
        text = capsys.readouterr().out
        assert re.search(r"5/5 \[=+\] - \d+s \w+/step - loss: \d\.\d{4} - mean_absolute_error", text)

    def test_inputs_and_targets_by_name(self) -> None:
        a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
        model = Model([a, b], layers.Dense(2, name="out")(layers.add([a, b])))
        model.compile("sgd", "mse")
        batches = cycle([({"a": X, "b": X}, {"out": Y})])
        loss = model.evaluate_generator(batches, 2)
        assert loss == pytest.approx(model.evaluate([X, X], Y, verbose=0))
        model.fit_generator(batches, 2, verbose=0)
        assert model.evaluate([X, X], Y, verbose=0) < loss

    def test_a_stateful_model_keeps_its_batch_size_in_validation(self) -> None:
        model = Sequential([layers.SimpleRNN(2, stateful=True, batch_input_shape=(2, 3, 1))])
        model.compile("sgd", "mse")
        x, y = np.zeros((4, 3, 1)), np.zeros((4, 2))
        history = model.fit_generator(
            Rows(x, y), verbose=0, shuffle=False, validation_data=(x, y), workers=0
        ).history
        assert history["val_loss"] == [0.0]

    def test_an_error_in_the_loop_ends_the_workers(self) -> None:
        def fail(batch: int, logs: Any) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            make_model().fit_generator(
                Rows(X, Y), verbose=0, workers=3, callbacks=[LambdaCallback(on_batch_end=fail)]
            )


class TestEvaluateAndPredict:
    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("workers", [0, 2])
    def test_as_on_arrays(self, source: Any, workers: int) -> None:
        model = make_model()
        assert model.evaluate_generator(source(X, Y), 5, workers=workers) == pytest.approx(
            model.evaluate(X, Y, verbose=0), rel=1e-6
        )
        for arrays in ((X,), (X, Y), (X, Y, WEIGHTS)):
            outputs = model.predict_generator(source(*arrays), 5, workers=workers)
            np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-6)

    def test_the_length_of_a_sequence_is_the_number_of_steps(self, capsys: Any) -> None:
        model = make_model()
        assert model.predict_generator(Rows(X), verbose=1).shape == (9, 2)
        assert "5/5 [====" in capsys.readouterr().out
        assert model.predict_generator(Rows(X), steps=2).shape == (4, 2)

    def test_several_inputs_and_outputs(self) -> None:
        a, b = layers.Input((3,)), layers.Input((3,))
        model = Model([a, b], [layers.add([a, b]), layers.subtract([a, b])])
        total, difference = model.predict_generator(iter([[X, 2 * X]]), 1)
        np.testing.assert_allclose(total, 3 * X, rtol=1e-6)
        np.testing.assert_allclose(difference, -X, rtol=1e-6)


class TestErrors:
    @pytest.mark.parametrize(
        ("argument", "call"),
        [
            ("steps_per_epoch", lambda model: model.fit_generator(endless(X, Y))),
            ("steps", lambda model: model.evaluate_generator(endless(X, Y))),
            ("steps", lambda model: model.predict_generator(endless(X))),
            (
                "validation_steps",
                lambda model: model.fit_generator(Rows(X, Y), validation_data=endless(X, Y)),
            ),
        ],
    )
    def test_generators_do_not_say_how_many_batches_there_are(self, argument: str, call: Any) -> None:
        with pytest.raises(ValueError, match=f"`{argument}=None` is only valid"):
            call(make_model())

    @pytest.mark.parametrize("item", [X, (X,), (X, Y, WEIGHTS, WEIGHTS)])
    def test_items_that_are_no_batches(self, item: Any) -> None:
        with pytest.raises(
            ValueError, match=r"Output of generator should be a tuple `\(x, y, sample_weight\)`"
        ):
            make_model().fit_generator(cycle([item]), 1, verbose=0)

    def test_data_that_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match=r"dense_1_input to have shape \(3,\)"):
            make_model().fit_generator(Rows(Y, Y), verbose=0)

    def test_a_generator_that_ends(self) -> None:
        with pytest.raises(ValueError, match="ran out of data after 1 of the 5 batches"):
            make_model().fit_generator(islice(endless(X, Y), 6), 5, epochs=2, verbose=0)

    def test_an_error_of_the_generator_reaches_the_caller(self) -> None:
        def broken() -> Iterator[Any]:
            yield X, Y
            raise ZeroDivisionError("in the second batch")

        with pytest.raises(ZeroDivisionError, match="in the second batch"):
            make_model().fit_generator(broken(), 4, verbose=0)

    def test_what_is_no_generator(self) -> None:
        with pytest.raises(ValueError, match=r"generator or a `keras.utils.Sequence`.*ndarray"):
            make_model().fit_generator(X, 1)
        with pytest.raises(ValueError, match="`validation_data` should be a tuple"):
            make_model().fit_generator(Rows(X, Y), validation_data=(X,), verbose=0)

    def test_not_compiled(self) -> None:
        model = Sequential([layers.Dense(1, input_shape=(1,))])
        with pytest.raises(RuntimeError, match="compile"):
            model.fit_generator(Rows(X, Y))
