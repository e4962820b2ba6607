"""What the guest agent says where no machine really runs: a small Debian, with the toy shell's words for programs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.guests import _addresses, _drives, _vitals
from proxmox_mpc.simulator.answers.qemu import power
from proxmox_mpc.simulator.consoles import toy
from proxmox_mpc.simulator.state.guest import Guest, Run

_BLOCK = 128 << 20
# As much as PVE reads in one go (file-read, 9.1).
_MOST_READ = 16 << 20

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
    return rows


_SYSTEM = {
    "id": "debian",
    "name": "Debian GNU/Linux",
    "pretty-name": "Debian GNU/Linux 12 (bookworm)",
    "version": "12 (bookworm)",
    "version-id": "12",
    "kernel-release": "6.1.0-28-amd64",
    "kernel-version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1",
    "machine": "x86_64",
}


def _processors(call: Call, guest: Guest) -> Any:
    count = range(_vitals.cores(guest, call.cluster))
    return [{"logical-id": n, "online": True, "can-offline": n > 0} for n in count]


def _memory(call: Call, guest: Guest) -> Any:
    count = range(max(1, _vitals.memory(guest) // _BLOCK))
    return [{"phys-index": n, "online": True, "can-offline": True} for n in count]


def _run(guest: Guest) -> Run:
    assert guest.run is not None, "only a running guest's agent answers"
    return guest.run


def _freeze(call: Call, guest: Guest) -> int:
    """How many file systems hold still now."""
    _run(guest).frozen = True
    return 1


def _thaw(call: Call, guest: Guest) -> int:
    run = _run(guest)
    thawed, run.frozen = int(run.frozen), False
    return thawed


def _shutdown(call: Call, guest: Guest) -> Any:
    power.halt(_tasks.unwatched(call.cluster), guest)
    return {}


def _file(guest: Guest, name: str) -> bytes | None:
    made = {"/etc/hostname": f"{guest.name}\n".encode()}
    written = guest.files.get(name)
    return base64.b64decode(written) if written is not None else made.get(name)


def _write(call: Call, guest: Guest) -> None:
    content = call.text("content")
    if call.flag("encode", default=True):
        content = base64.b64encode(content.encode()).decode()
    try:
        base64.b64decode(content, validate=True)
    except binascii.Error:
        die("Agent error: the content is not base64")
    guest.files[call.text("file")] = content


def _read(call: Call, guest: Guest) -> Any:
    name = call.text("file")
    if (content := _file(guest, name)) is None:
        die(f"Agent error: failed to open file '{name}' (mode: 'r'): No such file or directory")
    begin = call.number("offset")
    end = begin + min(call.number("count", _MOST_READ), _MOST_READ)
    part = content[begin:end]
    shown = part.decode(errors="replace") if call.flag("decode", True) else base64.b64encode(part).decode()
    return {"content": shown, "bytes-read": len(part), **({"truncated": 1} if end < len(content) else {})}


def _exec(call: Call, guest: Guest) -> Any:
    """Nothing is executed: the program is one of the toy shell's words, or `cat` of what was written or is typed."""
    program, *words = call.items("command") or [""]
    run, name = _run(guest), program.rpartition("/")[2]
    output: str | None = toy.said(name, words, guest.name, "root")
    code = 0
    if name == "cat":
        found = [_file(guest, word) for word in words] if words else [call.text("input-data").encode()]
        output = "".join(content.decode(errors="replace") for content in found if content is not None)
        code = int(None in found)
    if output is None:
        die(f"Agent error: Failed to execute child process “{program}” (No such file or directory)")
    pid = str(run.next_pid)
    run.next_pid += 1
    run.exited[pid] = {"exited": 1, "exitcode": code, **({"out-data": output} if output else {})}
    return {"pid": int(pid)}


def _status(call: Call, guest: Guest) -> Any:
    """A process that ended is told of once."""
    if (ended := _run(guest).exited.pop(call.text("pid"), None)) is None:
        die("Agent error: Invalid parameter 'pid'")
    return ended


Reply = Callable[[Call, Guest], Any]
# What PVE passes on as `result`, by the method.
REPLIES: dict[tuple[str, str], Reply] = {
    ("POST", "ping"): lambda call, guest: {},
    ("GET", "network-get-interfaces"): _interfaces,
    ("GET", "get-osinfo"): lambda call, guest: _SYSTEM,
    ("GET", "get-host-name"): lambda call, guest: {"host-name": guest.name},
    ("GET", "info"): lambda call, guest: {"version": "7.2.15", "supported_commands": []},
    ("GET", "get-fsinfo"): lambda call, guest: [],
    ("GET", "get-users"): lambda call, guest: [],
    ("GET", "get-time"): lambda call, guest: int(call.cluster.now() * 1e9),
    ("GET", "get-timezone"): lambda call, guest: {"zone": "UTC", "offset": 0},
    ("GET", "get-vcpus"): _processors,
    ("GET", "get-memory-blocks"): _memory,
    ("GET", "get-memory-block-info"): lambda call, guest: {"size": _BLOCK},
    ("POST", "fstrim"): lambda call, guest: {"paths": [{"path": "/", "minimum": 0, "trimmed": 0}]},
    ("POST", "fsfreeze-status"): lambda call, guest: "frozen" if _run(guest).frozen else "thawed",
    ("POST", "fsfreeze-freeze"): _freeze,
    ("POST", "fsfreeze-thaw"): _thaw,
    ("POST", "set-user-password"): lambda call, guest: {},
    ("POST", "shutdown"): _shutdown,
}
# What PVE works on before it answers.
WORKED_ON: dict[tuple[str, str], Reply] = {
    ("POST", "exec"): _exec,
    ("GET", "exec-status"): _status,
    ("GET", "file-read"): _read,
    ("POST", "file-write"): _write,
}
