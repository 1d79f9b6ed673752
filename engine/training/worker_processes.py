"""A `Sequence` in other processes."""

from __future__ import annotations

import ast
import concurrent.futures
import multiprocessing
import pickle
import sys
import tempfile
from collections.abc import Callable
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

    def start_processes(self, workers: int) -> concurrent.futures.Executor:
        """Start processes that make batches.

        Raises:
            UnsharableError: they can't read the sequence, or would run the script once more to do so.
        """
        _check_script()
        # Spawned: a fork of a process with threads may hang.
        context = multiprocessing.get_context("spawn")
        executor = concurrent.futures.ProcessPoolExecutor(workers, mp_context=context)
        try:
            executor.submit(_load, str(self._path)).result()
        except (concurrent.futures.BrokenExecutor, AttributeError, ImportError) as error:
            executor.shutdown()
            raise UnsharableError(
                f"The Sequence can't be read in other processes: {str(error).rstrip('.')}."
            ) from error
        return executor

    def request(self, index: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return the call that makes a batch in another process."""
        return _make_item, (str(self._path), index)

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()


def _check_script() -> None:
    """Refuse a script that a new process, which imports it, would run from its start."""
    path = getattr(sys.modules["__main__"], "__file__", None)
    if path is None:
        return
    try:
        statements = ast.parse(Path(path).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        # What is no script is not imported as one either.
        return
    if not any(isinstance(statement, ast.If) and _names_itself(statement.test) for statement in statements):
        raise UnsharableError(
            f"Other processes would run the script {path} from its start; that is avoided where its code stands "
            "under `if __name__ == '__main__':`."
        )


def _names_itself(expression: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(expression))


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
