"""The pace at which a request's body must arrive."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ProblemError
from core.settings import Settings


@dataclass(frozen=True)
class Pace:
    """Seconds that a sender may keep the service waiting: spent by waiting, earned by bytes, never more than a grace.

    So a body that comes at `bytes_per_second` or faster is waited for as long as it takes, one that stands still
    for the grace, and one that trickles for little longer.
    """

    grace_seconds: float
    bytes_per_second: float

    def continue_from(self, seconds_left: float, waited_seconds: float, received_bytes: int) -> float:
        """The seconds left after a wait that brought some bytes."""
        earned = received_bytes / self.bytes_per_second
        return min(self.grace_seconds, seconds_left - waited_seconds + earned)


class PaceMiddleware:
    """Ends requests whose body trickles, with a 408 problem."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.pace = Pace(settings.upload_grace_seconds, settings.min_upload_bytes_per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _PacedReceive(receive, self.pace)
        await self.app(scope, receive, send)


class _PacedReceive:
    """Passes the body on, and raises once its sender has used up the time."""

    def __init__(self, receive: Receive, pace: Pace) -> None:
        self.receive = receive
        self.pace = pace
        self.seconds_left = pace.grace_seconds
        self.is_complete = False

    async def __call__(self) -> Message:
        if self.is_complete:  # what comes now is the news that the reader hung up
            return await self.receive()
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            async with asyncio.timeout(max(self.seconds_left, 0)):
                message = await self.receive()
        except TimeoutError:
            raise self._too_slow() from None
        self.is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        received = len(message.get("body", b""))
        self.seconds_left = self.pace.continue_from(self.seconds_left, clock() - start, received)
        return message

    def _too_slow(self) -> ProblemError:
        detail = (
            f"The body came at less than {self.pace.bytes_per_second:g} bytes a second for {self.pace.grace_seconds:g} "
            "seconds and was given up (settings min_upload_bytes_per_second and upload_grace_seconds). Send it again."
        )
        return ProblemError(408, detail, name="body-too-slow", headers={"Connection": "close"})
