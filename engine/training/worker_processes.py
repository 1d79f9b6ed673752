"""A `Sequence` in other processes."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any


class UnsharableError(Exception):
    """A Sequence can't be handed to other processes."""


class SharedSequence:
    """A `Sequence` that processes read from a file, in the version that is the newest when a batch is asked for.

    Args:
        sequence: a `Sequence`.

    Raises:
        UnsharableError: `pickle` does not take it.
    """

    def __init__(self, sequence: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sequence-")
        self._version = 0
        try:
            self.update(sequence)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            self.close()
            raise UnsharableError(
                f"The Sequence {type(sequence).__name__} can't be pickled for other processes: {error}."
            ) from error

    def update(self, sequence: Any) -> None:
        """Take over what changed in the sequence."""
        self._path.unlink(missing_ok=True)
        self._version += 1
        with self._path.open("wb") as file:
            pickle.dump(sequence, file, protocol=pickle.HIGHEST_PROTOCOL)

    @property
    def _path(self) -> Path:
        return Path(self._folder.name) / f"{self._version}.pickle"

    def start_processes(self, workers: int) -> ProcessPoolExecutor:
        """Start processes that make batches.

        Raises:
            UnsharableError: they can't read the sequence.
        """
        # Spawned: a fork of a process with threads may hang.
        executor = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
        try:
            executor.submit(_load, str(self._path)).result()
        except (BrokenProcessPool, AttributeError, ImportError) as error:
            executor.shutdown()
            self.close()
            raise UnsharableError(
                f"The Sequence can't be read in other processes: {error}. A script must guard its code by "
                "`if __name__ == '__main__':`."
            ) from error
        return executor

    def request(self, index: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return the call that makes a batch in another process."""
        return _make_item, (str(self._path), index)

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()


# In a worker process: the file that was read last, and its sequence.
_loaded: dict[str, Any] = {}


def _load(path: str) -> None:
    if path not in _loaded:
        _loaded.clear()
        with open(path, "rb") as file:
            _loaded[path] = pickle.load(file)


def _make_item(path: str, index: int) -> Any:
    _load(path)
    return _loaded[path][index]
