"""What the API takes and says about keys."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.access.principal import Principal
from api.moments import Moment
from core.access.keys import Limits, is_live
from core.access.scopes import Scope
from core.database import utc_now
from core.tables import ApiKey, Project

_ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
_MONTH_SECONDS = 30 * 24 * 3600

EXAMPLE_KEY: dict[str, Any] = {
    "id": "key_01JD5K3M8Q2R6T9V4W7X1Y5Z0A",
    "name": "nightly",
    "prefix": "x7Kd02Lq",
    "scope": "submit",
    "is_live": True,
    "requests_per_minute": None,
    "max_body_bytes": None,
    "created_at": "2026-01-15T12:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": "2026-01-16T03:00:00Z",
    "replaces": None,
}
EXAMPLE_NEW_KEY: dict[str, Any] = {
    **EXAMPLE_KEY,
    "last_used_at": None,
    "key": "kerasd_x7Kd02Lq_<43 letters and digits>",
}
EXAMPLE_ACCESS: dict[str, Any] = {
    "project": {"id": "prj_01JD5K2C7P1R5T8V3W6X0Y4Z9B", "name": "vision"},
    "scope": "submit",
    "key": {"id": EXAMPLE_KEY["id"], "name": "nightly"},
    "requests_per_minute": None,
    "max_body_bytes": None,
}

Rate = Annotated[int, Field(strict=True, ge=1, lt=2**31)]
Bytes = Annotated[int, Field(strict=True, ge=1, lt=2**53)]


class KeyRequest(BaseModel):
    """A key that is wanted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "nightly"}})

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_ONE_LINE)] = Field(
        description="Whose key it is, or what for."
    )
    scope: Scope = Scope.SUBMIT
    expires_at: Moment | None = Field(default=None, description="Default, here and below: as your own key.")
    requests_per_minute: Rate | None = None
    max_body_bytes: Bytes | None = None

    def to_limits(self) -> Limits:
        """What bounds the key."""
        return Limits(self.expires_at, self.requests_per_minute, self.max_body_bytes)


class RotationRequest(BaseModel):
    """How a key is to be replaced."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_seconds": 3600}})

    overlap_seconds: float = Field(
        default=0,
        ge=0,
        le=_MONTH_SECONDS,
        strict=True,
        description="How long the old key is taken beside the new one.",
    )


class KeyView(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_KEY})

    id: str
    name: str
    prefix: str = Field(description="What the key begins with, after `kerasd_`.")
    scope: Scope
    is_live: bool = Field(description="Whether it is taken: neither revoked nor expired.")
    requests_per_minute: int | None
    max_body_bytes: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    replaces: str | None = Field(description="The key that was rotated to make this one.")


class NewKeyView(KeyView):
    """A new key."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_NEW_KEY})

    key: str = Field(description="The key itself, told this once.")


class ProjectView(BaseModel):
    """A project."""

    id: str
    name: str


class OwnKeyView(BaseModel):
    """Your key."""

    id: str
    name: str


class AccessView(BaseModel):
    """Who you are to the service."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_ACCESS})

    project: ProjectView
    scope: Scope
    key: OwnKeyView | None = Field(description="Null where none was needed and none was sent.")
    requests_per_minute: int | None = Field(description="Of the key; null: the service's setting.")
    max_body_bytes: int | None


def view_key(row: ApiKey) -> dict[str, Any]:
    """The key as the API shows it."""
    shown = {name: getattr(row, name) for name in KeyView.model_fields if name != "is_live"}
    return {**shown, "is_live": is_live(row, utc_now())}


def view_access(principal: Principal, project: Project) -> dict[str, Any]:
    """The principal as the API shows it."""
    key = {"id": principal.key_id, "name": principal.key_name} if principal.key_id else None
    return {
        "project": {"id": project.id, "name": project.name},
        "scope": principal.scope,
        "key": key,
        "requests_per_minute": principal.requests_per_minute,
        "max_body_bytes": principal.max_body_bytes,
    }
