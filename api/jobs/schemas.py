"""What the API takes and says about a job."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from api.jobs.callbacks import CallbackRequest
from api.names import Tag, Title
from api.numbers import WHOLE
from api.plain import check_plain
from core.jobs.waiting import MAX_PRIORITY

_TEXT_OR_OBJECT = {"anyOf": [{"type": "string"}, {"type": "object"}]}
_ANY_OF_NAMES = {"anyOf": [{"type": "string"}, {"type": "array"}, {"type": "object"}, {"type": "null"}]}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _check_name_or_config(value: Any) -> Any:
    """A Keras name, or {"class_name": …, "config": …}."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        raise ValueError('must be a name or an object {"class_name": ..., "config": {...}}')
    if set(value) - {"class_name", "config"} or not isinstance(value.get("config", {}), dict):
        raise ValueError("has only the fields class_name and config, and config is an object")
    return {"class_name": value["class_name"], "config": value.get("config", {})}


def _check_names(value: Any) -> Any:
    """A name, a list of names, or an object with a name or a list of names by output."""
    if not _is_name(value) and not _are_names(value):
        by_output = value.values() if isinstance(value, dict) else [0]
        if not all(_is_name(entry) or _are_names(entry) for entry in by_output):
            raise ValueError("must be a name, a list of names, or an object with names by output")
    return value


def _check_loss(value: Any) -> Any:
    """A name, a list of names, or an object with a name by output."""
    entries = list(value.values()) if isinstance(value, dict) else value
    if value is None or not (isinstance(value, str) or (_are_names(entries) and entries)):
        raise ValueError("must be a loss, a list of losses, or an object with a loss by output")
    return value


def _check_sample_weight_mode(value: Any) -> Any:
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    if not all(entry is None or entry == "temporal" for entry in entries):
        raise ValueError('must be null or "temporal", or these in a list or by output')
    return value


