"""One large upload: its time next to a body that is hashed and synced, or only written, and the memory it takes."""

from __future__ import annotations

import http.client
import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np

from benchmarks.service.measuring import Context, Row, Run, compare
from benchmarks.service.servers import Server
from benchmarks.service.traffic import Timing

MIB = 1024**2
BLOCK = MIB
SAMPLE_SECONDS = 0.01


def measure_uploads(context: Context) -> None:
    """Upload an array as a data set; the bare application writes the same bytes to a file, and makes it safe or not."""
    api, mib = context.api, context.scale.upload_mib
    before = api.process.memory_info().rss
    with _Peak(api) as peak:
        own = api, _upload(api, "/v1/datasets?name=large&format=npy", mib)
        for title, path, note in (
            (f"upload of {mib:,} MiB", "/safe-files", "bare: hashed and synced, not checked"),
            ("the same, next to a bare stream", "/files", "bare: neither hashed, checked nor synced"),
        ):
            row = compare(context, title, own, (context.bare, _upload(context.bare, path, mib)))
            context.rows.append(replace(row, note=note))
    growth = (peak.bytes - before) / MIB
    context.rows.append(Row("the same: growth of the API's memory", context.database, "MiB", growth))


class _Peak:
    """The largest memory of a server while the block lasts."""

    def __init__(self, server: Server) -> None:
        self._process = server.process
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.bytes = 0

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, self._process.memory_info().rss)


def _upload(server: Server, path: str, mib: int) -> Run:
    """Each round sends other bytes, since the service keeps the same ones only once."""
    rng = np.random.default_rng(0)

    def run() -> Timing:
        seed = rng.integers(2**32)
        blocks = _make_array(mib, int(seed))
        begin = time.perf_counter()
        parts = urlsplit(server.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
        headers = {"Content-Type": "application/octet-stream"}
        connection.request("POST", path, blocks, headers, encode_chunked=True)
        answer = connection.getresponse()
        if answer.status >= 300:
            raise SystemExit(f"{path} answered {answer.status}: {answer.read()[:500]!r}")
        answer.read()
        connection.close()
        seconds = time.perf_counter() - begin
        return Timing([seconds], seconds)

    return run


def _make_array(mib: int, seed: int) -> Iterator[bytes]:
    """A .npy file of so many MiB of numbers, in blocks."""
    header = io.BytesIO()
    shape = mib * MIB // 4 // 256, 256
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    yield header.getvalue()
    block = np.random.default_rng(seed).random(BLOCK // 4, dtype=np.float32).tobytes()
    for _ in range(mib):
        yield block
