"""Schemathesis on the OpenAPI document: every operation with data that fits its schema, and with data that does not."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.fuzz.target import Target, open_target

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
MANY: Final = 10**9
# They would take the key away that all others need.
_ENDS_OF_KEYS: Final = ("DELETE /v1/keys/{key_id}", "POST /v1/keys/{key_id}/rotate")


@contextmanager
def open_documented(home: Path, *, needs_key: bool) -> Iterator[Target]:
    """Serve until the block ends, with no limit on how much is asked for, nor on how many keys are wrong."""
    limits = {"requests_per_minute": 0, "wrong_credentials_per_minute": MANY}
    with open_target(home, require_keys=needs_key, **limits) as (target, _):
        yield target


def check_document(
    target: Target, folder: Path, *, examples: int, phases: str, seconds: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis against an API, as an admin where a key is needed.

    Args: folder: where it may write. examples: at most, an operation. phases: of it, with commas between.
        seconds: it goes on for so long; none: until each operation had its examples.
    Returns: the ended process; its status is 0 where every answer was as the document has it.
    """
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "--no-color", "run"]
    options = [f"{target.url}/openapi.json", f"--max-examples={examples}", f"--phases={phases}"]
    if seconds is not None:
        options.append(f"--max-time={seconds}")
    if target.key is None:
        options.append("--exclude-checks=ignored_auth")
    else:
        options += ["--header", f"Authorization: Bearer {target.key}"]
        options += [f"--exclude-name={name}" for name in _ENDS_OF_KEYS]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)


def main() -> int:
    """Try the document at length, where no key is needed and where one is. Returns: 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.document", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="at most, of an operation and phase")
    parser.add_argument("--seconds", type=int, default=300, help="of each of the two runs")
    given = parser.parse_args()
    statuses = []
    for needs_key in (False, True):
        with (
            tempfile.TemporaryDirectory() as home,
            open_documented(Path(home), needs_key=needs_key) as target,
        ):
            phases = "examples,coverage,fuzzing,stateful"
            ended = check_document(
                target, Path(home), examples=given.examples, phases=phases, seconds=given.seconds
            )
        print(f"== {'with' if needs_key else 'without'} a key\n{ended.stdout}{ended.stderr}")
        statuses.append(ended.returncode)
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main())
