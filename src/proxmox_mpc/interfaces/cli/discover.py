"""discover: everything that the cluster holds."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("discover")
@_options.context
@_options.output
def command(context: str, output: str) -> None:
    """Show everything that the cluster holds: nodes, guests, storages, pools, networks."""
    from proxmox_mpc.actions.discover import DiscoverRequest, discover
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call
    from proxmox_mpc.kinds._guest_columns import duration, memory

    result = call(discover, DiscoverRequest(), context=context)
    page = result.model_dump(mode="json", by_alias=True)
    rows = [
        (
            node.name,
            node.status,
            f"{node.cpu * 100:.0f}% of {node.cpus}",
            f"{memory(node.memory_used)} of {memory(node.memory)}",
            node.vms,
            node.containers,
            duration(node.uptime),
        )
        for node in result.nodes
    ]
    if output == "table":
        quorum = click.style("quorate", fg="green") if result.quorate else click.style("no quorum", fg="red")
        title = click.style(result.name or result.context, bold=True)
        click.echo(f"{title}  PVE {result.version}  {quorum}  {result.running} guests running\n")
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: result.resources,
            names=lambda: [str(row["id"]) for row in result.resources],
            titles=["NODE", "STATUS", "CPU", "MEMORY", "VMS", "CONTAINERS", "UPTIME"],
            rows=rows,
            right=[False, False, True, True, True, True, True],
        )
    )
    if output == "table":
        closed = [f"{node.name} {node.closed}: no guest is placed on it" for node in result.nodes if node.closed]
        click.echo("".join(f"\n{click.style('note:', fg='yellow')} {line}" for line in closed), nl=bool(closed))
        click.echo("\n" + ", ".join(f"{count} {name}" for name, count in sorted(result.counts.items())))
