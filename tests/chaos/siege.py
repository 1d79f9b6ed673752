"""A siege: a service is disturbed round after round while people use it, and then nothing may be missing."""

import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.clients import Ledger, Sender
from tests.chaos.clocks import NEED, Clock
from tests.chaos.disturber import Disturber
from tests.chaos.stack import Stack, run_stack
from tests.chaos.verdict import bring_to_end, check_files, check_uploads, compare_jobs, count_jobs
from tests.worker.resuming import train_undisturbed
from tests.worker.trainings import Training, list_trainings

KINDS = ("cnn", "lstm", "stopping", "validation")
SENDERS = 2
_FIRST_JOB_SECONDS = 240.0


@dataclass
class Siege:
    """What came of it.

    Args:
        counts: in words.
        problems: what was lost, doubled or left behind.
    """

    counts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """All of it in lines."""
        width = max(map(len, self.counts))
        lines = [f"{name:{width}}  {count}" for name, count in self.counts.items()]
        return "\n".join([*lines, *self.problems])


def besiege(
    home: Path,
    backend: str,
    *,
    seed: int,
    rounds: int,
    seconds: float = math.inf,
    away_seconds: float,
    calm_seconds: float,
    acts: tuple[str, ...] = (),
) -> Siege:
    """Disturb a service.

    Args:
        home: an empty folder for it.
        backend: "sqlite" or "servers".
        seed: of all that is chosen.
        rounds: so many disturbances at most.
        seconds: at most so long, from the first of them.
        away_seconds: for which the API is away when it is.
        calm_seconds: at most so long between two disturbances.
        acts: what happens first, before chance decides.
    """
    siege, clock = Siege(), Clock(home)
    trainings = _list_kinds()
    with run_stack(home, backend, clock) as stack:
        undisturbed = {name: train_undisturbed(stack, training) for name, training in trainings.items()}
        disturber = Disturber(stack, random.Random(seed), away_seconds, calm_seconds)
        began = time.monotonic()
        limits = rounds, began + seconds
        ledger, done = _disturb(stack, disturber, trainings, seed, limits, acts)
        taken = time.monotonic() - began
        disturber.set_right()
        retried = bring_to_end(stack, ledger, siege.problems)
        epochs = compare_jobs(stack, ledger, undisturbed, siege.problems)
        attempts = sum(stack.job(job_id)["attempt"] for job_id in ledger.jobs)
        check_uploads(stack, ledger, siege.problems)
        surplus = count_jobs(stack) - len(ledger.jobs) - len(undisturbed)
        if surplus:
            siege.problems.append(f"{surplus} jobs that nobody was told of")
        files = check_files(stack, siege.problems)
        stack.stop()
        siege.problems += [f"a process is left: {orphan}" for orphan in stack.find_orphans()]
    siege.problems += ledger.faults
    siege.counts = {
        "backend": backend,
        "seed": seed,
        "seconds": round(taken),
        "rounds": done,
        **{name: disturber.counts[name] for name in disturber.list_acts()},
        "jobs accepted": len(ledger.jobs),
        "attempts at them": attempts,
        "jobs retried after a full disk": retried,
        "epochs compared": epochs,
        "uploads accepted": len(ledger.uploads),
        "requests tried again": sum(ledger.answers.values()),
        **files,
        "losses": len(siege.problems),
    }
    if not clock.can_be_set:
        siege.counts["clock set"] = f"left out: needs {NEED}"
    return siege


def _list_kinds() -> dict[str, Training]:
    return {name: list_trainings()[name] for name in KINDS}


def _disturb(
    stack: Stack,
    disturber: Disturber,
    trainings: dict[str, Training],
    seed: int,
    limits: tuple[int, float],
    acts: tuple[str, ...],
) -> tuple[Ledger, int]:
    """Disturb while people send. Returns what was accepted, and the number of rounds."""
    ledger, rounds = Ledger(), 0
    folder = stack.settings.home / "sent"
    folder.mkdir()
    senders = [
        Sender(stack.settings.api_url, trainings, ledger, random.Random(f"{seed} {number}"), folder)
        for number in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    try:
        stack.wait_until(lambda: ledger.jobs or ledger.faults, "the first job", _FIRST_JOB_SECONDS)
        while rounds < limits[0] and time.monotonic() < limits[1]:
            disturber.disturb(acts[rounds] if rounds < len(acts) else None)
            rounds += 1
    finally:
        for sender in senders:
            sender.close()
        # They go on until what they have begun is answered, which needs a service that lives.
        disturber.set_right()
        for sender in senders:
            sender.join()
    return ledger, rounds
