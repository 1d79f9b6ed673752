"""Making batches ahead: order, bounds, errors and the end of workers."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import traceback
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.training.enqueuer import GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer
from engine.training.sequence import Sequence
from tests.engine.training.sequences import Countdown, Numbers, OnlyHere, Unpicklable

DEADLINE_SECONDS = 60


def take(enqueuer: SequenceEnqueuer, number: int) -> list[Any]:
    return list(islice(enqueuer.get(), number))


@pytest.fixture
def running() -> Iterator[Any]:
    """Gives a function that starts an enqueuer; all are stopped when the test ends, and nothing is left of them."""
    threads = threading.active_count()
    started: list[SequenceEnqueuer] = []

    def start(enqueuer: SequenceEnqueuer, *args: Any, **kwargs: Any) -> Any:
        enqueuer.start(*args, **kwargs)
        started.append(enqueuer)
        return enqueuer

    yield start
    for enqueuer in started:
        enqueuer.stop()
        assert not enqueuer.is_running()
    assert threading.active_count() == threads
    assert not multiprocessing.active_children()


class TestSequence:
    def test_is_iterated_again_and_again(self) -> None:
        assert list(islice(Numbers(3), 7)) == [0, 1, 2, 0, 1, 2, 0]

    def test_says_what_is_missing(self) -> None:
        with pytest.raises(NotImplementedError, match="`__len__`"):
            len(Sequence())
        with pytest.raises(NotImplementedError, match="`__getitem__`"):
            Sequence()[0]


class TestOrderedEnqueuer:
    @pytest.mark.parametrize("workers", [0, 1, 4])
    @pytest.mark.parametrize("max_queue_size", [1, 3, 50])
    def test_each_batch_comes_once_an_epoch_in_order(
        self, running: Any, workers: int, max_queue_size: int
    ) -> None:
        enqueuer = running(OrderedEnqueuer(Numbers(7)), workers, max_queue_size)
        assert take(enqueuer, 21) == [*range(7)] * 3

    @pytest.mark.parametrize("workers", [0, 3])
    def test_shuffling_draws_each_epoch_anew(self, running: Any, workers: int) -> None:
        items = take(running(OrderedEnqueuer(Numbers(20), shuffle=True), workers), 40)
        first, second = items[:20], items[20:]
        assert sorted(first) == sorted(second) == list(range(20))
        assert first != second
        np.random.seed(20)
        assert first == np.random.permutation(20).tolist()

    @pytest.mark.parametrize("workers", [0, 2])
    def test_the_end_of_an_epoch_is_told_once_its_last_batch_was_used(
        self, running: Any, workers: int
    ) -> None:
        sequence = Countdown(3)
        items = running(OrderedEnqueuer(sequence), workers).get()
        # Each item says how many epochs had ended when it was made.
        assert [next(items) for _ in range(3)] == [(0, 0), (1, 0), (2, 0)]
        assert sequence.ended == 0
        assert [next(items) for _ in range(4)] == [(0, 1), (1, 1), (2, 1), (0, 2)]

    def test_no_more_than_the_queue_holds_are_made_ahead(self, running: Any) -> None:
        made: list[int] = []
        all_asked = threading.Event()

        class Recorded(Numbers):
            def __getitem__(self, index: int) -> int:
                made.append(index)
                if len(made) == 4:
                    all_asked.set()
                return index

        items = running(OrderedEnqueuer(Recorded(100)), 4, max_queue_size=4).get()
        assert next(items) == 0
        assert all_asked.wait(DEADLINE_SECONDS)
        # One was taken, and four at most wait for their turn.
        assert len(made) <= 5

    @pytest.mark.parametrize("workers", [0, 1, 3])
    def test_an_error_comes_in_place_of_its_batch(self, running: Any, workers: int) -> None:
        class Broken(Numbers):
            def __getitem__(self, index: int) -> int:
                if index == 2:
                    raise ZeroDivisionError("the third batch")
                return index

        items = running(OrderedEnqueuer(Broken(5)), workers).get()
        assert [next(items), next(items)] == [0, 1]
        with pytest.raises(ZeroDivisionError, match="the third batch") as caught:
            next(items)
        assert "in __getitem__" in "".join(traceback.format_tb(caught.value.__traceback__))

    def test_rewinding_begins_an_epoch(self, running: Any) -> None:
        enqueuer = running(OrderedEnqueuer(Numbers(10)), 2)
        items = enqueuer.get()
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        enqueuer.rewind()
        assert [next(items) for _ in range(3)] == [0, 1, 2]

    def test_workers_see_the_state_of_who_started_them(self, running: Any) -> None:
        class Phases(Numbers):
            def __getitem__(self, index: int) -> Any:
                return K.learning_phase()

        with K.isolated_state():
            K.set_learning_phase(1)
            assert take(running(OrderedEnqueuer(Phases(2)), 2), 2) == [1, 1]

    def test_a_sequence_without_batches(self, running: Any) -> None:
        with pytest.raises(ValueError, match="Numbers has no batches"):
            take(running(OrderedEnqueuer(Numbers(0))), 1)

    def test_nothing_is_taken_after_the_end(self, running: Any) -> None:
        enqueuer = running(OrderedEnqueuer(Numbers(5)), 2)
        items = enqueuer.get()
        next(items)
        enqueuer.stop(timeout=DEADLINE_SECONDS)
        assert list(items) == []


@pytest.mark.usefixtures("importable_tests")
class TestProcesses:
    def test_order_epochs_and_errors(self, running: Any) -> None:
        sequence = Countdown(4, broken_from=2)
        enqueuer = running(OrderedEnqueuer(sequence, use_multiprocessing=True), 2, 3)
        items = enqueuer.get()
        assert [next(items) for _ in range(4)] == [(index, 0) for index in range(4)]
        # What `on_epoch_end` changed here has reached the processes.
        assert [next(items) for _ in range(4)] == [(index, 1) for index in range(4)]
        assert sequence.ended == 1
        with pytest.raises(ArithmeticError, match="epoch 2") as caught:
            next(items)
        assert "__getitem__" in str(caught.value.__cause__)

    def test_a_sequence_that_cannot_be_pickled_is_read_by_threads(self, running: Any) -> None:
        with pytest.warns(UserWarning, match="Unpicklable can't be pickled .* Threads are used"):
            enqueuer = running(OrderedEnqueuer(Unpicklable(3), use_multiprocessing=True), 2)
        assert take(enqueuer, 4) == [0, 1, 2, 0]

    def test_a_sequence_that_other_processes_do_not_know_is_read_by_threads(self, running: Any) -> None:
        with pytest.warns(UserWarning, match="can't be read in other processes"):
            enqueuer = running(OrderedEnqueuer(OnlyHere(3), use_multiprocessing=True), 1)
        assert take(enqueuer, 3) == [0, 1, 2]


@pytest.mark.usefixtures("importable_tests")
class TestScripts:
    def start(self, running: Any, monkeypatch: Any, tmp_path: Path, text: str) -> Any:
        script = tmp_path / "script.py"
        script.write_text(text)
        monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
        return running(OrderedEnqueuer(Numbers(3), use_multiprocessing=True), 1)

    def test_one_without_a_guard_is_not_run_again(
        self, running: Any, monkeypatch: Any, tmp_path: Path
    ) -> None:
        trace = tmp_path / "trace"
        with pytest.warns(UserWarning, match=r"would run the script .*script\.py from its start"):
            enqueuer = self.start(running, monkeypatch, tmp_path, f"open({str(trace)!r}, 'w').close()")
        assert take(enqueuer, 3) == [0, 1, 2]
        assert not trace.exists()

    def test_one_with_a_guard_is_imported(self, running: Any, monkeypatch: Any, tmp_path: Path) -> None:
        guarded = 'if __name__ == "__main__":\n    raise SystemExit("run again")'
        enqueuer = self.start(running, monkeypatch, tmp_path, guarded)
        assert take(enqueuer, 3) == [0, 1, 2]


class TestGeneratorEnqueuer:
    @pytest.mark.parametrize("workers", [0, 1, 3])
    def test_items_come_in_order(self, running: Any, workers: int) -> None:
        assert take(running(GeneratorEnqueuer(count()), workers, 5), 50) == list(range(50))

    def test_ends_with_its_generator(self, running: Any) -> None:
        assert list(running(GeneratorEnqueuer(iter(range(3)))).get()) == [0, 1, 2]

    def test_an_error_comes_in_its_turn(self, running: Any) -> None:
        def break_off() -> Iterator[int]:
            yield 0
            raise ZeroDivisionError("after one")

        items = running(GeneratorEnqueuer(break_off())).get()
        assert next(items) == 0
        with pytest.raises(ZeroDivisionError, match="after one"):
            next(items)

    def test_reads_no_further_than_the_queue_holds(self, running: Any) -> None:
        taken: list[int] = []
        enough = threading.Event()

        def numbers() -> Iterator[int]:
            for number in count():
                taken.append(number)
                if number == 3:
                    enough.set()
                yield number

        items = running(GeneratorEnqueuer(numbers()), max_queue_size=3).get()
        next(items)
        assert enough.wait(DEADLINE_SECONDS)
        assert len(taken) <= 4

    def test_processes_are_warned_of(self) -> None:
        with pytest.warns(UserWarning, match="a thread is used"):
            GeneratorEnqueuer(count(), use_multiprocessing=True)
