"""The whole service with two workers, whose every process can be ended and started again."""

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from core.embedded.broker import find_broker
from tests.chaos.clocks import Clock
from tests.chaos.servers import Server, run_postgresql, run_redis
from tests.worker.conftest import Process, Service, wait_until

WORKERS = ("worker-1", "worker-2")


class Stack(Service):
    """A service that is disturbed.

    Args:
        home: its folder.
        clock: of the API and the workers.
        database, broker: servers of its own; none where they are embedded.
        settings: further ones.
    """

    def __init__(
        self, home: Path, clock: Clock, database: Server | None, broker: Server | None, **settings: Any
    ) -> None:
        super().__init__(
            home,
            lease_seconds=4,
            heartbeat_seconds=0.5,
            checkpoint_seconds=0.5,
            max_attempts=100_000,
            collect_seconds=5,
            orphan_seconds=20,
            run_threads=1,  # the same numbers, however many workers there are when a job begins
            **settings,
        )
        self.clock = clock
        self.api.timeout = httpx.Timeout(300)
        self.database, self.broker = database, broker
        (home / "tmp").mkdir()
        self.environment |= {"TMPDIR": str(home / "tmp"), **clock.environment}

    def start(self) -> None:
        """Start everything, both workers too."""
        super().start()
        for name in WORKERS:
            self.start_named(name)
        wait_until(lambda: len(self.get("/v1/workers")["data"]) == len(WORKERS), "the workers", 120)

    def _start(self, name: str, *arguments: str, cwd: Path | None = None) -> Process:
        # What is not ours keeps the true time.
        prefix = ("env", "-u", "LD_PRELOAD") if name == "broker" else ()
        return super()._start(name, *prefix, *arguments, cwd=cwd)

    def start_named(self, name: str) -> Process:
        """Start a process by its name, and do not wait for it."""
        module = "api" if name == "api" else "worker"
        return self._start(name, sys.executable, "-m", module)

    def start_broker(self) -> None:
        """Start the broker again after its end."""
        if self.broker is not None:
            return self.broker.start()
        command = find_broker(self.settings).command
        assert command is not None
        self._start("broker", *command.arguments, cwd=command.cwd)

    def find(self, name: str) -> Process | None:
        """The living process of this name."""
        living = (process for process in self.processes if process.name == name and process.status is None)
        return next(living, None)

    def list_family(self) -> list[psutil.Process]:
        """The API, the workers and all their children."""
        found = []
        for name in ("api", *WORKERS):
            process = self.find(name)
            if process is not None:
                with suppress(psutil.NoSuchProcess):
                    head = psutil.Process(process.popen.pid)
                    found += [head, *head.children(recursive=True)]
        return found

    def list_runs(self, *, training: bool) -> list[psutil.Process]:
        """The children of the workers that train, which have a spool open; or the templates and spares."""
        heads = [process for process in map(self.find, WORKERS) if process is not None]
        found = []
        for head in heads:
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(head.popen.pid).children():
                    if any("job_" in file.path for file in child.open_files()) == training:
                        found.append(child)
        return found

    def find_orphans(self) -> list[str]:
        """Processes that belong to this service though nobody looks after them any more."""
        mark, own = str(self.settings.home), {process.popen.pid for process in self.processes}
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_ours = process.environ().get("KERASD_HOME") == mark
                if is_ours and process.pid not in own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def stop(self) -> None:
        """Stop the workers, the API and the broker as an operator does."""
        for name in (*WORKERS, "api", "broker"):
            process = self.find(name)
            if process is not None:
                process.popen.send_signal(signal.SIGTERM)
                process.popen.wait(60)


@contextmanager
def run_stack(home: Path, backend: str, clock: Clock) -> Iterator[Stack]:
    """Run a stack until the block ends.

    Args:
        home: its folder.
        backend: "sqlite", with an embedded broker, or "servers": PostgreSQL and Redis.
        clock: of its processes.
    """
    with ExitStack() as exits:
        database = broker = None
        settings: dict[str, Any] = {}
        if backend == "servers":
            database, settings["database_url"] = exits.enter_context(run_postgresql())
            broker, settings["broker_url"] = exits.enter_context(run_redis(home / "redis"))
        stack = Stack(home, clock, database, broker, **settings)
        exits.callback(stack.close)
        stack.start()
        yield stack
