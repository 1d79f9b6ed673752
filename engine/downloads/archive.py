"""Archives from strangers: unpacked whole or not at all, and never outside their folder."""

from __future__ import annotations

import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

# What an archive may unpack to: so many times its own size, or so many bytes, whichever is more.
_LARGEST_GROWTH = 100
_ALWAYS_ALLOWED_BYTES = 1024**3


def extract_archive(file_path: Any, path: Any = ".", archive_format: Any = "auto") -> bool:
    """Unpack a tar (plain, gzip, bzip2, xz) or zip archive.

    Args:
        file_path: the archive.
        path: the folder to unpack into.
        archive_format: `tar`, `zip`, `auto` for either, a list of these, or None for neither.

    Returns:
        Whether the file is an archive of these formats, and so was unpacked.

    Raises:
        ValueError: a member is a link or a device or lies outside the folder, or the whole is too large or damaged.
    """
    if archive_format is None:
        return False
    names = ["tar", "zip"] if archive_format == "auto" else archive_format
    for name in [names] if isinstance(names, str) else names:
        if name not in _FORMATS:
            raise ValueError(f"Unknown archive format {name!r}: use `auto`, `tar`, `zip` or None.")
        is_format, unpack = _FORMATS[name]
        if is_format(file_path):
            with tempfile.TemporaryDirectory(prefix=".unpacked.", dir=path) as folder:
                try:
                    unpack(Path(file_path), Path(folder))
                except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise ValueError(f"{file_path} is damaged: {error}") from error
                _move_files(Path(folder), Path(path))
            return True
    return False


def _move_files(source: Path, target: Path) -> None:
    """Move a tree into another one; files of the same names are replaced."""
    for folder, folders, files in os.walk(source):
        place = target / Path(folder).relative_to(source)
        for name in folders:
            (place / name).mkdir(exist_ok=True)
        for name in files:
            os.replace(Path(folder) / name, place / name)


class _Budget:
    """Counts unpacked bytes against what an archive of its size may hold."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.left = self.limit = max(archive.stat().st_size * _LARGEST_GROWTH, _ALWAYS_ALLOWED_BYTES)

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ValueError(
                f"{self.archive} unpacks to more than {self.limit} bytes, which is refused as a likely bomb. "
                "Unpack it by hand if you trust it."
            )


def _unpack_tar(archive: Path, folder: Path) -> None:
    budget = _Budget(archive)

    def check(member: tarfile.TarInfo, destination: str) -> tarfile.TarInfo | None:
        if not (member.isfile() or member.isdir()):
            raise ValueError(f"{archive}: {member.name!r} is a link or a device, which is refused.")
        budget.spend(member.size)
        try:
            return tarfile.data_filter(member, destination)
        except tarfile.FilterError as error:
            raise ValueError(f"{archive}: {member.name!r} lies outside the folder ({error}).") from error

    with tarfile.open(archive) as file:
        file.extractall(folder, filter=check)


def _unpack_zip(archive: Path, folder: Path) -> None:
    budget = _Budget(archive)
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            parts = PurePosixPath(member.filename.replace("\\", "/")).parts
            if ".." in parts or PurePosixPath(member.filename).is_absolute():
                raise ValueError(f"{archive}: {member.filename!r} lies outside the folder.")
            kind = member.external_attr >> 28
            if kind not in (0, 0o4, 0o10):
                raise ValueError(f"{archive}: {member.filename!r} is a link or a device, which is refused.")
            budget.spend(member.file_size)
            file.extract(member, folder)


_FORMATS: dict[str, tuple[Callable[[Any], bool], Callable[[Path, Path], None]]] = {
    "tar": (tarfile.is_tarfile, _unpack_tar),
    "zip": (zipfile.is_zipfile, _unpack_zip),
}
