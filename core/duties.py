"""Duties: work that one of all processes does, now and then."""

from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.tables import Duty


def is_due(session: Session, name: str, now: datetime) -> bool:
    """Whether it is time for a duty, as far as can be told without the write lock."""
    duty = session.get(Duty, name)
    return duty is None or duty.due_at <= now


def take(session: Session, name: str, now: datetime, every_seconds: float) -> bool:
    """Take a duty on where it is due; of many that ask at once one is told yes.

    Args:
        session: an open session; the duty is taken when it commits.
        name: which duty.
        now: the present moment.
        every_seconds: when it is due again, whatever becomes of whoever took it.
    """
    make_insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    insert = make_insert(Duty).values(name=name, due_at=now + timedelta(seconds=every_seconds))
    taken = insert.on_conflict_do_update(
        index_elements=[Duty.name], set_={"due_at": insert.excluded.due_at}, where=Duty.due_at <= now
    )
    return session.execute(taken.returning(Duty.name)).first() is not None
