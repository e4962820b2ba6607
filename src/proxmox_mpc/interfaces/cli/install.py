"""install: a chart as a release."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _charts


@click.command("install")
@click.argument("name")
@click.argument("chart")
@_charts.options_of_deploying
def command(name: str, chart: str, **said: Any) -> None:
    """Install CHART as release NAME, after showing the plan.

    CHART is a folder, a .tgz, REPOSITORY/NAME, a URL, or oci-layout:FOLDER. Examples: install web ./charts/web-tier ·
    install web ./web-tier --set replicas=3 -f prod.yaml · install media examples/charts/media-box --dry-run
    """
    from proxmox_mpc.actions.install import InstallRequest, install

    shown, where, fields = _charts.split_options(said)
    _charts.deploy(
        install,
        lambda archive: InstallRequest(name=name, chart=archive, source=chart, **fields),
        chart,
        where=where,
        **shown,
    )
