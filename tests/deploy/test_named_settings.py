"""A setting that is misspelt in a deployment does nothing, and nobody notices: so all are compared with what is read."""

import json
import re

from proxmox_mpc.settings import Settings, read_dotenv
from tests.deploy.files import DEPLOY, KNOWN, OTHERS, ROOT, read

SECRETS = {"DATABASE_URL", "PROXMOX_SECRET_KEY", "SECRET_KEY", "CELERY_BROKER_URL", "REDIS_URL", "METRICS_TOKEN"}
PLACED = {"PROXMOX_MPC_HOME", "SERVER_HOST", "SERVER_PORT", "METRICS_PORT", "SERVER_DRAIN_SECONDS"}
"""What the image and the chart decide themselves."""


def test_the_example_names_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#([A-Z_]+)=(.*)$", text, re.M)
    assert {name for name, _ in named} == KNOWN | OTHERS
    assert len(named) == len(KNOWN | OTHERS), "each once"
    lines = text.splitlines()
    for name, _ in named:
        above = lines[lines.index(next(line for line in lines if line.startswith(f"#{name}="))) - 1]
        assert above.startswith(("# ", "#SERVER_HOST=", "#KEEP_")), f"{name}: what it is stands above it"
    told = {name: value for name, value in named if value}
    del told["LOG_LEVEL"]  # None: each face has its own
    assert Settings.load(told) == Settings.load({})


def test_an_example_that_is_copied_as_it_is_changes_nothing() -> None:
    assert read_dotenv(ROOT / ".env.example") == {}


def test_compose_gives_only_settings_that_there_are() -> None:
    for name in ("server", "worker", "beat"):
        assert set(read("compose/compose.yml")["services"][name]["environment"]) <= KNOWN


def test_the_image_and_the_units_give_only_settings_that_there_are() -> None:
    python = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PIP_NO_CACHE_DIR", "PIP_NO_INPUT"}
    python.add("PIP_DISABLE_PIP_VERSION_CHECK")
    image = (DEPLOY / "docker/Dockerfile").read_text()
    given = {name for line in re.findall(r"^ENV ((?:.|\\\n)*?)$", image.replace("\\\n", ""), re.M)
             for name in re.findall(r"([A-Z_]+)=", line)}  # fmt: skip
    assert given - python <= KNOWN
    assert {"PROXMOX_MPC_HOME", "SERVER_HOST"} <= given
    for unit in DEPLOY.glob("systemd/*.service"):
        [line] = re.findall(r"^Environment=(.*)$", unit.read_text(), re.M)
        assert {word.partition("=")[0] for word in line.split()} - python <= KNOWN


def test_the_chart_takes_exactly_the_settings_that_there_are() -> None:
    schema = json.loads((DEPLOY / "kubernetes/values.schema.json").read_text())
    _, names = schema["properties"]["settings"]["propertyNames"]["anyOf"]
    assert set(names["enum"]) == KNOWN - SECRETS - PLACED
    secret = (DEPLOY / "kubernetes/templates/secret.yaml").read_text()
    assert set(re.findall(r"^  ([A-Z_]+): ", secret, re.M)) <= SECRETS
