"""The gate: no request gets to a route, and no body is read, before its sender is known and may do what is asked."""

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.authenticator import Authenticator
from api.access.presented import find_credential
from api.access.principal import Principal
from api.access.rules import find_needed_scope, is_public, may_report
from api.errors import ProblemError, describe_exception

_CLOSED_BY_POLICY = 1008


class AuthenticationMiddleware:
    """Puts the `Principal` of a request at `scope["state"]["principal"]`, or answers 401 or 403.

    Public addresses get none, and credentials sent there are not looked at.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self.app = app
        self.authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # There are none; should some be added, they need a rule of their own first.
            await send({"type": "websocket.close", "code": _CLOSED_BY_POLICY})
            return
        if scope["type"] == "http" and not is_public(scope["method"], scope["path"]):
            try:
                principal = await self.authenticator.identify(find_credential(scope["headers"]))
                scope.setdefault("state", {})["principal"] = principal
                check_permission(principal, scope["method"], scope["path"])
            except (ProblemError, SQLAlchemyError) as exc:
                await describe_exception(Request(scope), exc).respond()(scope, receive, send)
                return
        await self.app(scope, receive, send)


def check_permission(principal: Principal, method: str, path: str) -> None:
    """Refuse what a principal may not do.

    Raises: ProblemError (403): its scope is too small, or it holds a token of a job and asks for something else.
    """
    if principal.job_id is not None:
        if not may_report(principal.job_id, method, path):
            detail = f"The token of job {principal.job_id} is good for reporting on that job alone."
            raise _forbidden(detail, "submit")
        return
    needed = find_needed_scope(method, path)
    if not principal.scope.allows(needed):
        detail = f"This needs a key of the scope {needed}; yours has the scope {principal.scope}."
        raise _forbidden(detail, needed)


def _forbidden(detail: str, needed: str) -> ProblemError:
    challenge = f'Bearer realm="kerasd", error="insufficient_scope", scope="{needed}"'
    return ProblemError(403, detail, name="forbidden", headers={"WWW-Authenticate": challenge})
