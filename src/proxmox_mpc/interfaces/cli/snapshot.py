"""snapshot: states of guests that are kept."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests, _options

_COLUMNS = {
    "NAMESPACE": "namespace",
    "GUEST": "guest",
    "SNAPSHOT": "name",
    "TAKEN": "taken",
    "PARENT": "parent",
    "MEMORY": "memory",
    "DESCRIPTION": "description",
}


@click.group("snapshot")
def command() -> None:
    """Take, list, delete snapshots of guests, and go back to one.

    Those that are declared are kinds: `explain Snapshot`; those that policies take: `snapshots rotate`.
    """


def _act(action: Any, verb: str, chosen: dict[str, Any], **more: Any) -> None:
    chosen["guests"], (name,) = _guests.last(chosen["guests"], 1, f"snapshot {verb} GUEST… SNAPSHOT")
    _guests.act(action, chosen, retry=lambda items: [*_guests.guests_again(items), name], name=name, **more)


@command.command("create")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] SNAPSHOT")
@_guests.choosing
@click.option("--description", default="", help="What it is for.", metavar="TEXT")
@click.option("--memory", is_flag=True, help="Keep the memory of running VMs, too.")
def create(description: str, memory: bool, **chosen: Any) -> None:
    """Take a snapshot of guests; those that have one of this name are left alone.

    Examples: snapshot create web before-upgrade · snapshot create vms -l env=prod nightly --memory
    """
    from proxmox_mpc.actions.snapshot_create import snapshot_create

    _act(snapshot_create, "create", chosen, description=description, memory=memory)


@command.command("rollback")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] SNAPSHOT")
@_guests.choosing
@click.option("--start", is_flag=True, help="Start them then.")
def rollback(start: bool, **chosen: Any) -> None:
    """Take guests back to a snapshot; all that came after it is lost.

    Examples: snapshot rollback web before-upgrade --start
    """
    from proxmox_mpc.actions.snapshot_rollback import snapshot_rollback

    _act(snapshot_rollback, "rollback", chosen, start=start)


@command.command("delete")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] SNAPSHOT")
@_guests.choosing
def delete(**chosen: Any) -> None:
    """Delete a snapshot of guests; the guests stay as they are.

    Examples: snapshot delete web before-upgrade · snapshot delete vms --all nightly --yes
    """
    from proxmox_mpc.actions.snapshot_delete import snapshot_delete

    _act(snapshot_delete, "delete", chosen)


@command.command("list")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…]")
@_options.context
@_options.output
@_options.files
@_options.recursive
@_options.namespace
@_options.selector
@click.option("--field-selector", default="", help="Facts: status=running, node=pve1.", metavar="SEL")
def listing(context: str, output: str, **chosen: Any) -> None:
    """List the snapshots of guests; of all, where none are named.

    Examples: snapshot list web · snapshot list -n shop -o json
    """
    from proxmox_mpc.actions.snapshot_list import SnapshotListRequest, snapshot_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    request = _guests.request_of(SnapshotListRequest, chosen)
    if not any((request.guests, request.texts, request.selector, request.field_selector)):
        request = request.model_copy(update={"everything": True})
    page = call(snapshot_list, request, context=context).model_dump(mode="json", by_alias=True)
    rows = [[item[name] for name in _COLUMNS.values()] for item in page["items"]]
    text = _output.render(
        output,
        document=lambda: page,
        items=lambda: page["items"],
        names=lambda: [f"snapshot/{item['guest']}/{item['name']}" for item in page["items"]],
        titles=list(_COLUMNS),
        rows=[["yes" if cell is True else "" if cell is False else cell for cell in row] for row in rows],
        empty="no snapshots found",
    )
    click.echo(text)
