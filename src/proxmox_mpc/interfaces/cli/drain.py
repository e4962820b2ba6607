"""drain: a node is emptied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _guests

if TYPE_CHECKING:
    from proxmox_mpc.actions._guests.nodes import NodeResult


@click.command("drain")
@click.argument("node")
@_guests.moving
@click.option("--to", multiple=True, metavar="NODE", help="Only to this node; may be repeated.")
def command(node: str, to: tuple[str, ...], containers: str, timeout: float | None, **chosen: Any) -> None:
    """Empty a node for its maintenance: place nothing new on it, and move its guests to where they fit.

    Running VMs move as they run, containers by a restart, after a question. What cannot move is named, and stays.

    Examples: drain pve1 --dry-run · drain pve1 --to pve2 --to pve3 · uncordon pve1 --return
    """
    from proxmox_mpc.actions.drain import DrainRequest, drain

    wish = {"node": node, "to": list(to), "containers": containers, "timeout_s": timeout}
    request = DrainRequest.model_validate({**wish, "dry_run": chosen["dry_run"], "settled": True})
    _guests.act(drain, chosen, request=request, then=_then, retry=lambda items: [node])


def _then(result: NodeResult) -> Sequence[str]:
    if result.dry_run:
        return [f"{result.node} {'stays' if result.cordoned else 'would be'} cordoned: no guest is placed on it."]
    staying = sum(item.status != "done" for item in result.items)
    guests = {0: "no guest is left on it", 1: "1 guest is left on it"}.get(staying, f"{staying} guests are left on it")
    when = f"proxmox-cli uncordon {result.node} --return"
    return [
        f"{click.style(result.node, bold=True)} is cordoned, and {guests}.",
        f"  {click.style('→', fg='cyan')} when it is to take guests again, and get these back: {when}",
    ]
