"""Keys on both databases, and the command that makes them."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from core import migrate
from core.access.errors import AccessError
from core.access.keys import (
    Limits,
    create_key,
    find_key,
    has_live_admin_key,
    note_use,
    read_limits,
    revoke_key,
    rotate_key,
)
from core.access.projects import open_project
from core.access.scopes import Scope
from core.database import session_scope, utc_now
from core.tables import DEFAULT_PROJECT_ID, ApiKey


def test_a_key_is_found_until_it_is_revoked_or_expires(db_engine: Engine) -> None:
    with session_scope(db_engine) as session:
        lasting, key = create_key(session, DEFAULT_PROJECT_ID, "me", Scope.SUBMIT)
        ending, short_key = create_key(
            session, DEFAULT_PROJECT_ID, "guest", Scope.READ, Limits(utc_now() + timedelta(hours=1))
        )
    with session_scope(db_engine) as session:
        assert find_key(session, key).id == lasting.id
        assert find_key(session, short_key).id == ending.id
        assert find_key(session, key[:-3] + "xyz") is None
        assert find_key(session, "") is None
        stored = session.execute(text("SELECT * FROM api_keys")).all()
        assert key not in str(stored)
        assert key[-43:] not in str(stored)
    with session_scope(db_engine) as session:
        revoke_key(session.get_one(ApiKey, lasting.id))
        session.get_one(ApiKey, ending.id).expires_at = utc_now()
    with session_scope(db_engine) as session:
        assert find_key(session, key) is None
        assert find_key(session, short_key) is None


def test_a_rotated_key_may_overlap_with_the_new_one(db_engine: Engine) -> None:
    limits = Limits(utc_now() + timedelta(days=1), requests_per_minute=60, max_body_bytes=1000)
    with session_scope(db_engine) as session:
        old, old_key = create_key(session, DEFAULT_PROJECT_ID, "me", Scope.ADMIN, limits)
        new, new_key = rotate_key(session, old, overlap_seconds=3600)
        newest, newest_key = rotate_key(session, new)
        assert (newest.name, newest.scope, newest.replaces) == ("me", Scope.ADMIN, new.id)
        assert read_limits(newest) == limits
        found = [find_key(session, key) for key in (old_key, new_key, newest_key)]
        assert found == [old, None, newest]
        assert old.expires_at <= utc_now() + timedelta(hours=1)
        with pytest.raises(AccessError, match="was revoked or has expired"):
            rotate_key(session, new)


def test_an_overlap_never_prolongs_the_old_key(db_engine: Engine) -> None:
    ends_at = utc_now() + timedelta(seconds=60)
    with session_scope(db_engine) as session:
        old, _ = create_key(session, DEFAULT_PROJECT_ID, "me", Scope.READ, Limits(ends_at))
        rotate_key(session, old, overlap_seconds=3600)
        assert old.expires_at == ends_at


def test_only_live_admin_keys_let_others_in(db_engine: Engine) -> None:
    with session_scope(db_engine) as session:
        create_key(session, DEFAULT_PROJECT_ID, "reader", Scope.SUBMIT)
        create_key(session, DEFAULT_PROJECT_ID, "past", Scope.ADMIN, Limits(utc_now()))
        assert not has_live_admin_key(session)
        row, _ = create_key(session, open_project(session, "other").id, "me", Scope.ADMIN)
        assert has_live_admin_key(session)
        revoke_key(row)
        session.flush()
        assert not has_live_admin_key(session)


def test_the_last_use_never_goes_back(db_engine: Engine) -> None:
    now = utc_now()
    with session_scope(db_engine) as session:
        row, _ = create_key(session, DEFAULT_PROJECT_ID, "me", Scope.READ)
        for used_at in (now, now - timedelta(minutes=5)):
            note_use(session, row.id, used_at)
    with session_scope(db_engine) as session:
        assert session.get_one(ApiKey, row.id).last_used_at == now


class Command:
    """`python -m core.keys` on a database."""

    def __init__(self, database_url: str, home: Path) -> None:
        self.environment = {
            **os.environ,
            "KERASD_DATABASE_URL": database_url,
            "KERASD_HOME": str(home),
        }

    def run(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "core.keys", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stderr
        return done


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> Command:
    return Command(database_url, tmp_path)


def test_the_command_makes_projects_and_keys_of_an_empty_database(
    command: Command, database_url: str
) -> None:
    made = command.run("create", "--name", "me", "--scope", "admin", "--project", "vision")
    key = made.stdout.strip()
    assert "admin in the project vision" in made.stderr
    assert key not in made.stderr
    command.run("create", "--name", "ci", "--project", "vision", "--expires-days", "0.5")
    listed = command.run("list", "--project", "vision").stdout
    assert key not in listed
    rows = [line.split("\t") for line in listed.splitlines()]
    assert [(row[2], row[3], row[4], row[6]) for row in rows] == [
        ("vision", "submit", "live", "ci"),
        ("vision", "admin", "live", "me"),
    ]
    newer = command.run("rotate", rows[1][1], "--overlap-seconds", "60").stdout.strip()
    assert newer != key
    command.run("revoke", rows[0][0])
    states = [line.split("\t")[4] for line in command.run("list").stdout.splitlines()]
    assert states == ["live", "revoked", "live"]
    assert migrate.current(database_url) == migrate.newest()


def test_the_command_says_what_is_wrong(command: Command, database_url: str) -> None:
    migrate.upgrade(database_url, "0003")
    stale = command.run("list", status=1)
    assert "run `python -m core.migrate`" in stale.stderr
    migrate.upgrade(database_url)
    assert "no key with the id or the prefix 'abc'" in command.run("revoke", "abc", status=1).stderr
    assert "no project 'x'. There are: default" in command.run("list", "--project", "x", status=1).stderr
    assert "A project's name is" in command.run("create", "--name", "a", "--project", "../x", status=1).stderr
    assert "A key's name is" in command.run("create", "--name", "a\nb", status=1).stderr
    command.run("create", "--name", "a", "--expires-days", "-1", status=2)
