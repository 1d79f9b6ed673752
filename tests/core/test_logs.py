"""Logs without secrets."""

import logging

import pytest

from core.access.credentials import make_job_token, make_key
from core.identifiers import new_id
from core.logs import RedactingFormatter, redact
from core.settings import Settings

PASSWORD = "p-ss_w0rd"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql+psycopg://kerasd:{PASSWORD}@host:5432/kerasd",
        f"redis://:{PASSWORD}@host/0 and more",
        f"'amqp://u:{PASSWORD}@{PASSWORD}@host'",
        f"Authorization: Bearer {PASSWORD}",
        f"{{b'authorization': b'basic {PASSWORD}'}}",
    ],
)
def test_passwords_are_left_out(text: str) -> None:
    assert PASSWORD not in redact(text)
    assert "***" in redact(text)


def test_credentials_are_left_out_and_can_be_told_apart() -> None:
    key, prefix = make_key()
    token = make_job_token(job_id := new_id("job"))
    text = redact(f"?api_key={key}&b=1 {token}")
    assert text == f"?api_key=kerasd_{prefix}_***&b=1 kerasd_{job_id}_***"


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8000/v1/jobs?a=b@c", "at 10:20:30 a@b", "bearer of news", ""]
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_tracebacks_are_redacted_too() -> None:
    try:
        raise ValueError(f"redis://:{PASSWORD}@host")
    except ValueError as error:
        record = logging.LogRecord("a", 40, "a", 1, "failed", None, (type(error), error, error.__traceback__))
    text = RedactingFormatter("%(message)s").format(record)
    assert "ValueError: redis://:***@host" in text


def test_settings_show_no_secrets() -> None:
    settings = Settings(
        database_url=f"postgresql://u:{PASSWORD}@h/d",
        broker_url=f"redis://:{PASSWORD}@h",
        storage_options={"secret": PASSWORD},
    )
    assert PASSWORD not in repr(settings) + str(settings)
