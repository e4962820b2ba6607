"""show: what a chart says of itself."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _charts

_HELP = {
    "all": "Show all of it: Chart.yaml, values, README and kinds.",
    "chart": "Show Chart.yaml.",
    "values": "Show values.yaml: what may be set, with its comments.",
    "readme": "Show the README.",
    "kinds": "Show what is installed first and stays: the folder kinds/, in Kubernetes charts crds/.",
}


@click.group("show")
def command() -> None:
    """Show what a chart says of itself."""


def _verb(what: str) -> click.Command:
    @click.command(what, help=_HELP[what])
    @click.argument("chart")
    @_charts.source
    def verb(chart: str, **where: Any) -> None:
        from proxmox_mpc.actions._session import Session
        from proxmox_mpc.actions.chart_show import ChartShowRequest, ChartShowResult, chart_show
        from proxmox_mpc.interfaces.cli._chart_sources import archive_of
        from proxmox_mpc.interfaces.cli._run import within

        async def work(session: Session) -> ChartShowResult:
            wanted: Any = what
            archive = await archive_of(session, chart, **where)
            return await chart_show(session, ChartShowRequest(chart=archive, what=wanted))

        click.echo(within(work).text, nl=False)

    return verb


for _what in _HELP:
    command.add_command(_verb(_what))
