"""What is done to a service: one thing after the other, chosen by a seed."""

import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.chaos.stack import WORKERS, Stack

FULL_BYTES = 4096
"""No file grows beyond this while the disk is full: RLIMIT_FSIZE needs no mount and no root."""
MOST_CLOCK_STEP_SECONDS = 3600
_MOST_WAIT_SECONDS = 5.0
"""For a run that can be killed: many train for less than a second."""


class Disturber:
    """Disturbs a stack, and sets right again whatever does not do so by itself.

    Args:
        stack: a running one.
        choose: what comes next.
        away_seconds: how long the API is away when it is.
        calm_seconds: at most so long between two disturbances.
    """

    def __init__(self, stack: Stack, choose: random.Random, away_seconds: float, calm_seconds: float) -> None:
        self._stack, self._choose = stack, choose
        self._away_seconds, self._calm_seconds = away_seconds, calm_seconds
        self.counts: Counter[str] = Counter()
        self._acts: dict[str, tuple[float, Callable[[], bool]]] = {
            "run killed": (6, lambda: self._kill_child(training=True)),
            "spare or template killed": (1, lambda: self._kill_child(training=False)),
            "worker killed": (3, self._kill_worker),
            "worker told to stop": (1, self._stop_worker),
            "worker and runs halted beyond their lease": (1, self._halt_worker),
            "API killed": (2, self._kill_api),
            "API away": (0.5, self._take_api_away),
            "broker killed": (1.5, self._kill_broker),
            "disk full": (1, self._fill_disk),
        }
        if stack.clock.can_be_set:
            self._acts["clock set"] = (1.5, self._set_clock)
        if stack.database is not None:
            self._acts["database restarted, fast"] = (1, lambda: self._restart_database(signal.SIGINT))
            self._acts["database restarted, immediate"] = (1, lambda: self._restart_database(signal.SIGQUIT))
            self._acts["database killed"] = (0.5, lambda: self._restart_database(signal.SIGKILL))

    def list_acts(self) -> list[str]:
        """All that can be done here."""
        return list(self._acts)

    def disturb(self, act: str | None = None) -> str:
        """Do one thing, and wait a moment. Returns what.

        Args:
            act: what to do; none chooses.
        """
        weights = [weight for weight, _ in self._acts.values()]
        name = act or self._choose.choices(list(self._acts), weights)[0]
        if self._acts[name][1]():
            self.counts[name] += 1
        self._pause(0.1 * self._calm_seconds, self._calm_seconds)
        return name

    def set_right(self) -> None:
        """Let everything live, and the clock be true."""
        if self._stack.clock.can_be_set:
            self._stack.clock.step_to(0)
        self._free_disk()
        for name in ("api", *WORKERS):
            if self._stack.find(name) is None:
                self._stack.start_named(name)

    def _kill_child(self, *, training: bool) -> bool:
        until = time.monotonic() + _MOST_WAIT_SECONDS
        while not (children := self._stack.list_runs(training=training)) and time.monotonic() < until:
            time.sleep(0.01)
        if children:
            with suppress(psutil.NoSuchProcess):
                self._choose.choice(children).kill()
        return bool(children)

    def _kill_worker(self) -> bool:
        return self._end(self._choose.choice(WORKERS), signal.SIGKILL, pause_seconds=3)

    def _stop_worker(self) -> bool:
        return self._end(self._choose.choice(WORKERS), signal.SIGTERM, pause_seconds=1)

    def _halt_worker(self) -> bool:
        process = self._stack.find(self._choose.choice(WORKERS))
        if process is None:
            return False
        head = psutil.Process(process.popen.pid)
        family = [head, *head.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.suspend()
        settings = self._stack.settings
        self._pause(settings.lease_seconds + 2 * settings.heartbeat_seconds, 2 * settings.lease_seconds)
        self._choose.shuffle(family)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.resume()
            self._pause(0, 0.3)
        return True

    def _kill_api(self) -> bool:
        return self._end("api", signal.SIGKILL, pause_seconds=1)

    def _take_api_away(self) -> bool:
        return self._end("api", signal.SIGTERM, pause_seconds=0, away_seconds=self._away_seconds)

    def _kill_broker(self) -> bool:
        process = self._stack.find("broker")
        if self._stack.broker is not None:
            self._stack.broker.end(signal.SIGKILL)
        elif process is not None:
            process.send(signal.SIGKILL)
        self._pause(0, 2)
        self._stack.start_broker()
        return True

    def _restart_database(self, number: signal.Signals) -> bool:
        assert self._stack.database is not None
        self._stack.database.end(number)
        self._pause(0, 2)
        self._stack.database.start()
        return True

    def _fill_disk(self) -> bool:
        for member in self._stack.list_family():
            _limit_files(member, FULL_BYTES)
        self._pause(1, 2)
        self._free_disk()
        return True

    def _free_disk(self) -> None:
        # Parents first: what they start from then on is free as well.
        for member in self._stack.list_family():
            _limit_files(member, resource.RLIM_INFINITY)

    def _set_clock(self) -> bool:
        self._stack.clock.step_to(self._choose.uniform(-1, 1) * MOST_CLOCK_STEP_SECONDS)
        return True

    def _end(
        self, name: str, number: signal.Signals, pause_seconds: float, away_seconds: float = 0.0
    ) -> bool:
        process = self._stack.find(name)
        if process is not None:
            process.send(number)
        self._pause(away_seconds, away_seconds + pause_seconds)
        self._stack.start_named(name)
        return process is not None

    def _pause(self, least_seconds: float, most_seconds: float) -> None:
        time.sleep(self._choose.uniform(least_seconds, most_seconds))


def _limit_files(process: psutil.Process, size_bytes: int) -> None:
    # What confines itself has a limit of its own, and can have no higher one.
    with suppress(psutil.NoSuchProcess, ValueError):
        _, most = process.rlimit(resource.RLIMIT_FSIZE)
        process.rlimit(resource.RLIMIT_FSIZE, (size_bytes, most))
