"""API keys of a project."""

from collections.abc import Iterator
from datetime import datetime

from client.paging import fetch_page, iterate_pages
from client.records import Key, NewKey, Page
from client.transport import Transport


class Keys:
    """The keys of one's project, for which one needs the scope admin; reached as `client.keys`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        *,
        scope: str = "submit",
        expires_at: datetime | None = None,
        requests_per_minute: int | None = None,
        max_body_bytes: int | None = None,
    ) -> NewKey:
        """Make a key.

        Args:
            name: whose key it is, or what for.
            scope: read, submit or admin, each one what the ones before it allow.
            expires_at, requests_per_minute, max_body_bytes: at most one's own key's, which are the default.
        Returns: the key, whose `key` is told this once.
        """
        body = {
            "name": name,
            "scope": scope,
            "expires_at": None if expires_at is None else expires_at.astimezone().isoformat(),
            "requests_per_minute": requests_per_minute,
            "max_body_bytes": max_body_bytes,
        }
        # Not repeated when the answer is lost: a second key would be one that nobody knows.
        answer = self._transport.request("POST", "/v1/keys", json=body)
        return NewKey.model_validate_json(answer.content)

    def get(self, key_id: str) -> Key:
        """Get a key."""
        return Key.model_validate_json(self._transport.request("GET", f"/v1/keys/{key_id}").content)

    def list(self, *, limit: int = 50, after: str | None = None) -> Page[Key]:
        """Get one page of keys, newest first."""
        return fetch_page(self._transport, "/v1/keys", Key, {"limit": limit, "after": after})

    def iterate(self) -> Iterator[Key]:
        """Go through all keys, newest first."""
        return iterate_pages(self._transport, "/v1/keys", Key, {})

    def rotate(self, key_id: str, *, overlap_seconds: float = 0) -> NewKey:
        """Replace a key by a new one, which has the same name, scope and limits.

        Args: overlap_seconds: how long the old one is taken beside the new one.
        Returns: the new key, whose `key` is told this once.
        """
        path, body = f"/v1/keys/{key_id}/rotate", {"overlap_seconds": overlap_seconds}
        return NewKey.model_validate_json(self._transport.request("POST", path, json=body).content)

    def revoke(self, key_id: str) -> None:
        """Take a key no more; it is refused within seconds."""
        self._transport.request("DELETE", f"/v1/keys/{key_id}")
