"""What an exception that ended a run means to the one who asked for it, in words."""

import errno
import re
import traceback
from typing import Any

from core.datasets import DatasetError
from core.logs import redact
from core.storage import StorageFullError
from engine.saving import DefinitionError
from worker.device import DeviceMissingError
from worker.run.callbacks import NonFiniteLossError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HDF5_ERRNO = re.compile(r"\berrno = (\d+)")
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "Cannot allocate memory")
_KNOWN: tuple[tuple[type[Exception], str, str], ...] = (
    (NonFiniteLossError, "non-finite-loss", "The loss became NaN or infinite"),
    (DatasetError, "invalid-dataset", "The dataset cannot be trained on"),
    (DefinitionError, "invalid-model", "The model cannot be built"),
    (DeviceMissingError, "device-missing", "The device is not there"),
    (StorageFullError, "disk-full", "No space is left"),
)


def describe_failure(error: Exception) -> dict[str, Any]:
    """The error of a job: type, title, detail, and for the unforeseen a traceback."""
    for kind, name, title in _KNOWN:
        if isinstance(error, kind):
            return {"type": name, "title": title, "detail": str(error)}
    if _find_errno(error) in _FULL:
        return {
            "type": "disk-full",
            "title": "No space is left",
            "detail": f"A file could not be written: {error}. Free some space on the worker's "
            "machine and submit again.",
        }
    if isinstance(error, MemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY):
        return {
            "type": "out-of-memory",
            "title": "The training ran out of memory",
            "detail": f"{error or 'MemoryError'}. A smaller batch_size or model will help.",
        }
    return {
        "type": "training-error",
        "title": f"The training ended with {type(error).__name__}",
        "detail": redact(str(error)) or type(error).__name__,
        "traceback": redact("".join(traceback.format_exception(error)))[-8000:],
    }


def _find_errno(error: Exception) -> int | None:
    """The system's number for what went wrong; HDF5 tells it in the text of whatever h5py raises."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    told = _HDF5_ERRNO.search(str(error))
    return int(told[1]) if told else None
