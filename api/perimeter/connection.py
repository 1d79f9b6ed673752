"""A connection of the HTTP server, which bounds what comes before any application sees a request: its head.

uvicorn waits for heads without end and keeps whatever they hold.
"""

from asyncio import TimerHandle, Transport
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import ProblemError
from core.settings import Settings


class BoundedConnection(HttpToolsProtocol):
    """HTTP/1.1 with a limit on the time, the size and the count of a request's header lines.

    The same time is given for the rest of a body that the application did not want. The limits are those of
    the application's settings.
    """

    def __init__(self, config: Config, *arguments: Any, **named: Any) -> None:
        super().__init__(config, *arguments, **named)
        self.settings: Settings = config.app.state.settings  # type: ignore[union-attr]
        self.timer: TimerHandle | None = None
        self.is_in_head = True
        self.head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.is_in_head:
            self._start_timer()
            self.head_bytes += len(data)
        super().data_received(data)
        if self.is_in_head and self.head_bytes > self.settings.max_header_bytes:
            self._refuse(self._too_large(f"{self.head_bytes} bytes or more"))

    def on_headers_complete(self) -> None:
        self.is_in_head = False
        self._stop_timer()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.settings.max_header_bytes:
            self.app = _answer_with(self._too_large(f"{size} bytes"))
        elif len(self.headers) > self.settings.max_headers:
            self.app = _answer_with(self._too_large(f"{len(self.headers)} lines"))
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._expect_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body:
            self._start_timer()

    def _expect_head(self) -> None:
        self._stop_timer()
        self.is_in_head = True
        self.head_bytes = 0

    def _start_timer(self) -> None:
        if self.timer is None:
            self.timer = self.loop.call_later(self.settings.header_seconds, self._give_up)

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _give_up(self) -> None:
        self.timer = None
        detail = f"The request's head did not come within {self.settings.header_seconds:g} seconds."
        is_under_way = self.cycle is not None and not self.cycle.response_complete
        if self.is_in_head and self.head_bytes and not is_under_way:
            self._refuse(ProblemError(408, detail, name="head-too-slow"))
        elif not is_under_way:
            self.transport.close()

    def _too_large(self, found: str) -> ProblemError:
        detail = (
            f"The request's address and headers have {found}; the limits are {self.settings.max_header_bytes} bytes "
            f"and {self.settings.max_headers} lines (settings max_header_bytes and max_headers)."
        )
        return ProblemError(431, detail, name="head-too-large", headers={"Connection": "close"})

    def _refuse(self, problem: ProblemError) -> None:
        """Answer in place of the application, which never sees the request."""
        if self.transport.is_closing():
            return
        answer = problem.respond()
        lines = [f"HTTP/1.1 {problem.status_code} {problem.describe()['title']}".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers if name != b"connection"]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)]))
        self.transport.close()


def _answer_with(problem: ProblemError) -> ASGIApp:
    """An application that gives this answer to whatever is asked."""
    return problem.respond()
