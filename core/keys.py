"""`python -m core.keys`: makes the first key and every project, and looks after keys, on the database itself."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import migrate
from core.access.errors import AccessError
from core.access.keys import Limits, create_key, is_live, list_keys, revoke_key, rotate_key
from core.access.projects import find_project, open_project
from core.access.scopes import Scope
from core.database import create_db_engine, session_scope, utc_now
from core.settings import get_settings
from core.tables import ApiKey, Project

_SHOWN_ONCE: Final = "The key is shown this once and kept nowhere:"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked. Returns the exit status."""
    options = _make_parser().parse_args(arguments)
    act: Callable[[Session, argparse.Namespace], None] = options.act
    url = get_settings().database_url
    try:
        _prepare(url)
        db_engine = create_db_engine(url)
        try:
            with session_scope(db_engine) as session:
                act(session, options)
        finally:
            db_engine.dispose()
    except AccessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.keys", description="Create, list, rotate and revoke API keys."
    )
    commands = parser.add_subparsers(required=True, metavar="create | list | rotate | revoke")
    create = commands.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--name", required=True, help="whose key it is, or what for")
    create.add_argument("--scope", choices=list(Scope), default=Scope.SUBMIT, type=Scope)
    create.add_argument("--project", default="default", help="made where there is none of this name")
    create.add_argument("--expires-days", type=_positive_float, help="default: never")
    create.add_argument("--requests-per-minute", type=_positive_int, help="default: the service's setting")
    create.add_argument("--max-body-bytes", type=_positive_int, help="default: the service's settings")
    create.set_defaults(act=_create)
    show = commands.add_parser("list", help="list keys, newest first")
    show.add_argument("--project", help="default: all projects")
    show.set_defaults(act=_list)
    rotate = commands.add_parser("rotate", help="replace a key by a new one")
    rotate.add_argument("key", metavar="ID", help="its id, or its prefix")
    rotate.add_argument(
        "--overlap-seconds",
        type=_float_from_zero,
        default=0.0,
        help="how long the old one is taken beside it",
    )
    rotate.set_defaults(act=_rotate)
    revoke = commands.add_parser("revoke", help="take a key no more")
    revoke.add_argument("key", metavar="ID", help="its id, or its prefix")
    revoke.set_defaults(act=_revoke)
    return parser


def _prepare(url: str) -> None:
    """Make the tables of a database that has none; one of another version is left alone."""
    found = migrate.current(url)
    if found is None:
        migrate.upgrade(url)
    elif found != migrate.newest():
        raise AccessError(
            f"The database is at version {found} and {migrate.newest()} is needed: run `python -m core.migrate`."
        )


def _create(session: Session, options: argparse.Namespace) -> None:
    name = str(options.name).strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise AccessError(f"A key's name is one line of 1 to 100 characters; found {options.name!r}.")
    days = options.expires_days
    limits = Limits(
        None if days is None else utc_now() + timedelta(days=days),
        options.requests_per_minute,
        options.max_body_bytes,
    )
    project = open_project(session, options.project)
    row, key = create_key(session, project.id, name, options.scope, limits)
    _show_new(row, key, project.name)


def _list(session: Session, options: argparse.Namespace) -> None:
    project_ids = None
    if options.project is not None:
        project_ids = [_find_project(session, options.project).id]
    names = {project.id: project.name for project in session.scalars(select(Project))}
    for row in list_keys(session, project_ids):
        state = "live" if is_live(row, utc_now()) else "revoked" if row.revoked_at else "expired"
        last_use = f"{row.last_used_at:%Y-%m-%dT%H:%MZ}" if row.last_used_at else "never used"
        print(row.id, row.prefix, names[row.project_id], row.scope, state, last_use, row.name, sep="\t")


def _rotate(session: Session, options: argparse.Namespace) -> None:
    old = _find_key(session, options.key)
    row, key = rotate_key(session, old, options.overlap_seconds)
    _show_new(row, key, session.get_one(Project, row.project_id).name)


def _revoke(session: Session, options: argparse.Namespace) -> None:
    row = _find_key(session, options.key)
    revoke_key(row)
    print(f"{row.id} is revoked; servers take it no more within seconds.")


def _find_key(session: Session, word: str) -> ApiKey:
    row = session.scalars(select(ApiKey).where((ApiKey.id == word) | (ApiKey.prefix == word))).one_or_none()
    if row is None:
        raise AccessError(f"There is no key with the id or the prefix {word!r}; `list` shows all.")
    return row


def _find_project(session: Session, name: str) -> Project:
    project = find_project(session, name)
    if project is None:
        known = ", ".join(session.scalars(select(Project.name).order_by(Project.name)))
        raise AccessError(f"There is no project {name!r}. There are: {known}.")
    return project


def _show_new(row: ApiKey, key: str, project: str) -> None:
    """The key alone goes to standard output, so that a script can take it from there."""
    print(f"{row.id}: {row.scope} in the project {project}. {_SHOWN_ONCE}", file=sys.stderr)
    print(key)


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, found {text}")
    return number


def _positive_float(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"must be above 0 and below 1000000, found {text}")
    return number


def _float_from_zero(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"must be at least 0, found {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
