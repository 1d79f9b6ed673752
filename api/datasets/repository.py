"""SQL about datasets."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.tables import Dataset, Job


def find_dataset(session: Session, project_id: str, dataset_id: str) -> Dataset | None:
    """The dataset of a project; one of another is as unknown as one that is not."""
    dataset = session.get(Dataset, dataset_id)
    return dataset if dataset is not None and dataset.project_id == project_id else None


def get_dataset(session: Session, project_id: str, dataset_id: str) -> Dataset:
    """Fetch a dataset of a project, or raise the 404."""
    dataset = find_dataset(session, project_id, dataset_id)
    if dataset is None:
        raise not_found("dataset", dataset_id)
    return dataset


def lock_dataset(session: Session, project_id: str, dataset_id: str) -> Dataset:
    """As `get_dataset`; nobody else deletes it, or submits a job on it, until the transaction ends."""
    session.get(Dataset, dataset_id, with_for_update=True)
    return get_dataset(session, project_id, dataset_id)


def list_datasets(session: Session, project_id: str, page: PageRequest) -> tuple[list[Dataset], bool]:
    """Fetch one page of a project's datasets, newest first."""
    query = select(Dataset).where(Dataset.project_id == project_id)
    return fetch_page(session, query, Dataset.id, page)


def is_dataset_used(session: Session, dataset_id: str) -> bool:
    """Whether a job refers to the dataset."""
    return bool(session.scalar(select(exists().where(Job.dataset_id == dataset_id))))
