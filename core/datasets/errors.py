"""What is said when a dataset, or the choice of its columns, is not usable."""


class DatasetError(ValueError):
    """A dataset file or a choice of its columns is not usable.

    Args:
        detail: what is wrong, where, what was found and what to do.
        pointer: JSON pointer to the wrong part: a column (`/columns/age`) or a field of the job (`/data/x`).
    """

    def __init__(self, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


def column_pointer(name: str) -> str:
    """JSON pointer (RFC 6901) to the column `name`."""
    return "/columns/" + name.replace("~", "~0").replace("/", "~1")
