"""clone: a guest is copied."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("clone")
@click.argument("guests", nargs=-1, metavar="[KIND] GUEST NAME…")
@_guests.one
@click.option("--into", default="", metavar="NS", help="Namespace of the clones; else the source's.")
@click.option("--node", default="", metavar="NODE", help="Node of the clones; else the source's.")
@click.option("--storage", default="", metavar="NAME", help="Storage of their disks; else the source's.")
@click.option("--linked", is_flag=True, help="Share a template's disks instead of copying them.")
@click.option("--vmid", type=int, metavar="VMID", help="VMID, for one clone; else the next free one.")
@click.option("--start", is_flag=True, help="Start them.")
def command(into: str, node: str, storage: str, linked: bool, vmid: int | None, start: bool, **chosen: Any) -> None:
    """Clone a guest or a template, once for each name; the clones are nobody's until they are adopted.

    Examples: clone debian-12-template web · clone golden web-1 web-2 web-3 --linked --start
    """
    from proxmox_mpc.actions.clone import clone

    source, names = _guests.first(chosen["guests"], "clone GUEST NAME…")
    chosen["guests"] = source
    _guests.act(
        clone,
        chosen,
        retry=lambda items: [*source, *(item.name for item in items)],
        names=names,
        into=into,
        node=node,
        storage=storage,
        linked=linked,
        vmid=vmid,
        start=start,
    )
