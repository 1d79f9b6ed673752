"""Arrays of predictions out of JSON, .npy and .npz, held against the model.

It is called through `api.predictions.isolation`, in a process of its own.
"""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
import numpy.typing as npt
import orjson
from numpy.lib import format as npy_format

from api.errors import Fault, ProblemError, invalid, pointer_to
from core.attachment import Attachment

Array = npt.NDArray[Any]
Form = Literal["json", "npy", "npz"]

FORMS: Final[Mapping[str, Form]] = {
    "": "json",
    "application/json": "json",
    "application/x-npy": "npy",
    "application/x-npz": "npz",
    "application/npy": "npy",
    "application/npz": "npz",
}


def normalize(order: dict[str, Any]) -> Attachment | dict[str, Any]:
    """Make one .npz, with an array an input, of what a request brings.

    Args: order: `path`, of the request's body; `form`; `inputs`, as of `check_arrays`; `max_bytes` and
        `max_json_bytes`, as of `read_arrays`.
    Returns: the .npz; or `problem`, the packed ProblemError.
    """
    inputs = order["inputs"]
    names = [entry["name"] for entry in inputs]
    limits = order["max_bytes"], order["max_json_bytes"]
    try:
        arrays = read_arrays(Path(order["path"]), order["form"], names, *limits)
        check_arrays(arrays, inputs)
    except ProblemError as exc:
        return {"problem": exc.pack()}
    buffer = io.BytesIO()
    write_npz(buffer, arrays)
    return Attachment({}, buffer.getbuffer())


def read_arrays(
    path: Path, form: Form, input_names: list[str], max_bytes: int, max_json_bytes: int
) -> dict[str, Array]:
    """Read the arrays a request brings, by input name.

    Args: max_bytes: what all arrays together may take once decompressed. max_json_bytes: of JSON text.
    Raises: ProblemError (400, 413 or 422): they cannot be read; the pointer leads to the input.
    """
    if form == "json":
        return _name_arrays(_read_json(path, max_json_bytes), input_names)
    try:
        if form == "npy":
            with path.open("rb") as file:
                return _name_arrays(_read_npy(file, max_bytes), input_names)
        return _read_npz(path, max_bytes)
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as exc:
        raise ProblemError(
            400, f"The body is no sound .{form} file: {exc}", name="invalid-array", pointer=""
        ) from exc


def check_arrays(arrays: Mapping[str, Array], inputs: list[dict[str, Any]]) -> None:
    """Hold arrays against the inputs of a model.

    Args: inputs: name, shape with the batch first, vocabulary_size.
    Raises: ProblemError (422): an array is missing, or does not fit.
    """
    faults = []
    names = [entry["name"] for entry in inputs]
    for name in arrays:
        if name not in names:
            detail = f"the model has no input {name!r}; it has {', '.join(names)}"
            faults.append(Fault(pointer=pointer_to("x", name), detail=detail))
    for entry in inputs:
        pointer = "/x" if len(inputs) == 1 else pointer_to("x", entry["name"])
        array = arrays.get(entry["name"])
        misfit = "is missing" if array is None else _find_misfit(array, entry)
        if misfit is not None:
            faults.append(Fault(pointer=pointer, detail=misfit))
    rows = {len(array) for array in arrays.values() if array.ndim}
    if not faults and len(rows) > 1:
        faults.append(Fault(pointer="/x", detail=f"all inputs need as many rows, found {sorted(rows)}"))
    if faults:
        raise invalid(faults)


def _find_misfit(array: Array, entry: Mapping[str, Any]) -> str | None:
    expected = entry["shape"][1:]
    if array.dtype.kind not in "biuf":
        return f"holds {array.dtype}; only numbers can go in"
    if array.ndim == 0 or len(array) == 0:
        return "has no rows"
    shape = array.shape[1:] or (1,)
    if len(shape) != len(expected) or any(
        wanted is not None and size != wanted for size, wanted in zip(shape, expected)
    ):
        wanted_text = ", ".join("any" if size is None else str(size) for size in expected)
        return f"rows have the shape {tuple(shape)}; the model needs ({wanted_text})"
    size = entry["vocabulary_size"]
    if size is not None and (array.min() < 0 or array.max() >= size):
        return f"feeds an Embedding: values from 0 to {size - 1}; found {array.min():g} to {array.max():g}"
    return None


def write_npz(target: BinaryIO | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays as .npz; unlike `numpy.savez`, under any name."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                npy_format.write_array(file, array, allow_pickle=False)


def _name_arrays(value: Any, input_names: list[str]) -> dict[str, Array]:
    if isinstance(value, dict):
        return {name: _to_array(inner, pointer_to("x", name)) for name, inner in value.items()}
    if len(input_names) == 1:
        return {input_names[0]: _to_array(value, "/x")}
    detail = f"the model has several inputs; send an object by name: {', '.join(input_names)}"
    raise invalid([Fault(pointer="/x", detail=detail)])


def _to_array(value: Any, pointer: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as exc:
        raise invalid([Fault(pointer=pointer, detail=f"rows are of unequal length: {exc}")]) from exc
    if array.dtype.kind == "f" and array.dtype.itemsize > 4 and not isinstance(value, np.ndarray):
        return array.astype(np.float32)
    return array


def _read_json(path: Path, max_bytes: int) -> Any:
    size_bytes = path.stat().st_size
    if size_bytes > max_bytes:
        detail = (
            f"JSON has at most {max_bytes} bytes, found {size_bytes}; send larger arrays as .npy or .npz."
        )
        raise ProblemError(413, detail, name="body-too-large")
    try:
        body = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as exc:
        raise ProblemError(400, f"The body is not JSON: {exc}", name="invalid-json", pointer="") from exc
    if not isinstance(body, dict) or set(body) != {"x"}:
        raise invalid([Fault(pointer="", detail='must be an object with the one field "x"')])
    return body["x"]


def _read_npy(file: BinaryIO, max_bytes: int) -> Array:
    """Read one array whose declared size was looked at first; never a pickle."""
    version = npy_format.read_magic(file)
    read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects (a pickle), which are never read")
    start, declared = file.tell(), math.prod(shape) * dtype.itemsize
    if declared > max_bytes:
        raise ProblemError(
            413, f"The array {shape} of {dtype} is over {max_bytes} bytes.", name="body-too-large"
        )
    held = file.seek(0, io.SEEK_END) - start
    if any(type(size) is not int or size < 0 for size in shape) or not 0 < declared <= held:
        raise ValueError(f"it declares the shape {shape} of {dtype}, and holds {held} bytes")
    file.seek(0)
    return np.asarray(npy_format.read_array(file, allow_pickle=False))


def _read_npz(path: Path, max_bytes: int) -> dict[str, Array]:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        declared = sum(member.file_size for member in archive.infolist())
        if declared > max_bytes:
            raise ProblemError(
                413, f"The arrays take {declared} bytes; at most {max_bytes} may.", name="body-too-large"
            )
        for member in archive.infolist():
            with archive.open(member) as file:
                content = io.BytesIO(file.read(max_bytes + 1))
            arrays[member.filename.removesuffix(".npy")] = _read_npy(content, max_bytes)
    return arrays
