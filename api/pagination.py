"""Cursor paging: newest first, `after` is the id of the last row that the caller has."""

from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    has_more: bool = Field(description="Whether there are further rows.")
    next: str | None = Field(description="The value of `after` that fetches the next page.")


class PageRequest(BaseModel):
    """Which page is wanted."""

    limit: int
    after: str | None


def read_page_request(
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows a page.")] = 50,
    after: Annotated[
        str | None, Query(pattern=r"^[a-z]{3}_[0-9A-Z]{26}$", description="The `next` of the page before.")
    ] = None,
) -> PageRequest:
    """Read limit and after from the query."""
    return PageRequest(limit=limit, after=after)


PageDep = Annotated[PageRequest, Depends(read_page_request)]


def fetch_page(
    session: Session, query: Select[Any], id_column: InstrumentedAttribute[str], page: PageRequest
) -> tuple[list[Any], bool]:
    """Fetch one page of rows, newest first.

    Ids are ULIDs, so their order is the order of creation and a page never shifts when rows are added.
    Returns: the rows, and whether more follow.
    """
    if page.after is not None:
        query = query.where(id_column < page.after)
    rows = list(session.scalars(query.order_by(id_column.desc()).limit(page.limit + 1)))
    return rows[: page.limit], len(rows) > page.limit


def make_page(data: list[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    """The page as the API shows it."""
    return {"data": data, "has_more": has_more, "next": data[-1]["id"] if has_more else None}
