"""A web server on the loopback that can cut connections."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebServer:
    """Serves files from memory.

    Attributes:
        files: bytes by path.
        cuts: after how many bytes each of the next answers ends, as if the connection broke.
        permits_ranges: whether a request for a part gets that part.
        headers: further headers of each answer, such as an ETag.
        ranges: the `Range` header of each request so far, or None.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.permits_ranges = True
        self.headers: dict[str, str] = {"ETag": '"one"'}
        self.ranges: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.ranges.append(self.headers.get("Range"))
                body = web.files.get(self.path.lstrip("/"))
                if body is None:
                    self.send_error(404)
                    return
                start = self._find_start()
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body) - start))
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                for name, value in web.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                end = start + web.cuts.pop(0) if web.cuts else len(body)
                self.wfile.write(body[start:end])

            def _find_start(self) -> int:
                asked = self.headers.get("Range")
                unchanged = self.headers.get("If-Range") in web.headers.values()
                return int(asked[6:-1]) if asked and unchanged and web.permits_ranges else 0

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
