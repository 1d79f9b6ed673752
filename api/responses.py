"""JSON answers by orjson."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

REVALIDATED: Final = "private, no-cache"
"""Cache-Control of answers with an ETag: their reader keeps them, and asks each time whether they still hold."""


class JsonResponse(Response):
    """A JSON answer of plain Python values, dates, and pydantic dumps."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode_json(content)


def encode_json(content: Any) -> bytes:
    """Encode as JSON; times in UTC end in Z."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def matches_etag(headers: Mapping[str, str], etag: str) -> bool:
    """Whether If-None-Match names this entity tag (RFC 9110, weak comparison)."""
    given = headers.get("if-none-match", "")
    known = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return given.strip() == "*" or etag.removeprefix("W/") in known


def not_modified(etag: str) -> Response:
    """The 304 for a caller that has the present state."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": REVALIDATED})
