"""The one error that the SDK raises."""

from typing import Any

import httpx

_BODY_CHARACTERS_SHOWN = 300


class KerasdError(Exception):
    """A request that was refused, or a service that could not be reached.

    Attributes:
        title: what kind of problem it is. detail: what was wrong and what to do.
        status: HTTP status, None when no answer came. type: URI of the kind of problem.
        pointer: JSON pointer (RFC 6901) to the wrong place of the request, None when there is no single one.
        errors: every wrong place as `{"pointer" or "parameter", "detail"}`.
    """

    def __init__(
        self,
        title: str,
        detail: str,
        *,
        status: int | None = None,
        pointer: str | None = None,
        type: str = "about:blank",
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(title, detail)
        self.title = title
        self.detail = detail
        self.status = status
        self.pointer = pointer
        self.type = type
        self.errors = errors or []

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.detail}"]
        if self.pointer and self.pointer not in self.detail:
            lines[0] += f" (at {self.pointer})"
        if len(self.errors) > 1:
            lines += [f"  {_name_place(error)}: {error.get('detail', '')}" for error in self.errors]
        return "\n".join(lines)


def _name_place(error: dict[str, Any]) -> str:
    return str(error.get("pointer") or error.get("parameter") or "request")


def read_problem(response: httpx.Response) -> KerasdError:
    """Make the error from an answer that is not a success; its body must have been read."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        text = response.text.strip()[:_BODY_CHARACTERS_SHOWN] or "no body"
        detail = f"{response.request.method} {response.request.url} answered {response.status_code}: {text}"
        return KerasdError(response.reason_phrase or "Unexpected answer", detail, status=response.status_code)
    return KerasdError(
        str(problem.get("title") or response.reason_phrase),
        str(problem["detail"]),
        status=response.status_code,
        pointer=problem.get("pointer"),
        type=str(problem.get("type", "about:blank")),
        errors=problem.get("errors"),
    )
