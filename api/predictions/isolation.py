"""Arrays of predictions read in a process of their own: see `core.isolation`."""

from pathlib import Path
from typing import Any, Final

from api.errors import ProblemError
from api.predictions.arrays import Form
from core.isolation import IsolationError, call_apart, seconds_for
from core.settings import Settings

ARRAY_READER: Final = "api.predictions.arrays"


def write_input(
    path: Path, form: Form, inputs: list[dict[str, Any]], settings: Settings, target: Path
) -> None:
    """Write the arrays of a request, once they fit the model, as one .npz with an array an input.

    Args: path: the request's body. form: of it. inputs: as of `check_arrays`. target: the .npz.
    Raises: ProblemError (400, 413 or 422): they cannot be read, or do not fit; the pointer leads to the input.
    """
    order = {
        "path": str(path.absolute()),
        "form": form,
        "inputs": inputs,
        "max_bytes": settings.max_decompressed_bytes,
        "max_json_bytes": settings.max_body_bytes,
    }
    seconds = seconds_for(path.stat().st_size, settings.max_read_seconds)
    try:
        with target.open("wb") as file:
            answer = call_apart(
                f"{ARRAY_READER}:normalize", order, seconds, settings.max_read_memory_bytes, file
            )
    except IsolationError as exc:
        detail = f"The arrays are damaged or too large: {exc}."
        raise ProblemError(422, detail, name="invalid-array", pointer="") from exc
    if "problem" in answer:
        raise ProblemError.unpack(answer["problem"])
