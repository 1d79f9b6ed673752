"""Lists of the service, a page at a time or whole."""

from collections.abc import Iterator
from typing import Any, TypeVar

from client.records import Page, Record
from client.transport import Transport

Item = TypeVar("Item", bound=Record)


def fetch_page(transport: Transport, path: str, kind: type[Item], params: dict[str, Any]) -> Page[Item]:
    """Fetch one page."""
    answer = transport.request("GET", path, params=params)
    return Page[kind].model_validate_json(answer.content)  # type: ignore[valid-type]


def iterate_pages(
    transport: Transport, path: str, kind: type[Item], params: dict[str, Any]
) -> Iterator[Item]:
    """Go through a list to its end, a request a page."""
    after = None
    while True:
        page = fetch_page(transport, path, kind, {**params, "after": after})
        yield from page.data
        if not page.has_more:
            return
        after = page.next
