"""What may be installed, and under which name (pkg/action/install.go, Helm 4.2.3)."""

from __future__ import annotations

import re

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.errors import InvalidInput

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

# Helm's limit, which leaves room for what charts put behind the name; guests' names have 63 characters.
MAX_NAME = 53


def check_name(name: str) -> None:
    """Raises InvalidInput for what is no release's name."""
    if not name:
        raise InvalidInput("a release needs a name", hint="proxmox-cli install NAME CHART")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        hint = f"lower-case letters, digits, hyphens and dots, at most {MAX_NAME}, a letter or digit at both ends"
        raise InvalidInput(f"{name!r} is no release's name", hint=hint)


def check_installable(chart: Chart) -> None:
    """Raises BadChart for a library, and for a chart whose dependencies are not in it."""
    if chart.metadata.type.lower() == "library":
        raise BadChart("library charts are not installable", hint="charts that depend on it are")
    check_complete(chart)


def check_complete(chart: Chart) -> None:
    """Raises BadChart for a chart whose dependencies are not in it."""
    there = {one.name for one in chart.dependencies}
    if missing := [one.name for one in chart.metadata.dependencies if one.name not in there]:
        message = "found in Chart.yaml, but missing in charts/ directory: " + ", ".join(missing)
        raise BadChart(message, hint="proxmox-cli dependency build CHART brings them")
