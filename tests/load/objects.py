"""What the clients of a load have made, known to all of them, so that they meet at the same objects."""

import threading
from random import Random

MOST_EPOCHS = 4


class Objects:
    """Identifiers of datasets, models and jobs, and what was promised of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, list[str]] = {"dataset": [], "model": [], "training": [], "external": []}
        self.steps: dict[str, set[int]] = {}
        """Epochs of external runs that the API has taken."""
        self.cancelled: set[str] = set()
        """Jobs whose cancellation was asked for."""
        self.finished: set[str] = set()
        """External runs whose end was accepted."""

    def add(self, kind: str, identifier: str) -> None:
        with self._lock:
            self._known[kind].append(identifier)

    def remove(self, kind: str, identifier: str) -> None:
        with self._lock:
            self._known[kind].remove(identifier)

    def count(self, kind: str) -> int:
        with self._lock:
            return len(self._known[kind])

    def all(self, kind: str) -> list[str]:
        with self._lock:
            return [*self._known[kind]]

    def pick(self, random: Random, kind: str) -> str | None:
        """One of a kind, more often a new one; None where there is none."""
        found = self.all(kind)[-6:]
        return random.choice(found) if found else None

    def note_step(self, job_id: str, step: int) -> None:
        with self._lock:
            self.steps.setdefault(job_id, set()).add(step)

    def note(self, kind: str, job_id: str) -> None:
        with self._lock:
            {"cancelled": self.cancelled, "finished": self.finished}[kind].add(job_id)
