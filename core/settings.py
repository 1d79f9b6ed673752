"""Settings of the service, from the environment (`KERASD_…`) and from a TOML file."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import platformdirs
from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.isolation import READ_MEMORY_BYTES, READ_SECONDS

_MIB: Final = 1024**2
_GIB: Final = 1024**3
_EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("kerasd"))


def _config_path() -> Path:
    """The TOML file: `KERASD_CONFIG`, else `kerasd.toml` in the home folder."""
    named = os.environ.get("KERASD_CONFIG")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"KERASD_CONFIG names {named}, and there is no such file.")
        return path
    home = os.environ.get("KERASD_HOME")
    return (Path(home).expanduser() if home else _default_home()) / "kerasd.toml"


class Settings(BaseSettings):
    """What the API, the worker and the embedded stack are told.

    Each field is read from the environment variable `KERASD_<FIELD>`, else from the TOML file that
    `KERASD_CONFIG` names (default `<home>/kerasd.toml`), else it has the default below.
    """

    model_config = SettingsConfigDict(
        env_prefix="KERASD_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    home: Path = Field(
        default_factory=_default_home, description="Folder of everything kept on this machine."
    )
    database_url: str = Field(
        default="", repr=False, description="SQLAlchemy URL; default SQLite in the home folder."
    )
    broker_url: str | None = Field(
        default=None, repr=False, description="Celery broker URL; none: the embedded broker."
    )
    storage_url: str = Field(default="", description="file:///folder or s3://bucket/prefix.")
    storage_options: dict[str, Any] = Field(
        default_factory=dict, repr=False, description="Arguments for fsspec."
    )

    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="0: any free one (embedded stack).")
    api_url: str = Field(default="", description="Where workers and clients reach the API.")

    require_keys: bool | None = Field(
        default=None,
        description="Whether requests need an API key; none: unless the API listens on a loopback address.",
    )

    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="Further names that requests may be sent to, as a JSON list; where no key is needed others are "
        "refused.",
    )

    requests_per_minute: int | None = Field(
        default=None,
        ge=0,
        description="For each key that has no limit of its own; 0: any number; none: 1200 where keys are needed. "
        "Metrics have 50 times as many.",
    )
    wrong_credentials_per_minute: int = Field(
        default=60,
        ge=1,
        description="From each address; what is not known to be right is refused after so many.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses with commas between of proxies that tell where a request came from (X-Forwarded-For, "
        "X-Forwarded-Proto).",
    )
    audit_days: float = Field(
        default=90, ge=0, description="For which entries of the audit log are kept; 0: for ever."
    )

    worker_slots: int = Field(default=1, ge=1, description="Runs at one time on one worker.")
    run_threads: int | None = Field(
        default=None,
        ge=1,
        description="Threads of a run on the CPU; none: the machine's cores by the slots of its workers. One number "
        "everywhere gives a job the same numbers wherever and whenever it begins.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where to train: auto, cpu or cuda; auto takes CUDA where it is."
    )
    lease_seconds: float = Field(
        default=30, gt=0, description="A worker silent for so long loses its jobs to others."
    )
    heartbeat_seconds: float = Field(default=5, gt=0, description="Between two renewals of a lease.")
    sweep_seconds: float = Field(
        default=5, gt=0, description="Between two searches for jobs that lost their worker or their message."
    )
    shutdown_seconds: float = Field(
        default=3, ge=0, description="For runs to write a checkpoint when their worker is told to stop."
    )
    max_attempts: int = Field(
        default=5, ge=1, description="A job whose run or worker was lost so often has failed."
    )
    checkpoint_seconds: float = Field(
        default=60, ge=0, description="Between two checkpoints inside an epoch; each epoch ends with one."
    )
    checkpoint_days: float = Field(
        default=7,
        gt=0,
        description="For a retry of a job that failed or was cancelled to find its checkpoint.",
    )
    collect_seconds: float = Field(
        default=3600, gt=0, description="Between two searches of the store for what nothing refers to."
    )
    orphan_seconds: float = Field(
        default=24 * 3600, ge=0, description="What nothing refers to stays in the store for so long."
    )
    batch_metrics_seconds: float = Field(
        default=2.0, gt=0, description="Between two batches whose metrics are kept."
    )
    sse_poll_seconds: float = Field(
        default=0.25, gt=0, description="Between two looks for news, for all streams of events together."
    )

    max_stored_bytes: int = Field(
        default=0, ge=0, description="Quota of datasets, weights and artifacts together; 0: none."
    )
    max_open_jobs: int = Field(default=0, ge=0, description="Quota of queued and running jobs; 0: none.")
    max_body_bytes: int = Field(default=16 * _MIB, gt=0, description="Of a JSON request.")
    max_upload_bytes: int = Field(default=8 * _GIB, gt=0, description="Of an uploaded file.")
    upload_grace_seconds: float = Field(
        default=30,
        gt=0,
        description="For how long a body may stand still, or come slower than the next says.",
    )
    min_upload_bytes_per_second: float = Field(default=1024, gt=0, description="Of a request's body.")
    header_seconds: float = Field(default=20, gt=0, description="For the header lines of a request to come.")
    max_header_bytes: int = Field(default=64 * 1024, gt=0, description="Of a request's address and headers.")
    max_headers: int = Field(default=100, gt=0, description="Header lines of a request.")
    max_decompressed_bytes: int = Field(default=16 * _GIB, gt=0, description="Of a dataset, unpacked.")
    max_definition_bytes: int = Field(
        default=8 * _MIB, gt=0, description="Of a model definition in JSON or YAML."
    )
    max_read_seconds: float = Field(
        default=READ_SECONDS,
        gt=0,
        description="For checking an upload or a definition, in a process of its own; large files get more.",
    )
    max_read_memory_bytes: int = Field(
        default=READ_MEMORY_BYTES, gt=0, description="Memory of the process that checks an upload."
    )
    max_layers: int = Field(default=10_000, gt=0, description="Of a model, inner ones counted.")
    max_parameters: int = Field(default=2_000_000_000, gt=0, description="Of a model.")
    max_activation_bytes: int = Field(default=8 * _GIB, gt=0, description="Of one batch, all layers.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is logged: DEBUG, INFO, WARNING or ERROR."
    )

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @model_validator(mode="before")
    @classmethod
    def _fill_addresses(cls, given: Any) -> Any:
        """Derive from the home folder, the host and the port whatever was not given."""
        values = dict(given)
        home = Path(values.get("home") or _default_home()).expanduser().absolute()
        host = str(values.get("host", "127.0.0.1"))
        defaults = {
            "database_url": f"sqlite:///{home / 'kerasd.db'}",
            "storage_url": f"file://{home / 'objects'}",
            "api_url": f"http://{_EVERY_ADDRESS.get(host, host)}:{values.get('port', 8000)}",
        }
        return {**values, **{name: values.get(name) or default for name, default in defaults.items()}}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_config_path())
        return init_settings, env_settings, toml

    @property
    def runs_path(self) -> Path:
        """Where the worker keeps the folder of each run."""
        return self.home / "runs"

    @property
    def logs_path(self) -> Path:
        """Where the embedded stack writes the logs of its processes."""
        return self.home / "logs"

    @property
    def cache_path(self) -> Path:
        """Where objects of a remote store are kept while they are used."""
        return self.home / "cache"

    @property
    def broker_path(self) -> Path:
        """Where the embedded broker keeps its data and its address."""
        return self.home / "broker"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
