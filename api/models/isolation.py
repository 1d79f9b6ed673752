"""Checks of models and their weights, each in a process of its own: see `core.isolation`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.errors import Fault, ProblemError
from core.isolation import IsolationError, call_apart, seconds_for
from core.settings import Settings

MODULE: Final = "api.models.definition"
WARM_UP: Final = f"{MODULE}:warm_up"


@dataclass(frozen=True)
class CheckedModel:
    """A definition that the engine could build.

    Attributes:
        definition: normalised JSON text. summary: what the API tells of it, as in ModelView.
    """

    name: str
    class_name: str
    keras_version: str | None
    backend: str | None
    definition: str
    summary: dict[str, Any]


def check_definition(source: str | dict[str, Any], settings: Settings, pointer: str = "") -> CheckedModel:
    """Build an untrusted definition and describe it.

    Args: source: `to_json()` or `to_yaml()` text, or the object. pointer: where it lies in the request.
    Raises: ProblemError (422): it cannot be built, or not in time; the pointer leads to the layer.
    """
    arguments = {"source": source, "pointer": pointer}
    return CheckedModel(**_call("check_definition", arguments, settings, pointer))


def check_weights(definition: str, path: Path, settings: Settings) -> None:
    """See whether an HDF5 file holds the weights of a model.

    Raises: ProblemError (422): it does not.
    """
    arguments = {"definition": definition, "path": str(path.absolute())}
    _call("check_weights", arguments, settings, "/file", path.stat().st_size)


def check_training(
    definition: str,
    compile_arguments: Mapping[str, Any],
    x_shapes: Mapping[str, tuple[int, ...]],
    y_shapes: Mapping[str, tuple[int, ...]],
    settings: Settings,
) -> tuple[list[str], list[Fault]]:
    """Compile a model as asked and fit the shapes of its data to it.

    Args:
        definition: the model's normalised JSON. compile_arguments: of Keras's `compile`.
        x_shapes, y_shapes: shapes of one row by name; empty where the data is at fault already.

    Returns:
        The names of the values that training reports (without `val_`), and what is wrong.
    """
    arguments = {
        "definition": definition,
        "compile_arguments": compile_arguments,
        "x_shapes": x_shapes,
        "y_shapes": y_shapes,
    }
    answer = _call("check_training", arguments, settings, "/compile")
    return answer["names"], [Fault(**fault) for fault in answer["faults"]]


def _call(
    check: str, arguments: Mapping[str, Any], settings: Settings, pointer: str, size_bytes: int = 0
) -> Any:
    limits = {
        "text_bytes": settings.max_definition_bytes,
        "layers": settings.max_layers,
        "parameters": settings.max_parameters,
        "activation_bytes": settings.max_activation_bytes,
    }
    order = {"check": check, "arguments": arguments, "limits": limits}
    seconds = seconds_for(size_bytes, settings.max_read_seconds)
    try:
        answer = call_apart(f"{MODULE}:answer", order, seconds, settings.max_read_memory_bytes)
    except IsolationError as exc:
        detail = f"The model cannot be checked: {exc}."
        raise ProblemError(422, detail, name="invalid-model", pointer=pointer) from exc
    if "problem" in answer:
        raise ProblemError.unpack(answer["problem"])
    return answer["value"]