def _is_name(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(_is_name(entry) for entry in value)


def _check_weights(value: Any) -> Any:
    """Numbers in a list, or by output."""
    entries = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not all(_is_number(entry) for entry in entries):
        raise ValueError("must be a list of numbers, or an object with numbers by output")
    return value


def _check_class_weight(value: Any) -> Any:
    """Numbers by class, or by output and class."""
    groups = [value] if all(_is_number(entry) for entry in value.values()) else list(value.values())
    for group in groups:
        if not isinstance(group, dict) or not all(
            key.isdecimal() and _is_number(weight) and weight >= 0 for key, weight in group.items()
        ):
            raise ValueError('must give a weight of at least 0 to each class, as in {"0": 1.0, "1": 2.5}')
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_shuffle(value: Any) -> Any:
    if not isinstance(value, bool) and value != "batch":
        raise ValueError('must be true, false or "batch"')
    return value


def _check_columns(value: Any) -> Any:
    """A column, a list of columns, or an object of these by input or output."""
    entries = list(value.values()) if isinstance(value, dict) else [value]
    for entry in entries:
        names = entry if isinstance(entry, list) else [entry]
        if not names or not all(isinstance(name, str) for name in names):
            raise ValueError(
                "must be a column's name, a list of them, or an object of these by input or output"
            )
    if not entries:
        raise ValueError("names no column")
    return value


def _check_model(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise ValueError("must be the id of a model, or a definition as to_json() prints it")
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            definition = json.loads(value)
        except (ValueError, RecursionError) as exc:
            raise ValueError(f"the definition is not JSON: {exc}") from exc
        check_plain(definition)
        return definition
    return value


Priority = Annotated[
    int,
    Field(
        ge=-MAX_PRIORITY,
        le=MAX_PRIORITY,
        description="Higher goes first; a point is worth a minute of waiting.",
    ),
    WHOLE,
]
Seconds = Annotated[float, Field(gt=0, le=31_536_000)]
ModelReference = Annotated[Any, AfterValidator(_check_model), WithJsonSchema(_TEXT_OR_OBJECT)]


LossNames = Annotated[Any, AfterValidator(_check_loss), WithJsonSchema(_ANY_OF_NAMES)]
NameOrConfig = Annotated[Any, AfterValidator(_check_name_or_config), WithJsonSchema(_TEXT_OR_OBJECT)]
Names = Annotated[Any, AfterValidator(_check_names), WithJsonSchema(_ANY_OF_NAMES)]
SampleWeightMode = Annotated[Any, AfterValidator(_check_sample_weight_mode), WithJsonSchema(_ANY_OF_NAMES)]
Weights = Annotated[Any, AfterValidator(_check_weights), WithJsonSchema(_ANY_OF_NAMES)]
Columns = Annotated[Any, AfterValidator(_check_columns), WithJsonSchema(_ANY_OF_NAMES)]
ClassWeight = Annotated[dict[str, Any], AfterValidator(_check_class_weight)]
Shuffle = Annotated[Any, AfterValidator(_check_shuffle), WithJsonSchema({"enum": [True, False, "batch"]})]


class CompileRequest(_Request):
    """Arguments of Keras's `compile`."""

    optimizer: NameOrConfig = "rmsprop"
    loss: LossNames
    metrics: Names = None
    loss_weights: Weights | None = None
    sample_weight_mode: SampleWeightMode = None
    weighted_metrics: Names = None


class FitRequest(_Request):
    """Arguments of Keras's `fit`."""

    epochs: int = Field(default=1, ge=1, le=1_000_000)
    batch_size: int | None = Field(default=None, ge=1, le=10_000_000, description="Default 32.")
    validation_split: float = Field(default=0.0, ge=0, lt=1)
    shuffle: Shuffle = True
    class_weight: ClassWeight | None = None
    initial_epoch: int = Field(default=0, ge=0)
    steps_per_epoch: int | None = Field(default=None, ge=1)
    validation_steps: int | None = Field(default=None, ge=1)


class ValidationColumns(_Request):
    """Columns to validate with."""

    x: Columns
    y: Columns
    sample_weight: str | None = None


class DataRequest(_Request):
    """Which columns of the dataset go where; what is left out is told from the columns' names."""

    x: Columns = None
    y: Columns = None
    sample_weight: str | None = None
    validation: ValidationColumns | None = None
    encode_y: Literal["categorical"] | None = Field(default=None, description="One-hot rows of the labels.")
    scale_x: float | None = Field(default=None, description="x is multiplied by this.", allow_inf_nan=False)


class JobRequest(_Request):
    """A training that is asked for."""

    @model_validator(mode="before")
    @classmethod
    def _check_plain(cls, data: Any) -> Any:
        check_plain(data)
        return data

    name: Title | None = None
    model: ModelReference = None
    dataset: str | None = None
    data: DataRequest = DataRequest()
    compile: CompileRequest | None = None
    fit: FitRequest = FitRequest()
    callbacks: list[CallbackRequest] = Field(default_factory=list, max_length=20)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    mixed_precision: Literal["tf32", "bfloat16"] | None = Field(
        default=None, description="What products and convolutions compute in; tf32 matters on CUDA alone."
    )
    priority: Priority = 0
    queue_timeout_seconds: Seconds | None = Field(
        default=None, description="A job that has not started by then fails."
    )
    time_limit_seconds: Seconds | None = Field(default=None, description="Of all attempts together.")
    max_attempts: int | None = Field(
        default=None, ge=1, le=1000, description="So many attempts may be lost; default KERASD_MAX_ATTEMPTS."
    )
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    external: bool = Field(default=False, description="The run trains elsewhere and only reports here.")
    epochs: int | None = Field(default=None, ge=1, le=1_000_000, description="Of an external run.")


class ChangeRequest(_Request):
    """What can be changed of a job."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"priority": 10}})

    priority: Priority


class RetryRequest(_Request):
    """Where a retry begins."""

    from_checkpoint: bool = Field(
        default=True, description="False forgets what the job has learnt and measured."
    )
