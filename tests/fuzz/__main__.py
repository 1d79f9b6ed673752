"""`python -m tests.fuzz`: generated requests for as long as one likes, and the figures."""

import argparse
import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.session import Report, fuzz
from tests.fuzz.target import MIB, READ_MEMORY_BYTES, Target, open_target, settle, watch_memory


def main() -> int:
    """Fuzz an API. Returns: 1 where something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--senders", type=int, default=2, help="processes that send at the same time")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as home, open_target(Path(home)) as (target, process):
        with watch_memory(process.pid) as peaks:
            for found in send(target, given.examples, given.senders, given.seed):
                report.add(found)
        left = settle(process.pid, 60)
        complaints = [line for line in process.log.read_text().splitlines() if "Traceback" in line]
    print(report.describe())
    print(f"memory of the API: {peaks.before // MIB} MiB before, {peaks.api // MIB} MiB at most")
    print(
        f"memory of one child: {peaks.child // MIB} MiB at most of {READ_MEMORY_BYTES // MIB} MiB that it may take more"
    )
    print(f"processes that are left: {left or 'none'}; tracebacks in the log: {len(complaints)}")
    return 1 if report.surprises or left or complaints else 0


def send(target: Target, examples: int, senders: int, seed: int) -> list[Report]:
    """Let several processes send, each its share."""
    with ProcessPoolExecutor(senders, multiprocessing.get_context("spawn")) as pool:
        shares = [pool.submit(fuzz, target, examples // senders, seed + number) for number in range(senders)]
        return [share.result() for share in shares]


if __name__ == "__main__":
    sys.exit(main())
