"""The callbacks a job may name, and their settings: none of them chooses a path or an address."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from api.errors import Fault, describe_validation_error, pointer_to

MonitorName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Mode = Literal["auto", "min", "max"]
Verbosity = Literal[0, 1]


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EarlyStopping(_Config):
    """Ends the training when a value no longer improves."""

    monitor: MonitorName = "val_loss"
    min_delta: float = Field(default=0, ge=0, allow_inf_nan=False)
    patience: int = Field(default=0, ge=0)
    verbose: Verbosity = 0
    mode: Mode = "auto"


class ReduceLROnPlateau(_Config):
    """Lowers the learning rate when a value no longer improves."""

    monitor: MonitorName = "val_loss"
    factor: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=10, ge=0)
    verbose: Verbosity = 0
    mode: Mode = "auto"
    epsilon: float = Field(default=0.0001, ge=0, allow_inf_nan=False)
    cooldown: int = Field(default=0, ge=0)
    min_lr: float = Field(default=0, ge=0, allow_inf_nan=False)


class TerminateOnNaN(_Config):
    """Ends the training when the loss is not a number."""


def _check_schedule(schedule: dict[str, float]) -> dict[str, float]:
    if "0" not in schedule:
        raise ValueError("the table needs an entry for epoch 0")
    for epoch in schedule:
        if not epoch.isdecimal() or len(epoch) > 9:
            raise ValueError(f"the keys are epochs counted from 0, found {epoch!r}")
    return schedule


class LearningRateScheduler(_Config):
    """Sets the learning rate from a table: each entry holds from its epoch on."""

    schedule: Annotated[
        dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]], AfterValidator(_check_schedule)
    ]
    verbose: Verbosity = 0


class ModelCheckpoint(_Config):
    """Keeps the model of the best epoch as the artifact best.h5."""

    monitor: MonitorName = "val_loss"
    verbose: Verbosity = 0
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: Mode = "auto"
    period: int = Field(default=1, ge=1)


SAFE_CALLBACKS: Final[Mapping[str, type[_Config]]] = {
    "EarlyStopping": EarlyStopping,
    "ReduceLROnPlateau": ReduceLROnPlateau,
    "TerminateOnNaN": TerminateOnNaN,
    "LearningRateScheduler": LearningRateScheduler,
    "ModelCheckpoint": ModelCheckpoint,
}


class CallbackRequest(BaseModel):
    """A callback by its Keras name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    class_name: str
    config: dict[str, Any] = Field(default_factory=dict)


def check_callbacks(requests: list[CallbackRequest]) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Check callbacks and fill in their defaults.

    Returns: the callbacks as the worker makes them, and what is wrong.
    """
    checked, faults = [], []
    for index, request in enumerate(requests):
        kind = SAFE_CALLBACKS.get(request.class_name)
        if kind is None:
            detail = f"unknown callback {request.class_name!r}; possible are {', '.join(SAFE_CALLBACKS)}"
            faults.append(Fault(pointer=pointer_to("callbacks", index, "class_name"), detail=detail))
            continue
        try:
            config = kind.model_validate(request.config).model_dump()
            checked.append({"class_name": request.class_name, "config": config})
        except ValidationError as exc:
            faults += [_locate(error, index, kind) for error in exc.errors()]
    return checked, faults


def find_monitors(callbacks: list[dict[str, Any]]) -> dict[str, str]:
    """The values that callbacks watch, each under the pointer to where it is named."""
    return {
        pointer_to("callbacks", index, "config", "monitor"): callback["config"]["monitor"]
        for index, callback in enumerate(callbacks)
        if "monitor" in callback["config"]
    }


def _locate(error: Mapping[str, Any], index: int, kind: type[_Config]) -> Fault:
    fault = describe_validation_error({**error, "loc": ("body", "callbacks", index, "config", *error["loc"])})
    if error["type"] == "extra_forbidden":
        fault.detail = (
            f"{kind.__name__} has no such setting here; possible are {', '.join(kind.model_fields)}"
        )
    return fault
