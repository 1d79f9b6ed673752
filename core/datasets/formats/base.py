"""What every dataset format offers."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from core.datasets.limits import Limits
from core.datasets.source import ColumnSource


class DatasetFormat(Protocol):
    """A file format: how to know a file of it and how to open its columns.

    Args:
        name: as the API writes it.
    """

    name: str

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether the file, which starts with the bytes `head`, is of this format."""

    def open(self, path: Path, limits: Limits) -> AbstractContextManager[dict[str, ColumnSource]]:
        """The columns by name, readable while the context lasts.

        Raises:
            DatasetError: the file is damaged, unsafe or over a limit.
        """
