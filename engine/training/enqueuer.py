"""Batches made ahead of their use, by threads or processes."""

from __future__ import annotations

import contextvars
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from engine.training.sequence import Sequence
from engine.training.worker_processes import SharedSequence, UnsharableError

Request = tuple[Callable[..., Any], tuple[Any, ...]]


class EndOfData:
    """Stands in the queue where a generator had no more."""


class MainThread(Executor):
    """Makes an item when it is taken, where it is taken."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return something whose `result` makes the call."""
        return _DeferredCall(fn, args)


class _DeferredCall(Future[Any]):
    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self._function = function
        self._args = args

    def result(self, timeout: float | None = None) -> Any:
        return self._function(*self._args)


class SequenceEnqueuer:
    """Makes items ahead of their use and hands them over in order.

    Whoever takes an item asks the workers for the next ones: no thread stands between, so that nothing waits for
    what never comes, and an error is raised where the item is taken, in place of it.
    """

    def __init__(self) -> None:
        self._executor: Executor | None = None
        self._pending: deque[Future[Any]] = deque()
        self._max_queue_size = 1

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Start the workers.

        Args:
            workers: how many; 0 makes each item where it is taken, in the thread that takes it.
            max_queue_size: how many items are made, or being made, at most before they are taken.
        """
        self._max_queue_size = max(1, max_queue_size) if workers else 1
        self._executor = self._make_executor(workers) if workers else MainThread()

    def is_running(self) -> bool:
        """Tell whether items can be taken."""
        return self._executor is not None

    def get(self) -> Iterator[Any]:
        """Return an iterator that takes items, until there are no more or the enqueuer is stopped.

        Raises:
            Exception: what making an item raised.
        """
        while self._executor is not None:
            self.refill()
            if not self._pending:
                return
            item = self._pending.popleft().result()
            if item is EndOfData:
                return
            self._request_items()
            yield item

    def refill(self) -> None:
        """Ask the workers for the next items; what was taken before is no longer in use."""
        self._request_items()

    def stop(self, timeout: float | None = None) -> None:
        """Stop the workers, once they have finished the items that they are at.

        Args:
            timeout: the most seconds to wait for them.
        """
        executor, self._executor = self._executor, None
        pending, self._pending = self._pending, deque()
        if executor is None:
            return
        still_running = wait([item for item in pending if not item.cancel()], timeout).not_done
        executor.shutdown(wait=not still_running, cancel_futures=True)

    def _request_items(self) -> None:
        assert self._executor is not None
        while len(self._pending) < self._max_queue_size:
            request = self._next_request()
            if request is None:
                return
            function, args = request
            self._pending.append(self._executor.submit(function, *args))

    def _make_executor(self, workers: int) -> Executor:
        raise NotImplementedError(f"{type(self).__name__} must define `_make_executor`.")

    def _next_request(self) -> Request | None:
        raise NotImplementedError(f"{type(self).__name__} must define `_next_request`.")


class OrderedEnqueuer(SequenceEnqueuer):
    """Makes the batches of a `Sequence`, epoch after epoch: each once an epoch, in order.

    Args:
        sequence: a `Sequence`.
        use_multiprocessing: whether the workers are processes; they are spawned, so the sequence must be such that
            `pickle` takes it, and threads are used where it is not.
        shuffle: whether to draw the order of the batches anew for each epoch.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False) -> None:
        super().__init__()
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.shuffle = shuffle
        self._shared: SharedSequence | None = None
        # Numbers of the batches of this epoch that were not asked for; None before the first epoch.
        self._indices: deque[int] | None = None

    def rewind(self) -> None:
        """Begin an epoch with its first batch, whatever was taken or made before."""
        while self._pending:
            self._pending.popleft().cancel()
        self._indices = None

    def refill(self) -> None:
        """Ask for the next batches; where all of an epoch were taken, end it and begin the next."""
        if not self._pending and not self._indices:
            self._begin_epoch()
        super().refill()

    def stop(self, timeout: float | None = None) -> None:
        """Stop the workers; see `SequenceEnqueuer.stop`."""
        super().stop(timeout)
        self._close_shared()

    def _close_shared(self) -> None:
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def _begin_epoch(self) -> None:
        if self._indices is not None:
            self.sequence.on_epoch_end()
            if self._shared is not None and type(self.sequence).on_epoch_end is not Sequence.on_epoch_end:
                self._shared.update(self.sequence)
        count = len(self.sequence)
        if not count:
            raise ValueError(f"The Sequence {type(self.sequence).__name__} has no batches: its length is 0.")
        self._indices = deque((np.random.permutation(count) if self.shuffle else np.arange(count)).tolist())

    def _next_request(self) -> Request | None:
        if not self._indices:
            return None
        index = self._indices.popleft()
        if self._shared is not None:
            return self._shared.request(index)
        return contextvars.copy_context().run, (self.sequence.__getitem__, index)

    def _make_executor(self, workers: int) -> Executor:
        if self.use_multiprocessing:
            try:
                self._shared = SharedSequence(self.sequence)
                return self._shared.start_processes(workers)
            except UnsharableError as error:
                warnings.warn(f"{error} Threads are used in place of processes.", stacklevel=4)
                self._close_shared()
        return ThreadPoolExecutor(workers, thread_name_prefix="sequence")


class GeneratorEnqueuer(SequenceEnqueuer):
    """Takes items of a generator ahead of their use, in order, in one thread.

    A generator can't be shared: it runs in one thread at a time, and no process can be handed one. A `Sequence`
    can be read by several workers.

    Args:
        generator: an iterator.
        use_multiprocessing: warned of; a thread is used all the same.
        wait_time, seed: taken and not used: nothing here waits by the clock, and there are no copies of the
            generator that would need seeds of their own.
    """

    def __init__(
        self,
        generator: Iterator[Any],
        use_multiprocessing: bool = False,
        wait_time: float = 0.05,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self._generator = generator
        if use_multiprocessing:
            warnings.warn(
                "A generator can't be passed to other processes: a thread is used in place of them. Use a "
                "`keras.utils.Sequence` to have several processes make the batches.",
                stacklevel=3,
            )

    def _make_executor(self, workers: int) -> Executor:
        return ThreadPoolExecutor(1, thread_name_prefix="generator")

    def _next_request(self) -> Request:
        return contextvars.copy_context().run, (next, self._generator, EndOfData)


def make_enqueuer(data: Any, use_multiprocessing: bool = False, shuffle: bool = False) -> SequenceEnqueuer:
    """Return the enqueuer for a `Sequence`, or for a generator."""
    if isinstance(data, Sequence):
        return OrderedEnqueuer(data, use_multiprocessing, shuffle)
    return GeneratorEnqueuer(data, use_multiprocessing)
