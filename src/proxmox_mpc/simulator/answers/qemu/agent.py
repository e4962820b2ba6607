"""/nodes/{node}/qemu/{vmid}/agent: the guest agent. It answers only where an operating system could run it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.qemu.power import obeys
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/qemu/{vmid}/agent"


def is_enabled(guest: Guest) -> bool:
    return _drives.parse(guest.live.get("agent", "0"), "enabled").get("enabled") in ("1", "on", "yes", "true")


def _reach(call: Call) -> Guest:
    """The guest, if its agent would answer."""
    guest = _guest.of(call)
    if not is_enabled(guest):
        die("No QEMU guest agent configured")
    if not guest.is_running:
        die(f"VM {guest.vmid} is not running")
    if not obeys(call.cluster, guest):
        die("QEMU guest agent is not running")
    return guest


def _interfaces(call: Call, guest: Guest) -> Any:
    rows = []
    for key in sorted(k for k in guest.live if re.fullmatch(r"net\d+", k)):
        number = int(key[3:])
        config = _drives.parse(guest.live.get(f"ipconfig{number}", ""))
        address, _, bits = config.get("ip", "").partition("/")
        if not bits:
            address, bits = f"192.0.2.{guest.vmid % 200 + 20}", "24"
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
    def answer(call: Call) -> Any:
        guest = _reach(call)
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
def command(call: Call) -> Any:
    """The old form: the command is a parameter."""
    name = call.text("command")
    guest = _reach(call)
    reply = _REPLIES.get(("GET", name)) or _REPLIES.get(("POST", name), _nothing)
    return reply(call, guest)
