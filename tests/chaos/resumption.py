"""`python -m tests.chaos.resumption [NAME…]`: kills trainings of every kind, or of these, for docs/reliability.md."""

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.worker.conftest import Service
from tests.worker.resuming import assert_same_outcome, train_disturbed, train_undisturbed
from tests.worker.test_worker import read_weights
from tests.worker.trainings import NAMES, list_trainings

KILLS = ("run", "worker")


@contextmanager
def run_service() -> Iterator[Service]:
    """Gives a service with a worker that writes a checkpoint after each batch."""
    with tempfile.TemporaryDirectory(prefix="kerasd-resumption-") as home:
        service = Service(Path(home), checkpoint_seconds=0)
        try:
            service.start()
            service.start_worker()
            yield service
        finally:
            service.close()


def main() -> int:
    """Print a table. Returns the exit status: 0 where every training ended as the undisturbed one."""
    names = sys.argv[1:] or NAMES
    print("| training | killed | epochs | arrays compared | bit for bit the same |")
    print("|---|---|---|---|---|")
    differing = 0
    with run_service() as service:
        for number, name in enumerate(names):
            training = list_trainings()[name]
            undisturbed = train_undisturbed(service, training)
            disturbed = train_disturbed(service, training, KILLS, random.Random(number))
            arrays = len(read_weights(service.artifact(disturbed, "model.h5")))
            epochs = len(service.metrics(disturbed)["step"])
            try:
                assert_same_outcome(service, undisturbed, disturbed)
                verdict = "yes"
            except AssertionError as error:
                verdict, differing = f"no: {error}", differing + 1
            print(f"| {training.title} | {', '.join(KILLS)} | {epochs} | {arrays} | {verdict} |", flush=True)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
