"""/nodes/{node}/qemu/{vmid}/agent: the guest agent. It answers only where an operating system could run it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _addresses, _drives, _guest
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


_LOOPBACK = {
    "name": "lo",
    "hardware-address": "00:00:00:00:00:00",
    "ip-addresses": [
        {"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8},
        {"ip-address": "::1", "ip-address-type": "ipv6", "prefix": 128},
    ],
}


def _interfaces(call: Call, guest: Guest) -> Any:
    rows: list[dict[str, Any]] = [_LOOPBACK]
    for key in sorted(k for k in guest.live if re.fullmatch(r"net\d+", k)):
        number = int(key[3:])
        config = _drives.parse(guest.live.get(f"ipconfig{number}", ""))
        configured = config.get("ip", "")
        address, _, bits = (configured if "/" in configured else _addresses.leased(guest)).partition("/")
        rows.append(
            {
                "name": f"eth{number}",
                "hardware-address": _drives.parse_net(guest.live[key])["macaddr"].lower(),
                "ip-addresses": [{"ip-address": address, "ip-address-type": "ipv4", "prefix": int(bits)}],
            }
        )
    return {"result": rows}


def _system(call: Call, guest: Guest) -> Any:
    return {
        "result": {
            "id": "debian",
            "name": "Debian GNU/Linux",
            "pretty-name": "Debian GNU/Linux 12 (bookworm)",
            "version": "12 (bookworm)",
            "version-id": "12",
            "kernel-release": "6.1.0-28-amd64",
            "kernel-version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1",
            "machine": "x86_64",
        }
    }


def _name(call: Call, guest: Guest) -> Any:
    return {"result": {"host-name": guest.name}}


def _nothing(call: Call, guest: Guest) -> Any:
    return {"result": {}}


_REPLIES: dict[tuple[str, str], Callable[[Call, Guest], Any]] = {
    ("POST", "ping"): _nothing,
    ("GET", "network-get-interfaces"): _interfaces,
    ("GET", "get-osinfo"): _system,
    ("GET", "get-host-name"): _name,
    ("GET", "info"): lambda call, guest: {"result": {"version": "7.2.15", "supported_commands": []}},
    ("GET", "get-fsinfo"): lambda call, guest: {"result": []},
    ("GET", "get-users"): lambda call, guest: {"result": []},
    ("GET", "get-time"): lambda call, guest: {"result": int(call.cluster.now() * 1e9)},
    ("POST", "fsfreeze-status"): lambda call, guest: {"result": "thawed"},
}


def _answer(verb: str, name: str) -> Callable[[Call], Any]:
    async def answer(call: Call) -> Any:
        guest = _reach(call)
        if machine := call.cluster.machines.get(guest.vmid):
            return await _ask(call, machine, name)
        if (reply := _REPLIES.get((verb, name))) is None:
            die(f"the guest agent's '{name}' is not simulated yet")
        return reply(call, guest)

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
    reply = _REPLIES.get(("GET", name)) or _REPLIES.get(("POST", name), _nothing)
    return reply(call, guest)
