"""list: releases; with a kind, its objects."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options

STATES = ("deployed", "failed", "pending", "uninstalled")


@click.command("list")
@click.argument("kind", required=False)
@_options.context
@_options.output
@click.option("--filter", "pattern", default="", metavar="REGEX", help="Names that match.")
@click.option("--deployed", "states", flag_value="deployed", help="Only deployed ones.")
@click.option("--failed", "states", flag_value="failed", help="Only failed ones.")
@click.option("--pending", "states", flag_value="pending", help="Only those at work, or killed.")
@click.option("--uninstalled", "states", flag_value="uninstalled", help="Only uninstalled ones whose history is kept.")
def command(kind: str | None, context: str, output: str, pattern: str, states: str | None) -> None:
    """List releases, and other applications: revision, status, chart. `list vms` is `get vms`."""
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    if kind is not None:
        from proxmox_mpc.actions.get import GetRequest, get
        from proxmox_mpc.interfaces.cli import get as getting

        full = output.partition("=")[0] in getting.FULL
        click.echo(getting.show(call(get, GetRequest(kind=kind, full=full), context=context), output))
        return
    from proxmox_mpc.actions.release_list import ReleaseListRequest, release_list

    request = ReleaseListRequest(filter=pattern, status=[states] if states else [])
    result = call(release_list, request, context=context)
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["NAME", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"],
            rows=[
                (
                    i.name,
                    i.revision,
                    f"{i.updated_at:%Y-%m-%d %H:%M:%S}",
                    i.status,
                    i.chart or "-",
                    i.app_version or "-",
                )
                for i in result.items
            ],
            right=[False, True, False, False, False, False],
            empty="no releases: proxmox-cli install NAME CHART",
        )
    )
