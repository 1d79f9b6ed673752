"""The embedded stack: starts its processes in order, watches over them and stops them."""

import fcntl
import select
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TextIO

from core import migrate
from core.access.exposure import ExposureError, check_exposure
from core.database import create_db_engine
from core.embedded.broker import Broker, find_broker, publish_address
from core.embedded.children import Child, Command, Reaper
from core.logs import redact
from core.settings import Settings

Report = Callable[[dict[str, Any]], None]

_BROKER_SECONDS: Final = 15.0
_READY_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05
_WATCH_SECONDS: Final = 1.0
"""Signals end the wait: those that ask to stop, and that of a child that has ended."""
_SIGNALS_AT_ONCE: Final = 4096
_STOP_SECONDS: Final = {"worker": 5.0, "api": 2.0, "broker": 1.5}
"""In this order: the worker tells its last metrics to the API, and both use the broker."""
_MOST_RESTARTS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.5
_STABLE_SECONDS: Final = 60.0


class StackError(Exception):
    """The stack cannot start, or cannot go on."""


class _StopRequested(Exception):  # noqa: N818 - no error
    """Somebody asked the stack to stop."""


@dataclass(slots=True)
class _Watched:
    """A child, and how often it had to be started again."""

    child: Child
    started_at: float
    restarts: int = 0
    restart_at: float | None = None


class Stack:
    """A broker, a worker and the API on this machine.

    Args:
        settings: where and how.
        report: told of what happens: `ready`, `restarting`, `stopping` and `stopped`.
        is_orphaned: asked now and then; the stack stops when it says yes.
    """

    def __init__(self, settings: Settings, report: Report, is_orphaned: Callable[[], bool]) -> None:
        self._settings = settings
        self._report = report
        self._is_orphaned = is_orphaned
        self._is_stopping = False
        self._watched: dict[str, _Watched] = {}

    def run(self) -> None:
        """Start everything, and return when it was asked to stop and every process has ended.

        Raises:
            StackError: a process did not start, or ended again and again.
        """
        with ExitStack() as stack:
            stack.enter_context(_lock_home(self._settings))
            stack.enter_context(self._signals_caught())
            self._reaper = Reaper()
            stack.callback(self._reaper.close)
            stack.callback(self._stop_children)
            try:
                self._start()
                self._watch()
            except _StopRequested:
                self._report({"event": "stopping"})
        self._report({"event": "stopped"})

    def _start(self) -> None:
        settings = self._settings
        broker = find_broker(settings)
        self._start_broker(broker)
        migrate.upgrade(settings.database_url)
        self._check_exposure()
        environment = {
            "KERASD_HOME": str(settings.home),
            "KERASD_PORT": str(settings.port),
            "KERASD_API_URL": settings.api_url,
            "KERASD_BROKER_URL": broker.url,
        }
        for name in ("worker", "api"):
            self._launch(Command(name, (sys.executable, "-m", name), environment=environment))
        url = f"{settings.api_url}/readyz"
        self._wait_until(lambda: _answers(url), _READY_SECONDS, f"The API did not answer at {url}")
        self._report(
            {
                "event": "ready",
                "url": settings.api_url,
                "broker": redact(broker.url),
                "home": str(settings.home),
            }
        )

    def _check_exposure(self) -> None:
        db_engine = create_db_engine(self._settings.database_url)
        try:
            check_exposure(self._settings, db_engine)
        except ExposureError as error:
            raise StackError(str(error)) from error
        finally:
            db_engine.dispose()

    def _start_broker(self, broker: Broker) -> None:
        if broker.command is not None:
            self._launch(broker.command)
            self._wait_until(broker.answers, _BROKER_SECONDS, "The broker did not answer")
        publish_address(self._settings, broker)

    def _launch(self, command: Command) -> None:
        child = Child(command, self._settings.logs_path, self._reaper)
        self._watched[command.name] = _Watched(child, time.monotonic())

    def _wait_until(self, is_done: Callable[[], bool], seconds: float, complaint: str) -> None:
        deadline = time.monotonic() + seconds
        while not is_done():
            self._pause(_POLL_SECONDS)
            for watched in self._watched.values():
                if watched.child.status is not None:
                    raise StackError(watched.child.describe_end())
            if time.monotonic() > deadline:
                raise StackError(
                    f"{complaint} within {seconds:g} seconds. See the logs in {self._settings.logs_path}."
                )

    def _watch(self) -> None:
        while True:
            restarts = [each.restart_at for each in self._watched.values() if each.restart_at is not None]
            self._pause(max(0.0, min([_WATCH_SECONDS, *(at - time.monotonic() for at in restarts)])))
            for watched in self._watched.values():
                self._look_after(watched)

    def _look_after(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.restart_at is not None:
            if now >= watched.restart_at:
                watched.child = Child(watched.child.command, self._settings.logs_path, self._reaper)
                watched.started_at, watched.restart_at = now, None
        elif watched.child.status is not None:
            self._plan_restart(watched, now)

    def _plan_restart(self, watched: _Watched, now: float) -> None:
        end = watched.child.describe_end()
        watched.child.clear()
        watched.restarts = 1 if now - watched.started_at > _STABLE_SECONDS else watched.restarts + 1
        if watched.restarts > _MOST_RESTARTS:
            raise StackError(f"It was started again {_MOST_RESTARTS} times and ended each time. {end}")
        pause_seconds = _FIRST_PAUSE_SECONDS * 2 ** (watched.restarts - 1)
        watched.restart_at = now + pause_seconds
        self._report(
            {
                "event": "restarting",
                "name": watched.child.command.name,
                "status": watched.child.status,
                "in_seconds": pause_seconds,
                "reason": end,
            }
        )

    def _stop_children(self) -> None:
        for name, seconds in _STOP_SECONDS.items():
            if name == "worker":
                seconds += self._settings.shutdown_seconds
            if name in self._watched:
                self._watched[name].child.stop(seconds)

    def _pause(self, seconds: float) -> None:
        if select.select([self._signals], [], [], seconds)[0]:
            self._signals.recv(_SIGNALS_AT_ONCE)
        if self._is_stopping or self._is_orphaned():
            raise _StopRequested

    @contextmanager
    def _signals_caught(self) -> Iterator[None]:
        def note(number: int, _frame: object) -> None:
            self._is_stopping = self._is_stopping or number != signal.SIGCHLD

        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        self._signals, written = socket.socketpair()
        with self._signals, written:
            written.setblocking(False)
            before = {number: signal.signal(number, note) for number in caught}
            woken = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
            try:
                yield
            finally:
                signal.set_wakeup_fd(woken)
                for number, handler in before.items():
                    signal.signal(number, handler)


def with_free_port(settings: Settings) -> Settings:
    """The settings with a free port in place of port 0."""
    if settings.port != 0:
        return settings
    with socket.socket() as probe:
        probe.bind((settings.host, 0))
        port = probe.getsockname()[1]
    return Settings(**{**settings.model_dump(), "port": port, "api_url": ""})


@contextmanager
def _lock_home(settings: Settings) -> Iterator[TextIO]:
    """Let one stack at a time use a home folder."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "stack.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"{settings.home} is in use by another kerasd. "
                "Stop that one, or set KERASD_HOME to another folder."
            ) from None
        yield file


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
