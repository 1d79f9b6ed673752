"""Keras 1's arguments of `fit` and of the methods that take generators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.models import Sequential


@pytest.fixture
def model() -> Iterator[Any]:
    with K.isolated_state():
        made = Sequential([layers.Dense(1, input_shape=(2,))])
        made.compile("sgd", "mse")
        yield made


class Batches:
    """Endless batches that tell their size, as image generators do."""

    def __init__(self, batch_size: int | None) -> None:
        if batch_size is not None:
            self.batch_size = batch_size
        self.rows = batch_size or 4
        self.count = 0

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        self.count += 1
        return np.ones((self.rows, 2)), np.ones((self.rows, 1))


def test_fit_takes_nb_epoch(model: Any) -> None:
    with pytest.warns(UserWarning, match=r"`fit` call.*epochs=3"):
        history = model.fit(np.ones((4, 2)), np.ones((4, 1)), nb_epoch=3, verbose=0)
    assert history.epoch == [0, 1, 2]


def test_fit_generator_counts_batches_of_a_generator_that_tells_their_size(model: Any) -> None:
    with pytest.warns(UserWarning, match=r"`fit_generator` call.*steps_per_epoch=3"):
        history = model.fit_generator(
            Batches(4),
            samples_per_epoch=10,
            nb_epoch=2,
            verbose=0,
            validation_data=Batches(5),
            nb_val_samples=10,
            max_q_size=1,
            nb_worker=1,
            pickle_safe=False,
        )
    assert history.params["steps"] == 3
    assert history.epoch == [0, 1]
    assert len(history.history["val_loss"]) == 2


def test_a_number_that_can_not_be_converted_is_taken_as_it_is(model: Any) -> None:
    with (
        pytest.warns(UserWarning, match="`evaluate_generator` call"),
        pytest.warns(UserWarning, match="counted samples"),
    ):
        model.evaluate_generator(Batches(None), val_samples=2)
    with pytest.warns(UserWarning, match="`predict_generator` call"):
        result = model.predict_generator(Batches(4), val_samples=8, max_q_size=1)
    assert result.shape == (8, 1)


def test_arguments_that_no_version_knows_are_refused(model: Any) -> None:
    with pytest.raises(TypeError, match="nb_epochs"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), nb_epochs=3)
