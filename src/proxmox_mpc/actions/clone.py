"""Clone a guest."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import TEMPLATES, Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError, RefusedError, UsageError
from proxmox_mpc.kinds import _guest_requests
from proxmox_mpc.kinds._guest import is_template
from proxmox_mpc.kinds._guest_requests import clone_lanes, migrate, origin_of, with_vmid
from proxmox_mpc.kinds._guest_rows import namespace_of
from proxmox_mpc.kinds._kind import Key, Live
from proxmox_mpc.kinds._mark import INDEX_TAG, split_block
from proxmox_mpc.kinds._view import View


class CloneRequest(GuestsRequest):
    """Which guest, and how its clones are called, where they go, and how they are made."""

    names: list[str] = Field(description="Names of the clones.")
    into: str = Field("", description="Namespace of the clones; else the source's.")
    node: str = Field("", description="Node of the clones; else the source's.")
    storage: str = Field("", description="Storage of their disks; else the source's.")
    linked: bool = Field(False, description="Share the disks of a template instead of copying them.")
    vmid: int | None = Field(None, ge=100, description="VMID, for one clone.")
    start: bool = Field(False, description="Start them.")


@action(permission="guests:write", route="POST /guests/clone", writes=True, scope="namespace", long=True)
async def clone(session: Session, request: CloneRequest) -> GuestsResult:
    """Clone a guest, once or several times; nobody owns the clones."""
    if len(request.guests) != 1 or not request.names:
        raise UsageError("one guest is cloned, and each clone has a name", hint="proxmox-cli clone debian-12 web db")
    if request.vmid is not None and len(request.names) > 1:
        raise UsageError("one VMID is for one clone", hint="leave --vmid out: free ones are taken")

    async def judge(view: View, guest: Guest) -> list[Turn]:
        await _check(view, guest, request)
        return [_turn(view, guest, request, name) for name in dict.fromkeys(request.names)]

    return await carry_out(session, request, "clone", judge, templates=True)


def _namespace(guest: Guest, request: CloneRequest) -> str:
    return request.into or guest.live.key.namespace


async def _check(view: View, guest: Guest, request: CloneRequest) -> None:
    """Raises where PVE would refuse it, or a name would mean two guests."""
    online, space = await view.nodes(), _namespace(guest, request)
    if request.node and request.node not in online:
        raise NotFoundError(f"there is no node {request.node!r} online", hint=f"nodes: {', '.join(online)}")
    if space != "default" and space not in await view.pools():
        raise NotFoundError(f"there is no namespace {space!r}", hint="a Pool of that name makes it")
    if request.linked and not is_template(guest.live):
        hint = f"leave --linked out, or first: proxmox-cli vm template {guest.word}"
        raise CannotBe("is no template, and only those have linked clones", hint=hint)
    rows = await view.rows("qemu", "lxc")
    if taken := next((row for row in rows if row.get("name") in request.names and namespace_of(row) == space), None):
        hint = "take another name; two guests of one name could not be told apart"
        raise RefusedError(f"a guest is called {taken['name']} already (VMID {taken['vmid']})", hint=hint)
    if request.vmid is not None and any(int(row["vmid"]) == request.vmid for row in rows):
        raise RefusedError(f"VMID {request.vmid} is taken", hint="leave --vmid out: a free one is taken")


def _turn(view: View, guest: Guest, request: CloneRequest, name: str) -> Turn:
    node = request.node or str(guest.live.identity["node"])
    kind = "VirtualMachine" if guest.kind.name == TEMPLATES else guest.kind.name
    key = Key(kind, _namespace(guest, request), name)

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        origin = await origin_of(guest.driver, run, live.identity)

        async def make(vmid: int) -> str:
            return await _guest_requests.clone(
                guest.driver,
                run,
                live.identity,
                origin,
                vmid,
                name=name,
                namespace=key.namespace,
                node=node,
                full=not request.linked,
                storage=request.storage or None,
                description=_description(guest),
            )

        made = await with_vmid(
            guest.driver, run, request.vmid, make, await clone_lanes(run.view, live.identity, origin)
        )
        if made.identity["node"] != node:
            made = await migrate(guest.driver, run, made, node)
        await _untag(guest, run, made)
        if request.start:
            from proxmox_mpc.kinds._guest_power import power

            await power(guest.driver, run, made, "start", {})
        return {"vmid": made.identity["vmid"], "node": made.identity["node"]}

    how = "linked clone" if request.linked else "clone"
    does = f"is made on {node} as a {how} of {guest.live.key.name}" + (", and starts" if request.start else "")
    return Turn(guest, does, do, makes=key, action=Action.CREATE)


def _description(guest: Guest) -> str:
    """The source's own text: whose the source is does not hold for a clone, and PVE would copy that, too."""
    text = str(guest.live.raw.get("description", ""))
    own, mark = split_block(text)
    return "" if mark is None else own or f"Clone of {guest.live.key.name} ({guest.vmid})"


async def _untag(guest: Guest, run: StepRun, made: Live) -> None:
    tags = [name for name in str(made.raw.get("tags", "")).split(";") if name.strip()]
    if INDEX_TAG in tags:
        await _guest_requests.tag(guest.driver, run, made, [name for name in tags if name != INDEX_TAG])
