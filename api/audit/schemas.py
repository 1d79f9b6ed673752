"""The audit log as the API shows it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from core.tables import AuditEntry


class AuditView(BaseModel):
    """One request that would change something."""

    id: str
    at: datetime
    key_id: str | None = Field(description="None: no key was needed, or a job's token was used.")
    address: str = Field(description="Where it came from.")
    method: str
    route: str
    object_id: str | None = Field(description="What was made or asked for.")
    status: int
    request_id: str = Field(description="The answer's X-Request-ID, which is in the server's log too.")


def view_entry(entry: AuditEntry) -> dict[str, Any]:
    """An entry as `AuditView` has it."""
    return {name: getattr(entry, name) for name in AuditView.model_fields}
