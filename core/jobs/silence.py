"""How long a worker has been silent, by a clock that nobody sets."""

import time
from collections.abc import Callable, Mapping

from core.jobs.lease import Lease


class Silence:
    """Tells which overdue leases stay as they are, seen by this process.

    The moments that leases carry come from clocks that are set, forward and back, and differ between machines: a
    lease may seem to have run out though its worker lives. Such a worker renews it at its next heartbeat, which is
    what this waits for.

    Args:
        seconds: a lease that stays as it is for so long has lost its worker.
        clock: gives seconds and never goes back.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: dict[tuple[str, Lease], float] = {}

    def find_lasting(self, overdue: Mapping[str, Lease]) -> dict[str, Lease]:
        """Those of the leases that were overdue, and the same, all the time since an earlier call.

        Args:
            overdue: all that are now, by job; others are forgotten.
        """
        now = self._clock()
        self._since = {entry: self._since.get(entry, now) for entry in overdue.items()}
        return {
            job_id: lease for (job_id, lease), since in self._since.items() if now - since >= self._seconds
        }
