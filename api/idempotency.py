"""Idempotency-Key: a create that is sent twice is done once and answered twice alike."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.access.principal import PrincipalDep
from api.errors import ProblemError
from core.database import utc_now
from core.tables import IdempotencyKey

KEPT: Final = timedelta(hours=24)
"""How long an answer is kept for its key."""

_KEPT_HEADERS: Final = ("content-type", "location")


@dataclass(frozen=True)
class IdempotentRequest:
    """One create request, known by its project and its key.

    The key is reserved and the answer kept in the transaction that creates the object, so both are there or
    neither is. A request that failed keeps nothing and may be sent again.
    """

    key: str | None
    route: str
    project_id: str

    def find_answer(self, session: Session, sha256: str) -> Response | None:
        """The answer kept for this key, if there is one.

        Args: sha256: hash of the request. Raises: ProblemError (422): the key came with another request.
        """
        if self.key is None:
            return None
        kept = session.get(IdempotencyKey, (self.project_id, self.key, self.route))
        if kept is None or kept.created_at < utc_now() - KEPT:
            return None
        if kept.request_sha256 != sha256:
            detail = (
                f"The Idempotency-Key {self.key!r} was used for another request. Use a new key, or send the "
                "request that it was first used for."
            )
            raise ProblemError(422, detail, name="idempotency-key-reused")
        if kept.status is None:
            detail = f"A request with the Idempotency-Key {self.key!r} is under way. Try again in a moment."
            raise ProblemError(409, detail, name="idempotency-key-busy", headers={"Retry-After": "1"})
        return Response(kept.body, kept.status, {**kept.headers, "Idempotency-Replayed": "true"})

    def reserve(self, session: Session, sha256: str) -> Response | None:
        """Reserve the key for this transaction; a second request with it waits here for the first one's end.

        Returns: the kept answer when the other one was first.
        """
        if self.key is None:
            return None
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < utc_now() - KEPT))
        make_insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        row = {
            "project_id": self.project_id,
            "key": self.key,
            "route": self.route,
            "request_sha256": sha256,
            "headers": {},
            "created_at": utc_now(),
        }
        insert = make_insert(IdempotencyKey).values(row).on_conflict_do_nothing()
        reserved = session.execute(insert.returning(IdempotencyKey.key)).first()
        return self.find_answer(session, sha256) if reserved is None else None

    def keep_answer(self, session: Session, response: Response) -> None:
        """Keep the answer for the key."""
        if self.key is None:
            return
        kept = session.get_one(IdempotencyKey, (self.project_id, self.key, self.route))
        kept.status = response.status_code
        kept.body = bytes(response.body)
        kept.headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}


async def read_idempotency_key(
    request: Request,
    principal: PrincipalDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Any unique text; a repeat with the same key within a day gets the first answer.",
        ),
    ] = None,
) -> IdempotentRequest:
    """Read the header Idempotency-Key."""
    return IdempotentRequest(
        idempotency_key, f"{request.method} {request.scope['route'].path}", principal.project_id
    )


IdempotencyDep = Annotated[IdempotentRequest, Depends(read_idempotency_key)]


def hash_request(*parts: str | BaseModel | dict[str, Any] | None) -> str:
    """Hash whatever makes two requests the same one; a field that has its default counts as left out.

    So a request stays the same one for a version that knows of more fields.
    """
    plain = [
        part.model_dump(mode="json", exclude_defaults=True) if isinstance(part, BaseModel) else part
        for part in parts
    ]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
