"""HDF5 files from strangers: only what is stored in the file itself is read, and nothing needs a plugin."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final

import h5py

from core.isolation import READ_MEMORY_BYTES, READ_SECONDS, IsolationError, call_apart, seconds_for

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


def check_weights_apart(
    path: Path,
    max_bytes: int,
    max_objects: int,
    seconds: float = READ_SECONDS,
    memory_bytes: int = READ_MEMORY_BYTES,
) -> int:
    """Read a file of weights whole, attributes too, in a process that is ended when it takes too long.

    Args:
        path: the file.
        max_bytes, max_objects: as in `find_datasets`.
        seconds: for a small file.
        memory_bytes: that reading may take.

    Returns:
        The bytes that all its data sets declare.

    Raises:
        Hdf5Error: it is damaged, unsafe or over a limit.
    """
    order = {"path": str(path.absolute()), "max_bytes": max_bytes, "max_objects": max_objects}
    return int(_call("check", order, path, seconds, memory_bytes))


def read_texts_apart(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Those of a file's attributes of these names that are text, read in a process of its own.

    Raises:
        Hdf5Error: it is damaged.
    """
    order = {"path": str(path.absolute()), "names": list(names)}
    texts: dict[str, str] = _call("read_texts", order, path, READ_SECONDS, READ_MEMORY_BYTES)
    return texts


def _call(name: str, order: dict[str, Any], path: Path, seconds: float, memory_bytes: int) -> Any:
    seconds = seconds_for(path.stat().st_size, seconds)
    try:
        told = call_apart(f"{__name__}:{name}", order, seconds, memory_bytes)
    except IsolationError as error:
        raise Hdf5Error(f"it is damaged or too large: {error}") from error
    if "detail" in told:
        raise Hdf5Error(told["detail"], told["name"])
    return told["value"]


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


def _telling(act: Callable[..., Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make of a function one that takes an order and tells what is wrong with the file as plain data."""

    @wraps(act)
    def answer(order: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"value": act(**order)}
        except Hdf5Error as error:
            return {"detail": error.detail, "name": error.name}
        except MemoryError:
            raise
        except Exception as error:  # the library tells damage with nearly every exception there is
            return {"detail": f"it is damaged: {type(error).__name__}: {error}", "name": None}

    return answer


@_telling
def check(path: str, max_bytes: int, max_objects: int) -> int:
    """What the other process does for `check_weights_apart`."""
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


@_telling
def read_texts(path: str, names: Sequence[str]) -> dict[str, str]:
    """What the other process does for `read_texts_apart`."""
    with h5py.File(path, "r") as file:
        values = {name: file.attrs[name] for name in names if name in file.attrs}
    texts = {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in values.items()
    }
    return {name: text for name, text in texts.items() if isinstance(text, str)}
