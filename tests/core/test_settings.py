"""Settings from the environment and the file, and what follows from them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import Settings, get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Gives the home folder that the environment names, and nothing else is named there."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"KERASD_{name.upper()}", raising=False)
    monkeypatch.delenv("KERASD_CONFIG", raising=False)
    monkeypatch.setenv("KERASD_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_addresses_follow_from_the_home_folder(home: Path) -> None:
    settings = Settings()
    assert settings.home == home
    assert settings.database_url == f"sqlite:///{home}/kerasd.db"
    assert settings.storage_url == f"file://{home}/objects"
    assert (settings.broker_url, settings.api_url) == (None, "http://127.0.0.1:8000")


def test_a_home_without_a_name_is_the_user_s(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv("KERASD_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("HOME", str(home))
    assert Settings().home.name == "kerasd"
    assert home in Settings().home.parents


def test_the_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "kerasd.toml").write_text('port = 9000\nworker_slots = 2\n[storage_options]\nkey = "k"\n')
    monkeypatch.setenv("KERASD_PORT", "9001")
    settings = Settings()
    assert (settings.port, settings.worker_slots, settings.storage_options) == (9001, 2, {"key": "k"})
    assert settings.api_url == "http://127.0.0.1:9001"


def test_another_file_can_be_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "other.toml").write_text('home = "/srv/kerasd"')
    monkeypatch.setenv("KERASD_CONFIG", str(home / "other.toml"))
    monkeypatch.delenv("KERASD_HOME")
    assert Settings().database_url == "sqlite:////srv/kerasd/kerasd.db"
    monkeypatch.setenv("KERASD_CONFIG", str(home / "absent.toml"))
    with pytest.raises(FileNotFoundError, match=r"KERASD_CONFIG names .*absent\.toml"):
        Settings()


def test_structures_come_as_json_and_blanks_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASD_STORAGE_OPTIONS", '{"endpoint_url": "http://minio:9000"}')
    monkeypatch.setenv("KERASD_BROKER_URL", "")
    settings = Settings()
    assert settings.storage_options == {"endpoint_url": "http://minio:9000"}
    assert settings.broker_url is None


def test_a_server_on_every_address_is_reached_at_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASD_HOST", "0.0.0.0")
    assert Settings().api_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("WORKER_SLOTS", "0"), ("DEVICE", "tpu"), ("LEASE_SECONDS", "-1")]
)
def test_a_value_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"KERASD_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_misspelt_name_in_the_file_is_refused(home: Path) -> None:
    (home / "kerasd.toml").write_text("prot = 9000")
    with pytest.raises(ValidationError, match="prot"):
        Settings()


def test_settings_are_read_once() -> None:
    assert get_settings() is get_settings()
