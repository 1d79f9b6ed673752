"""Uploads: what a killed server leaves behind goes with the next one, a day later."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx


def test_old_leftovers_go_with_the_next_upload(serve_sqlite: Any, tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    (folder / "olddir").mkdir(parents=True)
    for name in ("old", "new", "olddir/part"):
        (folder / name).write_bytes(b"half a file")
    two_days_ago = time.time() - 2 * 24 * 3600
    for name in ("old", "olddir"):
        os.utime(folder / name, (two_days_ago, two_days_ago))
    with serve_sqlite(tmp_path) as server:
        httpx.post(f"{server.url}/v1/datasets", content=b"a,b\n1,2\n", timeout=60)
        assert sorted(path.name for path in folder.iterdir()) == ["new"]


def test_broken_upload_leaves_nothing(serve_sqlite: Any, tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    with serve_sqlite(tmp_path) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            head = f"POST /v1/datasets HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000\r\n\r\n"
            connection.sendall(head.encode() + b"a,b\n1,2\n")
            wait_until(lambda: folder.is_dir() and len(list(folder.iterdir())) == 1)
        wait_until(lambda: not list(folder.iterdir()))
        assert httpx.get(f"{server.url}/v1/datasets").json()["data"] == []
    assert "Traceback" not in (tmp_path / "api.log").read_text()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
