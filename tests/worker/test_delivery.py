"""Delivery against a real HTTP server that fails as it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from worker.delivery import Delivery
from worker.spool import Spool

TOKEN = "kerasd_job_x"


class Receiver(ThreadingHTTPServer):
    """Takes points; answers with the next of `statuses`, and with 200 when there are no more."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.statuses: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/points"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    @property
    def steps(self) -> list[int]:
        return [point["step"] for body in self.bodies for point in body["points"]]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.bodies.append(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Silence."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path, attempt=4)) as spool:
        yield spool


def start(spool: Spool, url: str) -> Delivery:
    delivery = Delivery(spool, url, attempt=4, token=TOKEN)
    delivery.start()
    return delivery


def test_points_arrive_in_order_with_the_attempt(spool: Spool, receiver: Receiver) -> None:
    delivery = start(spool, receiver.url)
    for step in range(1200):
        spool.append({"step": step})
        delivery.notify()
    assert delivery.flush(10)
    assert receiver.steps == list(range(1200))
    assert {body["attempt"] for body in receiver.bodies} == {4}
    delivery.close()


@pytest.mark.parametrize("status", [500, 503, 429, 408, 421, 401, 403])
def test_a_server_in_trouble_is_asked_again(spool: Spool, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status, status]
    spool.append({"step": 0})
    delivery = start(spool, receiver.url)
    assert delivery.flush(10)
    assert receiver.steps == [0]
    delivery.close()


def test_points_wait_on_disk_while_the_server_is_away(spool: Spool) -> None:
    away = Receiver()
    port = away.server_address[1]
    away.stop()
    delivery = start(spool, away.url)
    for step in range(3):
        spool.append({"step": step})
        delivery.notify()
    assert not delivery.flush(0.3)
    back = Receiver(port)
    assert delivery.flush(10)
    assert back.steps == [0, 1, 2]
    delivery.close()
    back.stop()


@pytest.mark.parametrize("status", [404, 409])
def test_a_stale_attempt_is_told_to_stop(spool: Spool, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    spool.append({"step": 0})
    delivery = start(spool, receiver.url)
    assert not delivery.flush(10)
    assert delivery.is_refused
    assert not spool.is_empty()


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_stays_refused_stops_the_run_and_loses_nothing(
    spool: Spool, receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [status] * 3
    spool.append({"step": 0})
    delivery = start(spool, receiver.url)
    assert not delivery.flush(10)
    assert delivery.is_refused
    assert not spool.is_empty()
    delivery.close()
    assert "takes the token of attempt 4 no more" in caplog.text
    assert TOKEN not in caplog.text


def test_points_that_can_never_be_taken_do_not_hold_up_the_others(spool: Spool, receiver: Receiver) -> None:
    receiver.statuses = [422]
    spool.append({"step": 0})
    delivery = start(spool, receiver.url)
    assert delivery.flush(10)
    spool.append({"step": 1})
    delivery.notify()
    assert delivery.flush(10)
    assert receiver.steps == [1]
    delivery.close()
