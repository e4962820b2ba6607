"""A new chart's files: those of the folder `starter` beside this, or of somebody's own starter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.ignoring import IGNORE_FILE

STARTER = Path(__file__).parent / "starter"
PLACEHOLDER = b"<CHARTNAME>"
"""What stands for the chart's name in a starter, as in Helm's."""
# Helm 4.2.3's limit, and what both a guest's name and a folder's can begin with.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_OWN_NAME = re.compile(rb"^name:.*$", re.MULTILINE)


def scaffold(name: str, starter: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The files of a chart of this name. Raises BadChart for a name that no guest could begin with."""
    if not _NAME.fullmatch(name):
        raise BadChart(f"{name!r} is no name for a chart", hint="lower-case letters, digits and hyphens, at most 63")
    if starter is None:
        files = sorted(path for path in STARTER.rglob("*") if path.is_file())
        starter = {path.relative_to(STARTER).as_posix(): path.read_bytes() for path in files}
    if "Chart.yaml" not in starter:
        raise BadChart("the starter is no chart: it has no Chart.yaml")
    made = {path: data.replace(PLACEHOLDER, name.encode()) for path, data in starter.items()}
    # A starter is a chart that has a name of its own.
    made["Chart.yaml"] = _OWN_NAME.sub(f"name: {name}".encode(), made["Chart.yaml"], count=1)
    return {IGNORE_FILE: (STARTER / IGNORE_FILE).read_bytes(), **made}
