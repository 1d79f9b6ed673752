"""SQL about datasets."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.tables import Dataset, Job


def get_dataset(session: Session, dataset_id: str) -> Dataset:
    """Fetch a dataset, or raise the 404."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise not_found("dataset", dataset_id)
    return dataset


def list_datasets(session: Session, page: PageRequest) -> tuple[list[Dataset], bool]:
    """Fetch one page of datasets, newest first."""
    return fetch_page(session, select(Dataset), Dataset.id, page)


def is_dataset_used(session: Session, dataset_id: str) -> bool:
    """Whether a job refers to the dataset."""
    return bool(session.scalar(select(exists().where(Job.dataset_id == dataset_id))))
