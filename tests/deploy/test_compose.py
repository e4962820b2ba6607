"""compose.yml: nothing reachable but what has to be, no password that everybody knows, every part watched."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.settings import Settings, read_dotenv
from proxmox_mpc.store import SecretKey
from tests.deploy.files import DEPLOY, LONGEST_END_S, read

TEXT = (DEPLOY / "compose/compose.yml").read_text()
COMPOSE = read("compose/compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KEYS = {
    "build", "cap_drop", "command", "depends_on", "entrypoint", "env_file", "environment", "healthcheck",
    "image", "init", "networks", "pids_limit", "ports", "read_only", "restart", "secrets", "security_opt", "shm_size",
    "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
"""Keys of a service in the Compose specification that are used here."""
OWN = ("server", "worker", "beat")


def test_only_words_of_the_specification_are_used() -> None:
    assert {name for name in COMPOSE if not name.startswith("x-")} <= {
        "name",
        "services",
        "networks",
        "volumes",
        "secrets",
    }
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        health = service.get("healthcheck", {})
        assert set(health) <= {"test", "interval", "timeout", "retries", "start_period", "disable"}, name
        for condition in service.get("depends_on", {}).values():
            assert condition["condition"] in ("service_healthy", "service_completed_successfully", "service_started")


def test_what_is_named_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = (DEPLOY / "compose" / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert there, f"{name}: {volume}"


def test_a_service_that_others_wait_for_says_when_it_is_healthy() -> None:
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert other == "server" or "test" in SERVICES[other]["healthcheck"], f"{name} waits for {other}"


def test_only_server_and_grafana_are_reachable_and_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert set(published) == {"server", "grafana"}
    for ports in published.values():
        for port in ports:
            assert re.fullmatch(r"\$\{\w+:-127\.0\.0\.1\}:\d+:\d+", port)
    for name in ("postgres", "redis", "prometheus", "dashboards"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_nothing_has_more_rights_than_it_needs() -> None:
    for name, service in SERVICES.items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        assert not any("docker.sock" in volume for volume in service.get("volumes", []))
        if name != "postgres":  # it changes its files' owner when it starts for the first time
            assert service["cap_drop"] == ["ALL"], name
    for name in ("redis", "dashboards"):  # their images begin as root where nobody says otherwise
        assert SERVICES[name]["user"] == "999:999"
    for name in OWN:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["init"] is True
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > LONGEST_END_S


def test_every_image_is_of_a_version_that_was_chosen() -> None:
    for name, service in SERVICES.items():
        if name not in OWN:
            assert re.fullmatch(r"[\w/]+:v?\d+\.\d+[\w.-]*", service["image"]), name


def test_no_secret_has_a_default() -> None:
    for name in re.findall(r"\$\{(\w*(?:PASSWORD|KEY|TOKEN)\w*)([^}]*)\}", TEXT):
        assert name[1].startswith(":?"), name
    assert not re.search(r"(PASSWORD|KEY|TOKEN): +[^$\s]", TEXT)
    assert "${" not in "".join(SERVICES["redis"]["command"]), "a password in a command is seen by every process"


def test_secrets_are_made_once_and_all_of_them(tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.py"
    script.write_text((DEPLOY / "compose/make_secrets.py").read_text())
    for _ in range(2):
        said = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
        made = read_dotenv(tmp_path / ".env")
        assert not any(value in said.stdout for value in made.values())
    assert "is there already" in said.stdout
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert set(made) == set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for name, value in made.items() if not name.endswith("_KEY"))


@pytest.mark.parametrize("part", OWN)
def test_what_compose_gives_are_settings_that_work(part: str, tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.py"
    script.write_text((DEPLOY / "compose/make_secrets.py").read_text())
    subprocess.run([sys.executable, script], capture_output=True, check=True)
    made = read_dotenv(tmp_path / ".env")

    def filled(value: str) -> str:
        return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: made.get(found[1], found[2] or ""), value)

    given = {name: filled(value) for name, value in SERVICES[part]["environment"].items()}
    settings = Settings.load({**given, "PROXMOX_MPC_HOME": str(tmp_path)}, tmp_path / "none")
    assert (
        settings.database_url
        == f"postgresql+psycopg://proxmox_mpc:{made['POSTGRES_PASSWORD']}@postgres:5432/proxmox_mpc"
    )
    assert settings.jobs.wakeup_url == settings.jobs.broker_url == f"redis://:{made['REDIS_PASSWORD']}@redis:6379/0"
    assert len(SecretKey.of(settings).ids) == 1
    assert settings.server.jwt_keys == (made["SECRET_KEY"],)


def test_prometheus_reads_what_the_server_asks_for_and_where_workers_answer() -> None:
    prometheus = read("prometheus/prometheus.yml")
    server, background = prometheus["scrape_configs"]
    assert server["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert SERVICES["prometheus"]["secrets"] == ["metrics_token"]
    assert COMPOSE["secrets"]["metrics_token"] == {"environment": "METRICS_TOKEN"}
    [found] = background["dns_sd_configs"]
    assert set(found["names"]) == {"worker", "beat"}
    assert {SERVICES[name]["environment"]["METRICS_PORT"] for name in found["names"]} == {str(found["port"])}
    assert os.path.basename(prometheus["scrape_configs"][0]["metrics_path"]) == "metrics"
