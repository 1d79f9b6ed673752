"""`python -m core.collect`: a round of garbage collection, now."""

import argparse
import sys
from collections.abc import Sequence

from core.collection import collect
from core.database import create_db_engine
from core.settings import get_settings
from core.storage import open_store


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect, and say what came of it. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m core.collect",
        description="Remove objects that nothing refers to and checkpoints that no job wants. Safe at any time.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be removed, and remove nothing"
    )
    is_dry_run = parser.parse_args(arguments).dry_run
    settings = get_settings()
    db_engine = create_db_engine(settings.database_url)
    try:
        done = collect(settings, db_engine, open_store(settings), is_dry_run=is_dry_run)
    finally:
        db_engine.dispose()
    verb = "would remove" if is_dry_run else "removed"
    print(f"{verb} {done.objects} objects and {done.checkpoints} checkpoints: {done.size_bytes} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
