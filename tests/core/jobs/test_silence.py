from datetime import UTC, datetime, timedelta

from core.jobs.lease import Lease
from core.jobs.silence import Silence

EXPIRED = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_lease_is_lost_when_it_stays_as_it_is() -> None:
    clock = Clock()
    silence = Silence(10, clock)
    overdue = {"job_1": Lease(1, EXPIRED), "job_2": Lease(3, EXPIRED)}
    assert silence.find_lasting(overdue) == {}
    clock.seconds += 9.9
    assert silence.find_lasting(overdue) == {}
    clock.seconds += 0.2
    assert silence.find_lasting(overdue) == overdue


def test_a_heartbeat_begins_the_wait_anew() -> None:
    clock = Clock()
    silence = Silence(10, clock)
    for beat in range(20):
        # The worker's clock is far behind: all that it renews seems to have run out.
        assert silence.find_lasting({"job_1": Lease(1, EXPIRED + beat * timedelta(seconds=5))}) == {}
        clock.seconds += 5
    for attempt in range(1, 20):
        assert silence.find_lasting({"job_1": Lease(attempt, EXPIRED)}) == {}
        clock.seconds += 5


def test_what_is_no_longer_overdue_is_forgotten() -> None:
    clock = Clock()
    silence = Silence(10, clock)
    overdue = {"job_1": Lease(1, EXPIRED)}
    assert silence.find_lasting(overdue) == {}
    clock.seconds += 9
    assert silence.find_lasting({}) == {}
    clock.seconds += 9
    assert silence.find_lasting(overdue) == {}
