"""What the API says about events."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_EVENTS: dict[str, Any] = {
    "cursor": 3,
    "data": [
        {"id": 1, "event": "state", "data": {"state": "queued", "attempt": 0, "reason": None, "error": None}},
        {"id": 2, "event": "log", "data": {"line": "Epoch 1/5"}},
        {
            "id": 3,
            "event": "metrics",
            "data": {"kind": "epoch", "step": 0, "epoch": 0, "values": {"loss": 0.61}},
        },
    ],
}


class EventView(BaseModel):
    """Something that happened to a job."""

    id: int = Field(description="Its number on the job's cursor.")
    event: Literal["state", "log", "metrics", "end"]
    data: dict[str, Any]


class EventsView(BaseModel):
    """Events in order."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_EVENTS})

    cursor: int = Field(description="Send it as `since` to get only what came after.")
    data: list[EventView]
