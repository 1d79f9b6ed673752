"""`python -m tests.load`: load on a service of one's own for as long as one likes, and the figures."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.load.stack import Stack
from tests.load.traffic import load


def main() -> int:
    """Load a service. Returns: 1 where something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--trainings", type=int, default=100, help="at most so many")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--database-url", help="of an empty database; default: SQLite")
    parser.add_argument("--broker-url", help="default: the embedded broker")
    given = parser.parse_args()
    servers = {"database_url": given.database_url, "broker_url": given.broker_url}
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home), given.workers, **{name: url for name, url in servers.items() if url})
        try:
            stack.start()
            outcome = load(stack, given.clients, given.seconds, given.trainings, given.seed)
        finally:
            stack.close()
    print(outcome.describe())
    return 1 if outcome.errors else 0


if __name__ == "__main__":
    sys.exit(main())
