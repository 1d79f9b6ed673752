"""Child processes, each the head of a process group that is stopped as a whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LOG_BYTES: Final = 20 * 1024**2
_TAIL_BYTES: Final = 4000
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """What to run."""

    name: str
    arguments: tuple[str, ...]
    cwd: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to that of this process."""


class Reaper:
    """A process that stops the children of this one if this one is killed.

    It reads the numbers of process groups from a pipe; the end of the pipe is the death of this process.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.embedded.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )

    def watch(self, group: int) -> None:
        """Stop this group when this process dies."""
        self._tell(f"+{group}")

    def forget(self, group: int) -> None:
        """The group has ended."""
        self._tell(f"-{group}")

    def close(self) -> None:
        """End the reaper, and with it whatever groups it still watches."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(
            BrokenPipeError
        ):  # somebody killed the reaper; the children can still be stopped from here
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


class Child:
    """A command that runs, with its output in a log file.

    Args:
        command: what to run.
        logs: folder of the log file, which is named after the command.
        reaper: told of the child's process group.
    """

    def __init__(self, command: Command, logs: Path, reaper: Reaper) -> None:
        self.command = command
        self.log = logs / f"{command.name}.log"
        self._reaper = reaper
        logs.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=command.cwd,
                env={**os.environ, **command.environment},
                process_group=0,  # so that Ctrl-C in a terminal reaches this process alone
            )
        reaper.watch(self._process.pid)

    @property
    def status(self) -> int | None:
        """The exit status; none while the child runs."""
        return self._process.poll()

    def describe_end(self) -> str:
        """How the child ended, with the last lines of its log."""
        status = self.status
        how = (
            f"was killed by {signal.Signals(-status).name}"
            if status and status < 0
            else f"ended with status {status}"
        )
        with self.log.open("rb") as file:
            file.seek(max(self.log.stat().st_size - _TAIL_BYTES, 0))
            tail = file.read().decode(errors="replace").strip().splitlines()[-12:]
        return "\n".join([f"The {self.command.name} {how}. The end of {self.log}:", *tail])

    def stop(self, seconds: float) -> None:
        """Ask the group to end, and kill what is left of it after `seconds`."""
        _signal_group(self._process.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.status is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        self.clear()

    def clear(self) -> None:
        """Kill whatever is left of the group."""
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reaper.forget(self._process.pid)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
