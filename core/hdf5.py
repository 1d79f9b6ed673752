"""HDF5 files from strangers: only what is stored in the file itself is read, and nothing needs a plugin."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import h5py

from core.isolation import READ_SECONDS, IsolationError, answer_order, read_apart

_MAX_DEPTH: Final = 32
_BLOCK_BYTES: Final = 16 * 1024**2
# gzip, shuffle, fletcher32, szip, nbit, scale-offset, and h5py's own lzf: no plugin is ever loaded.
_STANDARD_FILTERS: Final = frozenset({1, 2, 3, 4, 5, 6, 32000})


class Hdf5Error(ValueError):
    """An HDF5 file is damaged, unsafe or over a limit.

    Args:
        detail: what is wrong, where, what was found and what to do.
        name: the path in the file of what is wrong.
    """

    def __init__(self, detail: str, name: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.name = name


def find_datasets(file: h5py.File, max_bytes: int, max_objects: int) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every data set of a file by its path, found by hard links alone and visited once.

    Args:
        file: open for reading.
        max_bytes: that all its data sets declare at most.
        max_objects: groups and data sets at most.

    Raises:
        Hdf5Error: over a limit; a soft, external or second link; groups too deep; or a data set that is
            stored elsewhere, holds no values, has a type other than numbers, booleans and text, or needs a
            plugin.
    """
    total = 0
    for name, item in _walk(file, "", {_address(file)}, max_objects):
        total += declared_bytes(item)
        if total > max_bytes:
            raise Hdf5Error(
                f"the HDF5 file takes {total:,} bytes decompressed, up to {name!r}; "
                f"the limit is {max_bytes:,} bytes",
                name,
            )
        _check_storage(name, item)
        yield name, item


def declared_bytes(item: h5py.Dataset) -> int:
    """Bytes that all values of a data set take in memory."""
    return 0 if item.shape is None else math.prod(item.shape) * item.dtype.itemsize


def check_weights_apart(path: Path, max_bytes: int, max_objects: int, seconds: float = READ_SECONDS) -> int:
    """Read a file of weights whole, attributes too, in a process that is ended when it takes too long.

    Args:
        path: the file.
        max_bytes, max_objects: as in `find_datasets`.
        seconds: for a small file.

    Returns:
        The bytes that all its data sets declare.

    Raises:
        Hdf5Error: it is damaged, unsafe or over a limit.
    """
    try:
        answer = read_apart(__name__, path, {"max_bytes": max_bytes, "max_objects": max_objects}, seconds)
    except IsolationError as error:
        raise Hdf5Error(f"it is damaged: {error}") from error
    if "detail" in answer:
        raise Hdf5Error(answer["detail"], answer["name"])
    return int(answer["bytes"])


def _walk(
    group: h5py.Group, prefix: str, visited: set[int], max_objects: int
) -> Iterator[tuple[str, h5py.Dataset]]:
    if prefix.count("/") > _MAX_DEPTH:
        raise Hdf5Error(f"the HDF5 file nests groups deeper than {_MAX_DEPTH}", prefix)
    for key in group:
        name = f"{prefix}{key}"
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            kind = "an external" if isinstance(link, h5py.ExternalLink) else "a soft"
            raise Hdf5Error(
                f"{name!r} in the HDF5 file is {kind} link; only data stored in the file itself is read", name
            )
        item = group[key]
        if _address(item) in visited:
            raise Hdf5Error(f"{name!r} in the HDF5 file is linked twice", name)
        visited.add(_address(item))
        if len(visited) > max_objects:
            raise Hdf5Error(f"the HDF5 file has more than {max_objects:,} groups and data sets", name)
        if isinstance(item, h5py.Group):
            yield from _walk(item, f"{name}/", visited, max_objects)
        elif isinstance(item, h5py.Dataset):
            yield name, item


def _address(item: h5py.HLObject) -> int:
    return h5py.h5o.get_info(item.id).addr


def _check_storage(name: str, item: h5py.Dataset) -> None:
    """Refuse what is stored elsewhere, is not stored at all, or needs a plugin to be read."""
    creation = item.id.get_create_plist()
    if item.is_virtual:
        raise Hdf5Error(
            f"{name!r} is a virtual dataset, which reads other files; store the data itself", name
        )
    if creation.get_external_count():
        raise Hdf5Error(
            f"{name!r} keeps its data in another file (external storage); that is never read", name
        )
    if h5py.check_string_dtype(item.dtype) is None and item.dtype.kind not in "biufS":
        raise Hdf5Error(
            f"{name!r} has the HDF5 type {item.dtype}; only numbers, booleans and text can be read", name
        )
    for index in range(creation.get_nfilters()):
        code = creation.get_filter(index)[0]
        if code not in _STANDARD_FILTERS:
            raise Hdf5Error(f"{name!r} uses HDF5 filter {code}; use gzip, lzf or no compression", name)
    if declared_bytes(item) and not item.id.get_storage_size():
        raise Hdf5Error(f"{name!r} declares shape {item.shape} but holds no values", name)


def _check(path: Path, max_bytes: int, max_objects: int) -> int:
    """As `check_weights_apart`, here."""
    with h5py.File(path, "r") as file:
        found = dict(find_datasets(file, max_bytes, max_objects))
        for name, item in found.items():
            if item.dtype.kind == "O":
                raise Hdf5Error(f"{name!r} holds text of any length; weights are numbers", name)
        _read_attributes("/", file)
        file.visititems(_read_attributes)
        for item in found.values():
            _read(item)
        return sum(map(declared_bytes, found.values()))


def _read_attributes(_name: str, item: h5py.HLObject) -> None:
    for name in item.attrs:
        item.attrs[name]


def _read(item: h5py.Dataset) -> None:
    """Read all values, a piece at a time."""
    if item.chunks is not None:
        for chunk in item.iter_chunks():
            item[chunk]
    elif item.shape:
        rows = max(1, _BLOCK_BYTES * len(item) // max(1, declared_bytes(item)))
        for start in range(0, len(item), rows):
            item[start : start + rows]
    else:
        item[()]


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"bytes": _check(Path(order["path"]), order["max_bytes"], order["max_objects"])}
    except Hdf5Error as error:
        return {"detail": error.detail, "name": error.name}
    except Exception as error:  # the library tells damage with nearly every exception there is
        return {"detail": f"it is damaged: {type(error).__name__}: {error}", "name": None}


if __name__ == "__main__":
    answer_order(_answer)
