"""`python -m tests.chaos`: a long siege of the service, and the counts of what it came to."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.servers import find_missing
from tests.chaos.siege import besiege


def main() -> int:
    """Besiege each backend in turn. Returns the exit status: 0 where nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--backend", choices=["sqlite", "servers", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=600, help="so long on each backend")
    parser.add_argument("--rounds", type=int, default=1_000_000, help="so many at most on each backend")
    parser.add_argument("--away-seconds", type=float, default=60, help="for which the API is away when it is")
    parser.add_argument("--calm-seconds", type=float, default=2, help="at most so long between disturbances")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    missing = find_missing()
    if given.backend != "sqlite" and missing:
        print(f"needs {' and '.join(missing)}", file=sys.stderr)
        return 2
    losses = 0
    for backend in ("sqlite", "servers") if given.backend == "both" else (given.backend,):
        home = Path(tempfile.mkdtemp(prefix="kerasd-siege-"))
        siege = besiege(
            home,
            backend,
            seed=given.seed,
            rounds=given.rounds,
            seconds=given.seconds,
            away_seconds=given.away_seconds,
            calm_seconds=given.calm_seconds,
        )
        print(siege.describe(), end="\n\n", flush=True)
        if siege.problems:
            print(f"{home} is kept with all logs", flush=True)
        else:
            shutil.rmtree(home)
        losses += len(siege.problems)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
