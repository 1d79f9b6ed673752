"""Caps that a dataset file is held to before memory is taken."""

from dataclasses import dataclass

from core.datasets.errors import DatasetError
from core.isolation import READ_MEMORY_BYTES, READ_SECONDS

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """What one dataset may take at most.

    Args:
        max_decompressed_bytes: bytes of all columns together once decompressed and decoded.
        max_columns: columns of one dataset.
        max_files: files in one zip archive.
        max_pixels: pixels of one image.
        read_seconds: for reading a file; large files get more.
        read_memory_bytes: that reading may take.
    """

    max_decompressed_bytes: int = 16 * GIB
    max_columns: int = 10_000
    max_files: int = 1_000_000
    max_pixels: int = 64_000_000
    read_seconds: float = READ_SECONDS
    read_memory_bytes: int = READ_MEMORY_BYTES

    def check_bytes(self, size_bytes: int, what: str, pointer: str | None = None) -> None:
        """Refuse `what` when its size in bytes is over the cap.

        Raises:
            DatasetError: over `max_decompressed_bytes`.
        """
        if size_bytes > self.max_decompressed_bytes:
            raise DatasetError(
                f"{what} takes {size_bytes:,} bytes decompressed; "
                f"the limit is {self.max_decompressed_bytes:,} bytes",
                pointer,
            )

    def check_columns(self, count: int) -> None:
        """Refuse a dataset of `count` columns when there are none or too many.

        Raises:
            DatasetError: no columns, or over `max_columns`.
        """
        if count == 0:
            raise DatasetError("the dataset is empty: no column was found in it")
        if count > self.max_columns:
            raise DatasetError(f"the dataset has {count:,} columns; the limit is {self.max_columns:,}")
