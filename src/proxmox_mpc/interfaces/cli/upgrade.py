"""upgrade: a release to another chart or other values."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _charts


@click.command("upgrade")
@click.argument("name")
@click.argument("chart")
@click.option("-i", "--install", is_flag=True, help="Install it, if there is no such release.")
@click.option("--reuse-values", is_flag=True, help="Keep all values of the last time, and lay these over them.")
@click.option("--reset-values", is_flag=True, help="Forget the values of the last time.")
@click.option(
    "--reset-then-reuse-values", is_flag=True, help="The new chart's defaults, then the last time's values, then these."
)
@_charts.options_of_deploying
def command(name: str, chart: str, **said: Any) -> None:
    """Upgrade release NAME to CHART and these values; only what differs is changed.

    Without values those of the last time stay. Examples: upgrade web ./web-tier --set replicas=5 ·
    upgrade web ./web-tier --install --atomic
    """
    from proxmox_mpc.actions.upgrade import UpgradeRequest, upgrade

    shown, where, fields = _charts.split_options(said)
    _charts.deploy(
        upgrade,
        lambda archive: UpgradeRequest(name=name, chart=archive, source=chart, **fields),
        chart,
        where=where,
        **shown,
    )
