"""Metrics sent to a server."""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from engine import callbacks


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[str, dict[str, str], str]] = []
        self.status = 204

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_form_an_epoch(model: Any, data: Any, receiver: Receiver) -> None:
    history = model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.RemoteMonitor(root=receiver.root)])
    assert [path for path, _, _ in receiver.received] == ["/publish/epoch/end/"] * 2
    forms = [urllib.parse.parse_qs(body) for _, _, body in receiver.received]
    assert [json.loads(form["data"][0]) for form in forms] == [
        {"epoch": epoch, **{name: values[epoch] for name, values in history.history.items()}}
        for epoch in (0, 1)
    ]


def test_json_with_other_path_field_and_headers(receiver: Receiver) -> None:
    settings: dict[str, Any] = {"root": receiver.root, "path": "/x", "headers": {"X-Key": "k"}}
    logs = {"loss": np.float32(0.5), "per_class": np.array([1.0, 2.0]), "acc": float("nan")}
    callbacks.RemoteMonitor(**settings, send_as_json=True).on_epoch_end(3, logs)
    callbacks.RemoteMonitor(**settings, field="metrics").on_epoch_end(4, {"loss": 1.0})
    (path, headers, body), (_, _, form) = receiver.received
    assert (path, headers["X-Key"], headers["Content-Type"]) == ("/x", "k", "application/json")
    assert body == '{"epoch": 3, "loss": 0.5, "per_class": [1.0, 2.0], "acc": NaN}'
    assert json.loads(urllib.parse.parse_qs(form)["metrics"][0]) == {"epoch": 4, "loss": 1.0}


def test_a_server_that_is_away_does_not_end_the_training(model: Any, data: Any, receiver: Receiver) -> None:
    receiver.status = 503
    monitor = callbacks.RemoteMonitor(root=receiver.root)
    with pytest.warns(UserWarning, match=f"root server at {receiver.root}: Service Unavailable"):
        monitor.on_epoch_end(0, {"loss": 1.0})
    with Receiver() as gone:
        root = gone.root
    with pytest.warns(UserWarning, match=f"root server at {root}"):
        history = model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.RemoteMonitor(root=root)])
    assert history.epoch == [0, 1]
