"""The compose file and the images."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate", "bucket"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PASSWORDS = {"KERASD_POSTGRES_PASSWORD": "a1", "KERASD_MINIO_PASSWORD": "b2b2b2b2"}


def stage(name: str) -> str:
    """The instructions of a stage and of the stages it is made from."""
    found = re.search(rf"^FROM (\S+) AS {name}\n(.*?)(?=^FROM|\Z)", DOCKERFILE, re.M | re.S)
    if found is None:
        return ""
    return stage(found[1]) + found[2]


def find_client() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], capture_output=True).returncode
        ):
            return command
    pytest.skip("needs docker compose")


class TestCompose:
    def test_the_client_accepts_it(self) -> None:
        checked = subprocess.run(
            [*find_client(), "config", "--quiet"],
            cwd=ROOT,
            env={**os.environ, **PASSWORDS},
            capture_output=True,
        )
        assert checked.returncode == 0, checked.stderr.decode()

    def test_has_every_part(self) -> None:
        assert set(SERVICES) == {"api", "worker", "worker-gpu", "postgres", "redis", "minio"} | ONE_SHOT

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
    def test_every_server_has_a_health_check_and_keeps_its_data(self, name: str) -> None:
        service = SERVICES[name]
        own_image = "HEALTHCHECK" in stage(service["build"]["target"]) if "build" in service else False
        assert own_image or "healthcheck" in service
        kept = service["volumes"][0].split(":")[0]
        assert kept in COMPOSE["volumes"]

    def test_only_the_api_is_reached_and_only_from_this_machine(self) -> None:
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        assert published == {"api": ["127.0.0.1:${KERASD_PORT:-8000}:8000"]}

    def test_no_password_is_written_down(self) -> None:
        text = (ROOT / "docker-compose.yml").read_text()
        assert re.findall(r"PASSWORD: (?!\$\{\w+:\?)", text) == []

    def test_a_gpu_is_reserved_only_in_its_profile(self) -> None:
        reserving = [name for name, service in SERVICES.items() if "deploy" in service]
        assert reserving == ["worker-gpu"]
        assert SERVICES["worker-gpu"]["profiles"] == ["gpu"]
        [device] = SERVICES["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]

    @pytest.mark.parametrize("name", ["api", "worker", "worker-gpu", "migrate"])
    def test_settings_are_ones_that_the_service_reads(
        self, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        given = {"KERASD_HOME": str(tmp_path), **SERVICES[name]["environment"]}
        for variable, value in given.items():
            monkeypatch.setenv(variable, re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value))
        unknown = {key.removeprefix("KERASD_").lower() for key in given} - set(Settings.model_fields)
        assert unknown == set()
        settings = Settings()
        assert settings.storage_options["client_kwargs"] == {"endpoint_url": "http://minio:9000"}
        assert settings.database_url.endswith("kerasd:secret@postgres:5432/kerasd")

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_images_of_others_are_pinned(self, name: str) -> None:
        image = SERVICES[name].get("image", "own:1")
        assert re.search(r":[\w.-]*\d", image)
        assert not image.endswith(":latest")


class TestImages:
    @pytest.mark.parametrize("target", ["api", "worker"])
    def test_run_without_privileges_and_check_their_health(self, target: str) -> None:
        instructions = stage(target)
        users = re.findall(r"^USER (\S+)", instructions, re.M)
        assert users[-1:] == ["kerasd"]
        assert "HEALTHCHECK" in instructions
        assert re.search(rf'^CMD \["python", "-m", "{target}"\]', instructions, re.M)

    def test_every_package_is_copied_in_and_let_through(self) -> None:
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"dashboard"}
        copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M))
        let_through = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.M))
        assert packages - {"tests", "benchmarks"} == copied
        assert copied <= let_through
