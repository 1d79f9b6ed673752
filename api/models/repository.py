"""SQL about models."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.tables import Job, Model


def get_model(session: Session, model_id: str) -> Model:
    """Fetch a model, or raise the 404."""
    model = session.get(Model, model_id)
    if model is None:
        raise not_found("model", model_id)
    return model


def list_models(session: Session, page: PageRequest) -> tuple[list[Model], bool]:
    """Fetch one page of models, newest first."""
    return fetch_page(session, select(Model), Model.id, page)


def is_model_used(session: Session, model_id: str) -> bool:
    """Whether a job refers to the model."""
    return bool(session.scalar(select(exists().where(Job.model_id == model_id))))
