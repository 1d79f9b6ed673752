import errno

import pytest

from core.datasets import DatasetError
from core.storage import StorageFullError
from worker.run.failures import describe_failure


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DatasetError("row 3 is empty"), "invalid-dataset"),
        (StorageFullError("/objects"), "disk-full"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (OSError(errno.EFBIG, "File too large"), "disk-full"),
        (
            RuntimeError(
                "Set slist enabled failed (file write failed: file descriptor = 8, errno = 27, error message = ...)"
            ),
            "disk-full",
        ),
        (
            OSError(
                "Can't write data (file write failed: errno = 28, error message = 'No space left on device')"
            ),
            "disk-full",
        ),
        (MemoryError(), "out-of-memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out-of-memory"),
        (
            RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"),
            "out-of-memory",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "out-of-memory"),
    ],
)
def test_what_is_foreseen_is_told_in_words(error: Exception, kind: str) -> None:
    described = describe_failure(error)
    assert described["type"] == kind
    assert described["detail"]
    assert "traceback" not in described
    if kind == "out-of-memory":
        assert "batch_size" in described["detail"]


def test_the_unforeseen_comes_with_its_traceback() -> None:
    try:
        raise ValueError("no such thing")
    except ValueError as error:
        described = describe_failure(error)
    assert described["title"] == "The training ended with ValueError"
    assert described["detail"] == "no such thing"
    assert "test_failures.py" in described["traceback"]
