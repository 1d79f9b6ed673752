"""Projects by name."""

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.errors import AccessError
from core.identifiers import new_id
from core.tables import Project

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


def find_project(session: Session, name: str) -> Project | None:
    """The project of this name."""
    return session.scalars(select(Project).where(Project.name == name)).one_or_none()


def open_project(session: Session, name: str) -> Project:
    """The project of this name, made where there is none.

    Raises:
        AccessError: no project can have this name.
    """
    project = find_project(session, name)
    if project is None:
        if _NAME.fullmatch(name) is None:
            raise AccessError(
                f"A project's name is 1 to 100 letters, digits, '_', '-' and '.', with no '.' in front; found {name!r}."
            )
        project = Project(id=new_id("prj"), name=name)
        session.add(project)
        session.flush()
    return project
