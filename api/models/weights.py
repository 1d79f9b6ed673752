"""HDF5 files with weights, looked at before the engine opens them."""

import json
from pathlib import Path
from typing import Any, Final

from api.errors import ProblemError
from core.hdf5 import Hdf5Error, check_weights_apart, read_texts_apart
from core.settings import Settings

_TEXTS: Final = ("model_config", "keras_version", "backend")
_MAX_OBJECTS: Final = 200_000
# Float64 weights with three optimizer slots, twice over; and a few numbers of the optimizer's own.
_BYTES_A_PARAMETER: Final = 64
_SPARE_PARAMETERS: Final = 1024


def check_file(path: Path, settings: Settings) -> int:
    """Refuse a file that is damaged, reaches out of itself, or declares more than it holds.

    Another process reads it first, whole: damage can make the HDF5 library hang or crash.

    Returns: the bytes that all its data sets declare.
    Raises: ProblemError (422): damage, external or soft links, data kept elsewhere, a filter that needs a
        plugin, or more bytes than the limits allow.
    """
    limit = settings.max_decompressed_bytes
    try:
        return check_weights_apart(
            path, limit, _MAX_OBJECTS, settings.max_read_seconds, settings.max_read_memory_bytes
        )
    except Hdf5Error as error:
        raise _refuse(error.detail) from error


def check_declared_bytes(declared_bytes: int, parameters: int) -> None:
    """Refuse a file that would unpack to far more than the model and its optimizer have.

    Raises: ProblemError (422): it would.
    """
    if declared_bytes > _BYTES_A_PARAMETER * (parameters + _SPARE_PARAMETERS):
        raise _refuse(f"it declares {declared_bytes} bytes for a model with {parameters} parameters")


def read_file_definition(path: Path) -> str | dict[str, Any] | None:
    """The `model_config` that `model.save()` writes with its versions; None where there is none.

    Raises: ProblemError (422): damage.
    """
    try:
        texts = read_texts_apart(path, _TEXTS)
    except Hdf5Error as error:
        raise _refuse(error.detail) from error
    text = texts.pop("model_config", None)
    if text is None:
        return None
    try:
        return {**texts, **json.loads(text)}
    except (ValueError, TypeError, RecursionError):
        return text  # whatever it is, the check of definitions says what is wrong with it


def _refuse(detail: str) -> ProblemError:
    return ProblemError(
        422, f"The HDF5 file cannot be taken: {detail}.", name="invalid-weights", pointer="/file"
    )
