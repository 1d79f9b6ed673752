"""Errors that say where in a configuration they arose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ConfigurationError(ValueError):
    """A configuration that makes no model.

    Args:
        message: what is wrong.
        path: keys and positions that lead to the place, from the outside in.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer (RFC 6901)."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)


@contextmanager
def locate(*path: str | int, name: str = "") -> Iterator[None]:
    """Let errors raised inside say that they arose at `path`.

    Args:
        path: keys and positions within the configuration at hand.
        name: the layer's name, for the message.
    """
    try:
        yield
    except ConfigurationError as error:
        error.path = (*path, *error.path)
        raise
    except (
        ValueError,
        TypeError,
        RuntimeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
    ) as error:
        text = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) and error.args else str(error)
        raise ConfigurationError(f"{name}: {text}" if name else text, path) from error
