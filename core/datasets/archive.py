"""Zip archives from strangers: checked as a whole before a member is read."""

import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from core.datasets.errors import DatasetError
from core.datasets.limits import Limits

MAX_DIRECTORY_BYTES = 256 * 1024**2
_END = b"PK\x05\x06"
_END_ZIP64_LOCATOR = b"PK\x06\x07"


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose list of files, paths and declared sizes are within bounds.

    A member never gives more bytes than it declares (zipfile stops there and checks the CRC), so the
    declared sizes bound the real ones.

    Raises:
        DatasetError: damaged, encrypted, too large, or with paths that leave the archive.
    """
    _check_directory_size(path)
    with zipfile.ZipFile(path) as archive:
        _check_members(archive.infolist(), limits)
        yield archive


def _check_directory_size(path: Path) -> None:
    """zipfile reads the whole central directory at once: look at its size first."""
    with path.open("rb") as file:
        file.seek(0, 2)
        tail_start = max(0, file.tell() - 65_557 - 20)
        file.seek(tail_start)
        tail = file.read()
        end = tail.rfind(_END)
        if end < 0 or end + 22 > len(tail):
            raise DatasetError("the zip archive has no end record: the upload was cut short or is no zip")
        sizes = [struct.unpack_from("<L", tail, end + 12)[0]]
        if end >= 20 and tail[end - 20 : end - 16] == _END_ZIP64_LOCATOR:
            file.seek(min(struct.unpack_from("<Q", tail, end - 12)[0], tail_start + end))
            record = file.read(56)
            sizes = [struct.unpack_from("<Q", record, 40)[0]] if len(record) == 56 else sizes
    if max(sizes) > MAX_DIRECTORY_BYTES:
        raise DatasetError(f"the zip archive's list of files takes {max(sizes):,} bytes: too many files")


def _check_members(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.max_files:
        raise DatasetError(f"the zip archive holds {len(members):,} files; the limit is {limits.max_files:,}")
    seen: set[str] = set()
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.orig_filename or ":" in name:
            raise DatasetError(f"the zip archive holds the path {name!r}, which leaves the archive")
        if not name.isprintable():
            raise DatasetError(f"the zip archive holds the name {name!r}; names are printable characters")
        if member.flag_bits & 0x1:
            raise DatasetError(f"{name!r} in the zip archive is encrypted; upload it without a password")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DatasetError(f"{name!r} in the zip archive is a symbolic link; only plain files are read")
        if name in seen:
            raise DatasetError(f"the zip archive holds {name!r} twice")
        seen.add(name)
    limits.check_bytes(sum(member.file_size for member in members), "the zip archive")
