import math

import pytest

from client.commands.history import History, format_value, sort_names
from client.events import Event
from client.records import Job


@pytest.fixture
def history():
    job = Job(id="job_1", state="queued", attempt=0, created_at="2026-01-15T12:00:00Z", epochs=3)
    return History(job)


def measure(kind, step, **values):
    return Event(1, "metrics", {"kind": kind, "step": step, "epoch": 0, "values": values})


def test_an_epoch_replaces_the_batches_that_led_to_it(history):
    history.apply(measure("batch", 4, loss=3.0))
    assert history.batch == (4, {"loss": 3.0})
    history.apply(measure("epoch", 0, loss=2.0))
    assert history.batch is None
    assert (history.rows, history.epochs_done) == ({0: {"loss": 2.0}}, 1)


def test_best_is_high_for_accuracies_low_for_the_rest_and_never_nan(history):
    for epoch, (loss, acc) in enumerate([(math.nan, math.nan), (0.5, 0.7), (0.4, 0.9), (0.6, 0.8)]):
        history.apply(measure("epoch", epoch, loss=loss, val_acc=acc))
    assert history.find_best("loss") == 2
    assert history.find_best("val_acc") == 2
    assert history.find_best("unknown") is None


@pytest.mark.parametrize(("state", "status"), [("succeeded", 0), ("failed", 1), ("cancelled", 2)])
def test_the_end_gives_the_exit_status(history, state, status):
    history.apply(Event(1, "state", {"state": state, "attempt": 2, "reason": "why", "error": None}))
    history.apply(Event(None, "end", {"state": state}))
    assert history.is_terminal
    assert (history.exit_status, history.attempt) == (status, 2)


def test_names_come_as_keras_tells_them():
    assert sort_names(["val_acc", "acc", "val_loss", "loss"]) == ["loss", "acc", "val_loss", "val_acc"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.98765, "0.9877"), (0.0, "0.0000"), (1.5e-7, "1.500e-07"), (math.nan, "nan"), (None, "-")],
)
def test_values_keep_their_meaning(value, text):
    assert format_value(value) == text
