"""Who asks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from core.access.scopes import Scope


@dataclass(frozen=True)
class Principal:
    """The bearer of a key or of a job's token, or whoever reaches an API that needs neither.

    Attributes:
        project_id: whose things it sees. scope: how much it may do with them.
        key_id, key_name: of its key. job_id: of its token, with which it may only report on that job.
        requests_per_minute, max_body_bytes: of its key; None: the service's settings.
    """

    project_id: str
    scope: Scope
    key_id: str | None = None
    key_name: str | None = None
    job_id: str | None = None
    requests_per_minute: int | None = None
    max_body_bytes: int | None = None


async def get_principal(request: Request) -> Principal:
    """Whoever sent the request, as `AuthenticationMiddleware` found; public addresses have nobody."""
    principal: Principal = request.state.principal
    return principal


PrincipalDep = Annotated[Principal, Depends(get_principal)]
