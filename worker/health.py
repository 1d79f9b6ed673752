"""`python -m worker.health`: exit status 0 while a worker of this machine lives."""

import socket
import sys
from datetime import timedelta

from sqlalchemy import func, select

from core.database import create_db_engine, session_scope, utc_now
from core.settings import get_settings
from core.tables import Worker


def main() -> int:
    """Say on standard error what is wrong, if anything. Returns the exit status."""
    settings = get_settings()
    hostname = socket.gethostname()
    with session_scope(create_db_engine(settings.database_url), read_only=True) as session:
        seen_at = session.scalar(select(func.max(Worker.seen_at)).where(Worker.hostname == hostname))
    if seen_at is None:
        print(f"no worker of {hostname} has reported itself", file=sys.stderr)
        return 1
    silent = utc_now() - seen_at
    if silent > timedelta(seconds=settings.lease_seconds):
        print(
            f"the last worker of {hostname} was seen {silent.total_seconds():.0f} seconds ago",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
