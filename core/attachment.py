"""What work apart hands back besides plain data: bytes, such as a file that it made."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Attachment:
    """An answer with bytes; see `core.isolation.call_apart`.

    Attributes:
        value: plain JSON data. content: the bytes.
    """

    value: Any
    content: bytes | memoryview
