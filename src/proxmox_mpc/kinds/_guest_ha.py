"""Guests that high availability holds: the HA manager starts, stops and moves them, when it is asked to.

PVE only takes note of such a request, and its task ends then (`hastart`, `hastop`, `hamigrate`; 8.4, 9.1). So the guest
is looked at until it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import MpcError, NotFoundError
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import Key, Live, Resource
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

STATE = "hastate"
"""A fact of guests that HA holds, as /cluster/resources calls it: what the manager does with it; none at first."""
TIMEOUT_S = 300
"""How long the manager may leave a request alone: it decides every ten seconds, and may try a start several times."""
_WAITS = "waits for the HA manager"
_UNDER_WAY = ("migrate", "relocate")
# What a resource's state makes of its guest; `ignored` leaves it alone. PVE takes the first one where none is said.
_POWER = {"started": "running", "stopped": "stopped", "disabled": "stopped"}


class NotDone(MpcError):
    """The HA manager did not do what it was asked for."""

    code = "apply.ha-not-done"


def is_held(live: Live) -> bool:
    return STATE in live.facts


def holder(kind: str, vmid: object) -> Key:
    """The HA resource of a guest."""
    return Key("HAResource", "", f"{'vm' if kind == 'VirtualMachine' else 'ct'}:{vmid}")


async def held_by(view: View, live: Live) -> tuple[Key, ...]:
    """What must be deleted before the guest can be."""
    return (holder(live.key.kind, live.identity["vmid"]),) if is_held(live) else ()


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    """The fact, from the `ha` of a guest's status."""
    return {STATE: answer.get("state")} if answer.get("managed") else {}


def check(view: View, resource: Resource, live: Live | None) -> None:
    """Power and HA state that these manifests want must not contradict each other. Raises InvalidInput."""
    vmid = live.identity["vmid"] if live is not None else resource.fields.get("vmid")
    power, key = resource.fields.get("state"), holder(resource.key.kind, vmid)
    held = view.wanted.get(key)
    if held is None or power is None:
        return
    state = held.fields.get("state", "started" if key in view.planned else None)
    kept = _POWER.get(str(state))
    if kept not in (None, power):
        hint = f"write state: {kept} here, or change that state; its `ignored` leaves the guest alone"
        raise resource.invalid("spec.state", f"{key} has state {state}, so the HA manager keeps it {kept}", hint)


def where_it_is(resource: Resource, live: Live, applied: Mapping[str, Value] | None) -> Resource:
    """The resource without a wish for another node, where the HA manager decides on that.

    What was applied before stays remembered: once HA lets go of the guest, the wish counts.
    """
    node, before = resource.fields.get("node"), (applied or {}).get("node")
    if node is None or before in (None, node) or not is_held(live):
        return resource
    note = "the HA manager decides where it runs, not spec.node"
    return replace(resource, fields={**resource.fields, "node": before}, remarks=(*resource.remarks, note))


async def settled(
    guest: GuestDriver, run: Run, live: Live, upid: object, wish: str, is_there: Callable[[Live], bool]
) -> Live:
    """The guest once it is as wished, where a request was handed to the HA manager; as it was, where PVE did it."""
    from proxmox_mpc.pve import Upid

    if not isinstance(upid, str) or not Upid.parse(upid).type.startswith("ha"):
        return live
    seen = live

    async def is_over() -> bool:
        nonlocal seen
        try:
            seen = await guest.reread(run.view, seen)
        except NotFoundError:
            return False  # on its way: it left one node, and /cluster/resources does not know the other yet
        return is_there(seen) or seen.facts.get(STATE) == "error"

    while not await run.until(is_over, timeout_s=TIMEOUT_S, saying=_WAITS):
        if seen.facts.get(STATE) not in _UNDER_WAY:
            break
    if is_there(seen):
        return seen
    key, state = holder(live.key.kind, live.identity["vmid"]), seen.facts.get(STATE)
    if state == "error":
        hint = f"set the state of {key} to disabled, mend the cause (see the task log), then set it to started"
        raise NotDone(f"{live.key}: the HA manager was asked to {wish}, and has given up on it (error)", hint=hint)
    message = f"{live.key}: the HA manager was asked to {wish}, and did not in {TIMEOUT_S} s (it says: {state})"
    raise NotDone(message, hint="look at Datacenter → HA: its rules, its nodes and the quorum; the request stands")
