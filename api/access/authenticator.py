"""Finds out who holds a credential, and remembers it for a moment."""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from sqlalchemy.orm import Session

from api.access.last_uses import LastUses
from api.access.presented import unauthorized
from api.access.principal import Principal
from api.deps import Database
from core.access.credentials import is_well_formed, read_job_id
from core.access.job_tokens import find_token_project
from core.access.keys import find_key, is_live
from core.access.scopes import Scope
from core.database import utc_now
from core.tables import DEFAULT_PROJECT_ID, ApiKey

KEPT_SECONDS: Final = 3.0
"""How long a revoked credential may still be taken by a server that has just seen it."""

_MAX_KEPT: Final = 10_000

NOBODY: Final = Principal(DEFAULT_PROJECT_ID, Scope.ADMIN)
"""Whoever reaches an API that needs no keys."""


@dataclass(frozen=True)
class _Known:
    principal: Principal
    until: float


class Authenticator:
    """Knows the bearers of credentials.

    It is used from the event loop alone, which looks into the database in another thread.

    Args:
        database: keys, and the tokens of jobs.
        last_uses: told of each key that is used.
        needs_keys: whether a request without a credential is refused.
    """

    def __init__(self, database: Database, last_uses: LastUses, *, needs_keys: bool) -> None:
        self.needs_keys = needs_keys
        self._database = database
        self._last_uses = last_uses
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._taken: dict[str, tuple[bool, float]] = {}

    async def identify(self, credential: str | None) -> Principal:
        """Tell who holds a credential.

        Raises: ProblemError (401): nobody does, or there is none and one is needed.
        """
        if credential is None:
            if self.needs_keys:
                raise unauthorized(
                    "This service needs an API key: send 'Authorization: Bearer <key>' (the client: KERASD_API_KEY)."
                )
            return NOBODY
        digest = hashlib.sha256(credential.encode("latin-1")).digest()
        known = self._known.get(digest)
        if known is None or time.monotonic() > known.until:
            known = await self._look_up(credential, digest)
        if known.principal.key_id is not None:
            self._last_uses.note(known.principal.key_id)
        return known.principal

    async def _look_up(self, credential: str, digest: bytes) -> _Known:
        # The time starts before the look, so that nothing older than it is ever believed.
        until = time.monotonic() + KEPT_SECONDS
        found = await to_thread.run_sync(self._find, credential) if is_well_formed(credential) else None
        if found is None:
            self._known.pop(digest, None)
            raise unauthorized(
                "The API key or token is not known, was revoked, or has expired.", ', error="invalid_token"'
            )
        self._known[digest] = known = _Known(found, until)
        self._known.move_to_end(digest)
        if len(self._known) > _MAX_KEPT:
            self._known.popitem(last=False)
        return known

    async def still_knows(self, principal: Principal) -> bool:
        """Whether a principal would be let in once more; for answers that go on for long."""
        key_id = principal.key_id
        if key_id is None:
            return True
        is_taken, until = self._taken.get(key_id, (False, 0.0))
        if time.monotonic() > until:
            until = time.monotonic() + KEPT_SECONDS
            is_taken = await to_thread.run_sync(self._is_taken, key_id)
            if len(self._taken) > _MAX_KEPT:
                self._taken.clear()
            self._taken[key_id] = is_taken, until
        return is_taken

    def _is_taken(self, key_id: str) -> bool:
        with self._database.read() as session:
            row = session.get(ApiKey, key_id)
            return row is not None and is_live(row, utc_now())

    def _find(self, credential: str) -> Principal | None:
        with self._database.read() as session:
            return find_principal(session, credential)


def find_principal(session: Session, credential: str) -> Principal | None:
    """Who holds a credential; None where nobody does."""
    job_id = read_job_id(credential)
    if job_id is not None:
        project_id = find_token_project(session, job_id, credential)
        return None if project_id is None else Principal(project_id, Scope.READ, job_id=job_id)
    key = find_key(session, credential)
    if key is None:
        return None
    return Principal(
        project_id=key.project_id,
        scope=Scope(key.scope),
        key_id=key.id,
        key_name=key.name,
        requests_per_minute=key.requests_per_minute,
        max_body_bytes=key.max_body_bytes,
    )
