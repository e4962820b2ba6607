"""The files of deploy/, and what the product's settings are called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from proxmox_mpc import settings
from proxmox_mpc.bootstrap.background import DRAIN_S
from proxmox_mpc.bootstrap.dispatch import PATIENCE_S
from proxmox_mpc.interfaces.api.__main__ import GRACE_S
from proxmox_mpc.jobs.work import FAREWELL_S

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SOURCE = Path(settings.__file__).read_text()
KNOWN = {name for name in re.findall(r'"([A-Z][A-Z_]{3,})"', SOURCE) if name not in settings.LOG_LEVELS} | {
    "DEBUG",
    *(f"KEEP_{name.upper()}_DAYS" for name in settings.JobSettings().keep_days),
}
"""Every variable that the settings read."""
OTHERS = {"OTEL_EXPORTER_OTLP_ENDPOINT"}
"""What a library reads by itself."""
LONGEST_END_S = GRACE_S + DRAIN_S + FAREWELL_S + PATIENCE_S
"""Requests end, jobs end, jobs are asked to stop, the broker is told; a process that is killed before waits for leases."""


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())
