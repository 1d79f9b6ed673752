"""A filesystem whose outages are told by one error, whatever its library raises."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from core.storage.errors import StorageAwayError

_OVERBURDENED: Final = frozenset({errno.EBUSY, errno.EREMOTEIO})
"""How s3fs tells that the server asked to slow down, or failed inside."""

_UNREACHABLE: Final = frozenset(
    {
        "aiohttp.client_exceptions.ClientError",
        "botocore.exceptions.ConnectionError",
        "botocore.exceptions.HTTPClientError",
    }
)
"""By name, since a service whose store is a folder need not import them."""


class OutageTellingFilesystem:
    """An fsspec filesystem whose methods raise `StorageAwayError` where the server is away or overburdened.

    Args:
        filesystem: any.
        place: what the error names.
    """

    def __init__(self, filesystem: Any, place: str) -> None:
        self._filesystem = filesystem
        self._place = place

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._filesystem, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            with outage_told(self._place):
                return method(*args, **kwargs)

        return call


@contextmanager
def outage_told(place: str) -> Iterator[None]:
    """Turn the errors of connections and of overburdened servers into `StorageAwayError`."""
    try:
        yield
    except Exception as error:
        if _is_outage(error):
            raise StorageAwayError(place, error) from error
        raise


def _is_outage(error: Exception) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno in _OVERBURDENED:
        return True
    return any(f"{kind.__module__}.{kind.__qualname__}" in _UNREACHABLE for kind in type(error).__mro__)
