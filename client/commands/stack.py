"""The embedded service as a child process."""

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import dropwhile
from types import TracebackType
from typing import Any, Final, Self

from client.errors import KerasdError

_STOP_SECONDS: Final = 30.0


class Stack:
    """`python -m core.embedded`: broker, worker and API on this machine, until this block ends.

    It leads a session of its own, so that Ctrl-C reaches it through us alone; it stops by itself when we die.

    Args: settings: environment variables on top of our own.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by stop
        self._process = subprocess.Popen(
            (sys.executable, "-m", "core.embedded", "--with-parent"),
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )

    def wait_ready(self) -> str:
        """Wait until the service answers. Returns: its address. Raises: KerasdError: it did not start."""
        for event in self.read_events():
            if event["event"] == "ready":
                return str(event["url"])
        raise AssertionError("events end with an error before the service is ready")

    def read_events(self) -> Iterator[dict[str, Any]]:
        """What happens to the service. Raises: KerasdError: it came down."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "failed":
                raise KerasdError("The service came down", event["reason"])
            yield event
        raise self._describe_end()

    @property
    def has_ended(self) -> bool:
        """Whether the service came down."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Stop every process of the service; those that will not hear are killed after half a minute."""
        assert self._process.stdout is not None
        self._process.terminate()
        try:
            # Nobody reads what it reports any more: a full pipe would keep it from ending.
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _describe_end(self) -> KerasdError:
        status = self._process.wait()
        self._errors.seek(0)
        complaint = _drop_frames(self._errors.read()) or "it said nothing"
        return KerasdError("The service came down", f"It ended with status {status}: {complaint}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _drop_frames(text: str) -> str:
    """What a process wrote before it ended, without the frames of a Python traceback."""
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    if frames:
        lines = list(dropwhile(lambda line: line.startswith(" "), lines[frames[-1] :]))
    return "\n".join(lines)


def check_port(host: str, port: int) -> None:
    """See that nobody else listens there. Raises: KerasdError: somebody does, or the host is not ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the server itself does: connections that just ended do not occupy a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            reason = f"{host}:{port} cannot be used ({exc.strerror})"
            detail = f"{reason}. Choose another with --port; 0 is any free one."
            raise KerasdError(
                "Port taken" if exc.errno == errno.EADDRINUSE else "Wrong address", detail
            ) from exc
