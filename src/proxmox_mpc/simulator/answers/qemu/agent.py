"""/nodes/{node}/qemu/{vmid}/agent: the guest agent. It answers only where an operating system could run it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.qemu._agent_replies import REPLIES, WORKED_ON
from proxmox_mpc.simulator.answers.qemu._system import obeys
from proxmox_mpc.simulator.machines import agent
from proxmox_mpc.simulator.machines.machine import AGENT, Machine
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/qemu/{vmid}/agent"


def is_enabled(guest: Guest) -> bool:
    return _drives.parse(guest.live.get("agent", "0"), "enabled").get("enabled") in ("1", "on", "yes", "true")


# How the parameters of a command are called between host and guest, where it has some.
_ARGUMENTS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "exec": lambda call: {
        "path": call.items("command")[0],
        "arg": call.items("command")[1:],
        "capture_output": True,
        **({"input_data": _encoded(call.text("input-data"))} if "input-data" in call.params else {}),
    },
    "exec-status": lambda call: {"pid": call.number("pid")},
    "set-user-password": lambda call: {
        "username": call.text("username"),
        "password": _encoded(call.text("password")),
        "crypted": call.flag("crypted"),
    },
}

# These have several steps in PVE, which are not taken here.
_NOT_PASSED_ON = frozenset({"file-read", "file-write"})


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def _ask(call: Call, machine: Machine, name: str) -> Any:
    """The real agent's answer, as PVE passes it on."""
    if name in _NOT_PASSED_ON:
        die(f"the guest agent's '{name}' is not simulated yet")
    arguments = _ARGUMENTS[name](call) if name in _ARGUMENTS else {}
    try:
        answer = await agent.ask(Path(machine.socket(AGENT)), f"guest-{name}", **arguments)
    except agent.AgentError as error:
        die(f"Agent error: {error}" if str(error) else "QEMU guest agent is not running")
    if name == "exec-status":
        decoded = {k: base64.b64decode(v).decode(errors="replace") for k, v in answer.items() if k.endswith("-data")}
        return {**answer, **decoded, "exited": int(answer["exited"])}
    return answer if name == "exec" else {"result": answer}


def _reach(call: Call) -> Guest:
    """The guest, if its agent would answer."""
    guest = _guest.of(call)
    if not is_enabled(guest):
        die("No QEMU guest agent configured")
    if not guest.is_running:
        die(f"VM {guest.vmid} is not running")
    if call.vmid not in call.cluster.machines and not obeys(call.cluster, guest):
        die("QEMU guest agent is not running")
    return guest


def _answer(verb: str, name: str) -> Callable[[Call], Any]:
    async def answer(call: Call) -> Any:
        guest = _reach(call)
        if machine := call.cluster.machines.get(guest.vmid):
            return await _ask(call, machine, name)
        if worked_on := WORKED_ON.get((verb, name)):
            return worked_on(call, guest)
        if (reply := REPLIES.get((verb, name))) is None:
            die(f"Agent error: the command guest-{name} is not supported")
        return {"result": reply(call, guest)}

    return answer


for _name_of_command in (
    "fsfreeze-freeze fsfreeze-status fsfreeze-thaw fstrim ping shutdown suspend-disk suspend-hybrid suspend-ram exec"
    " file-write set-user-password"
).split():
    answers("POST", f"{_PATH}/{_name_of_command}")(_answer("POST", _name_of_command))
for _name_of_command in (
    "get-fsinfo get-host-name get-memory-block-info get-memory-blocks get-osinfo get-time get-timezone get-users"
    " get-vcpus info network-get-interfaces exec-status file-read"
).split():
    answers("GET", f"{_PATH}/{_name_of_command}")(_answer("GET", _name_of_command))


@answers("POST", _PATH)
async def command(call: Call) -> Any:
    """The old form: the command is a parameter."""
    name = call.text("command")
    guest = _reach(call)
    if machine := call.cluster.machines.get(guest.vmid):
        return await _ask(call, machine, name)
    if (reply := REPLIES.get(("GET", name)) or REPLIES.get(("POST", name))) is None:
        die(f"Agent error: the command guest-{name} is not supported")
    return {"result": reply(call, guest)}
