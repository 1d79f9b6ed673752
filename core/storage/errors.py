"""What can go wrong in a store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageError(Exception):
    """Base of these errors."""


class ObjectNotFoundError(StorageError):
    """There is no object of this digest."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"The store holds no object {sha256}.")
        self.sha256 = sha256


class StorageFullError(StorageError):
    """There is no room left; nothing was stored."""

    def __init__(self, place: object) -> None:
        super().__init__(f"No space is left at {place}; nothing was stored. Free some and try again.")


class StorageAwayError(StorageError):
    """The store did not answer, or could not act now; nothing is known to be stored."""

    def __init__(self, place: object, error: BaseException) -> None:
        super().__init__(f"The store at {place} did not answer: {error or type(error).__name__}")


@contextmanager
def full_disk_told(place: object) -> Iterator[None]:
    """Turn the operating system's words for a full disk, quota or file limit into `StorageFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(place) from error
        raise
