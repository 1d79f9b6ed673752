"""A server that is told to stop answers whom it keeps waiting."""

import json
import socket
from pathlib import Path
from typing import Any

REQUEST = (
    b"POST /v1/datasets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n"
    b"Expect: 100-continue\r\n\r\na,b\n"
)


def test_a_request_that_a_stop_breaks_off_is_told_to_come_again(serve_sqlite: Any, tmp_path: Path) -> None:
    with (
        serve_sqlite(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=60) as waiting,
        waiting.makefile("rb") as answer,
    ):
        waiting.sendall(REQUEST)
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        server.process.terminate()
        head, _, body = answer.read().lstrip().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in head.lower()
        assert json.loads(body)["type"] == "urn:kerasd:problem:stopping"
        server.process.wait(60)
        assert "Traceback" not in server.log.read_text()
