"""uncordon: guests are placed on a node again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _guests

if TYPE_CHECKING:
    from proxmox_mpc.actions.uncordon import UncordonResult


@click.command("uncordon")
@click.argument("node")
@click.option("--return", "back", is_flag=True, help="Bring back the guests that left it when it was drained.")
@_guests.moving
def command(node: str, back: bool, containers: str, timeout: float | None, **chosen: Any) -> None:
    """Place guests on a node again, once its maintenance is over.

    Examples: uncordon pve1 · uncordon pve1 --return
    """
    from proxmox_mpc.actions.uncordon import UncordonRequest, uncordon

    wish = {"node": node, "back": back, "containers": containers, "timeout_s": timeout}
    request = UncordonRequest.model_validate({**wish, "dry_run": chosen["dry_run"], "settled": True})
    _guests.act(uncordon, chosen, request=request, then=_then, retry=lambda items: [node])


def _then(result: UncordonResult) -> Sequence[str]:
    node, arrow = click.style(result.node, bold=True), click.style("→", fg="cyan")
    if not result.was_cordoned:
        return [f"{node} is not cordoned."]
    if result.dry_run:
        return [f"{node} would take guests again{', once these are back' if result.items else ''}."]
    if result.cordoned:
        return [f"{node} stays cordoned until they are back; to end it now: uncordon without --return."]
    lines = [f"{click.style('✓', fg='green')} {node} takes guests again."]
    if result.away:
        guests = " ".join(result.away)
        lines.append(f"  {arrow} these left it, and stay away: proxmox-cli migrate {guests} --to {result.node}")
    return lines
