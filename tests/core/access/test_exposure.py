"""Where a key is needed, and what refuses to start."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.access.exposure import ExposureError, check_exposure, is_loopback, needs_keys
from core.access.keys import create_key
from core.access.scopes import Scope
from core.database import session_scope
from core.settings import Settings
from core.tables import DEFAULT_PROJECT_ID


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.0.2.7", False),
        ("no-such-host.invalid", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_name_with_one_address_that_others_reach_is_not_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_arguments: object, **_options: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("192.0.2.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert not is_loopback("two-addresses")


def test_keys_are_needed_where_others_reach_the_api_unless_told(tmp_path: Path) -> None:
    def needs(**settings: object) -> bool:
        return needs_keys(Settings(home=tmp_path, **settings))

    assert [needs(), needs(host="0.0.0.0")] == [False, True]
    assert [needs(require_keys=True), needs(host="0.0.0.0", require_keys=False)] == [True, False]


def test_nobody_listens_open_to_all_or_closed_to_all(db_engine: Engine, tmp_path: Path) -> None:
    open_to_all = Settings(home=tmp_path, host="0.0.0.0", require_keys=False)
    guarded = Settings(home=tmp_path, host="0.0.0.0")
    check_exposure(Settings(home=tmp_path), db_engine)
    check_exposure(Settings(home=tmp_path, require_keys=True), db_engine)
    with pytest.raises(ExposureError, match="KERASD_REQUIRE_KEYS"):
        check_exposure(open_to_all, db_engine)
    with pytest.raises(ExposureError, match=r"python -m core\.keys create --name NAME --scope admin"):
        check_exposure(guarded, db_engine)
    with session_scope(db_engine) as session:
        create_key(session, DEFAULT_PROJECT_ID, "me", Scope.ADMIN)
    check_exposure(guarded, db_engine)
    with pytest.raises(ExposureError, match="KERASD_REQUIRE_KEYS"):
        check_exposure(open_to_all, db_engine)
