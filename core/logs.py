"""Logs in one form, without secrets."""

import logging
import re
from collections.abc import Iterable
from typing import Final

_OWN: Final = ("api", "core", "worker")
_SECRETS: Final = re.compile(
    r"(://[^\s/:@]*:)[^\s/]+(?=@)"  # the password of a URL
    r"|(kerasd_(?:job_)?[0-9A-Za-z]+_)[0-9A-Za-z]{43}"  # keys, and tokens of jobs
    r"|((?i:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
)


def redact(text: str) -> str:
    """The text without keys, tokens and the passwords of URLs."""
    return _SECRETS.sub(lambda found: "".join(filter(None, found.groups())) + "***", text)


class RedactingFormatter(logging.Formatter):
    """Redacts whole records, tracebacks included: nobody foresees what an error quotes."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure_logging(
    level: str, *, fields: str = "", filters: Iterable[logging.Filter] = (), own: Iterable[str] = _OWN
) -> None:
    """Log this process to its standard error.

    Args:
        level: the least level. DEBUG is for the service's own loggers: those of libraries tell of headers there.
        fields: further fields of each line, which `filters` give the records.
        filters: of the handler.
        own: names of the loggers that may log DEBUG.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(f"%(asctime)s %(levelname)s %(name)s{fields}: %(message)s"))
    for each in filters:
        handler.addFilter(each)
    logging.basicConfig(level=max(logging.INFO, logging.getLevelNamesMapping()[level]), handlers=[handler])
    for name in own:
        logging.getLogger(name).setLevel(level)
