"""The answer to requests that the server's own stop breaks off."""

from asyncio import CancelledError

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ProblemError


class StoppingMiddleware:
    """Tells whoever waits when the server stops to ask again; an answer that has begun just ends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_and_see(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        except CancelledError:
            if has_begun or scope["type"] != "http":
                raise
            await _describe_stop().respond()(scope, receive, send)


def _describe_stop() -> ProblemError:
    detail = (
        "The server stops before this was answered, and it may have been done. "
        "Ask again in a moment; what creates something, with the same Idempotency-Key."
    )
    return ProblemError(503, detail, name="stopping", headers={"Retry-After": "1", "Connection": "close"})
