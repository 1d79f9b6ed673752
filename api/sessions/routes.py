"""Signing in and out: a browser keeps its key in a cookie that no script can read."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access.authenticator import Authenticator
from api.access.presented import SESSION_COOKIE, unauthorized
from api.errors import documented

router = APIRouter(prefix="/v1/session", tags=["access"])

_PATH = "/v1"


class SignIn(BaseModel):
    """What a browser signs in with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"key": "kerasd_a1b2c3d4_…"}})

    key: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", repr=False)


@router.post("", status_code=204, responses=documented(401, 422, 429))
async def sign_in(request: Request, body: Annotated[SignIn, Body()]) -> Response:
    """Keep a key in the cookie of this browser, until it is closed or signs out."""
    authenticator: Authenticator = request.app.state.authenticator
    principal = await authenticator.identify(body.key)
    if principal.key_id is None:
        raise unauthorized("This is no API key; the token of a job cannot sign in.")
    answer = Response(status_code=204)
    answer.set_cookie(
        SESSION_COOKIE,
        body.key,
        path=_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.delete("", status_code=204)
async def sign_out() -> Response:
    """Forget the key of this browser."""
    answer = Response(status_code=204)
    answer.delete_cookie(SESSION_COOKIE, path=_PATH, httponly=True, samesite="strict")
    return answer
