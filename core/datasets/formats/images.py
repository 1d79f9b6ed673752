"""Zipped folders of images, one folder a class, with or without train and test folders above."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from core.datasets.archive import open_archive
from core.datasets.errors import DatasetError
from core.datasets.limits import Limits
from core.datasets.source import MAX_LABEL_CHARACTERS, Array, ArraySource, ColumnSource

DECODERS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
SPLITS = {"train": "train", "test": "test", "val": "validation", "validation": "validation"}
_GRAY_MODES = frozenset({"1", "L", "LA"})


@dataclass(frozen=True)
class _Picture:
    """One image file: the split folder it lies in ("" without one) and its class."""

    member: zipfile.ZipInfo
    split: str
    label: str


class _PixelSource(ColumnSource):
    """The pixels of one split as bytes, decoded block by block."""

    def __init__(
        self, name: str, archive: zipfile.ZipFile, pictures: Sequence[_Picture], size: "_Size"
    ) -> None:
        super().__init__(name, (len(pictures), size.height, size.width, size.channels), np.dtype(np.uint8))
        self._archive, self._pictures, self._mode = archive, pictures, "L" if size.channels == 1 else "RGB"

    def blocks(self) -> Iterator[Array]:
        for start in range(0, len(self._pictures), self.rows_per_block):
            part = self._pictures[start : start + self.rows_per_block]
            yield np.stack([self._decode(picture) for picture in part])

    def _decode(self, picture: _Picture) -> Array:
        with _opened(self._archive, picture.member) as image:
            return np.asarray(image.convert(self._mode)).reshape(self.shape[1:])


@dataclass(frozen=True)
class _Size:
    height: int
    width: int
    channels: int


class ImagesFormat:
    """Columns `image` (height, width, channels; bytes 0-255) and `label` (the folder's name).

    With folders `train`, `test` or `validation` on top the columns are `image_train`, `label_train` and so
    on. Images are gray when all of them are, else RGB; transparency is dropped.
    """

    name = "images"

    def matches(self, path: Path, head: bytes) -> bool:
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    @contextmanager
    def open(self, path: Path, limits: Limits) -> Iterator[dict[str, ColumnSource]]:
        with open_archive(path, limits) as archive:
            pictures = _find_pictures(archive)
            size = _agree_on_size(archive, pictures, limits)
            limits.check_bytes(
                len(pictures) * size.height * size.width * size.channels, "the images, decoded,"
            )
            yield _columns(archive, pictures, size)


def _columns(archive: zipfile.ZipFile, pictures: list[_Picture], size: _Size) -> dict[str, ColumnSource]:
    labels = tuple(sorted({picture.label for picture in pictures}))
    columns: dict[str, ColumnSource] = {}
    for split in dict.fromkeys(picture.split for picture in pictures):
        part = [picture for picture in pictures if picture.split == split]
        ending = f"_{split}" if split else ""
        image, label = f"image{ending}", f"label{ending}"
        columns[image] = _PixelSource(image, archive, part, size)
        columns[label] = ArraySource(label, np.array([picture.label for picture in part]), labels)
    return columns


def _find_pictures(archive: zipfile.ZipFile) -> list[_Picture]:
    """All image files in the order of their paths, so that the same archive gives the same rows."""
    members = [
        member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)
    ]
    if not members:
        raise DatasetError("the zip archive is empty: it should hold a folder of images for each class")
    paths = {member.filename: PurePosixPath(member.filename) for member in members}
    depth = _shared_depth(list(paths.values()))
    return [
        _place(member, paths[member.filename].parts[depth:])
        for member in sorted(members, key=lambda member: member.filename)
    ]


def _is_litter(name: str) -> bool:
    """Files that operating systems add."""
    path = PurePosixPath(name)
    return path.name == "Thumbs.db" or any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _shared_depth(paths: list[PurePosixPath]) -> int:
    """How many folders on top hold everything and are neither a class nor a split."""
    depth = 0
    while all(len(path.parts) > depth + 2 for path in paths):
        tops = {path.parts[depth] for path in paths}
        if len(tops) > 1 or tops & SPLITS.keys():
            break
        depth += 1
    return depth


def _place(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> _Picture:
    if PurePosixPath(member.filename).suffix.lower() not in SUFFIXES:
        raise DatasetError(
            f"{member.filename!r} in the zip archive is no image; a dataset zip holds images in a folder for "
            f"each class ({', '.join(sorted(SUFFIXES))}), or only .npy arrays"
        )
    split = SPLITS.get(parts[0], "") if len(parts) > 2 else ""
    folders = parts[1:-1] if split else parts[:-1]
    if len(folders) != 1 or len(folders[0]) > MAX_LABEL_CHARACTERS:
        raise DatasetError(
            f"{member.filename!r} in the zip archive is not in a class folder; the paths should read "
            "<class>/<image> or train/<class>/<image> and test/<class>/<image>"
        )
    return _Picture(member, split, folders[0])


@contextmanager
def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Image.Image]:
    try:
        with archive.open(member) as file, Image.open(file, formats=DECODERS) as image:
            yield image
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(
            f"{member.filename!r} in the zip archive is not a readable image: {error}"
        ) from error


def _agree_on_size(archive: zipfile.ZipFile, pictures: list[_Picture], limits: Limits) -> _Size:
    """The one size of all images, read from their headers."""
    first, shape, is_gray = pictures[0], None, True
    for picture in pictures:
        with _opened(archive, picture.member) as image:
            if image.width * image.height > limits.max_pixels:
                raise DatasetError(
                    f"{picture.member.filename!r} is {image.width} x {image.height} pixels; the limit is "
                    f"{limits.max_pixels:,} pixels"
                )
            if shape is None:
                shape = image.size
            if image.size != shape:
                raise DatasetError(
                    f"{picture.member.filename!r} is {image.width} x {image.height} pixels and "
                    f"{first.member.filename!r} is {shape[0]} x {shape[1]} pixels; all images must have the "
                    "same size: resize them before the upload"
                )
            is_gray = is_gray and image.mode in _GRAY_MODES
    width, height = shape or (0, 0)
    return _Size(height, width, 1 if is_gray else 3)
