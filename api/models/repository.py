"""SQL about models."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.tables import Job, Model


def find_model(session: Session, project_id: str, model_id: str) -> Model | None:
    """The model of a project; one of another is as unknown as one that is not."""
    model = session.get(Model, model_id)
    return model if model is not None and model.project_id == project_id else None


def get_model(session: Session, project_id: str, model_id: str) -> Model:
    """Fetch a model of a project, or raise the 404."""
    model = find_model(session, project_id, model_id)
    if model is None:
        raise not_found("model", model_id)
    return model


def lock_model(session: Session, project_id: str, model_id: str) -> Model:
    """As `get_model`; nobody else deletes it, or submits a job on it, until the transaction ends."""
    session.get(Model, model_id, with_for_update=True)
    return get_model(session, project_id, model_id)


def list_models(session: Session, project_id: str, page: PageRequest) -> tuple[list[Model], bool]:
    """Fetch one page of a project's models, newest first."""
    query = select(Model).where(Model.project_id == project_id)
    return fetch_page(session, query, Model.id, page)


def is_model_used(session: Session, model_id: str) -> bool:
    """Whether a job refers to the model."""
    return bool(session.scalar(select(exists().where(Job.model_id == model_id))))
