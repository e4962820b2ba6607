"""Shells of nodes: a terminal that looks like one. Nothing that is typed there is executed anywhere."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import deny
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers import _console
from proxmox_mpc.simulator.consoles import font, rfb
from proxmox_mpc.simulator.consoles.channel import Channel
from proxmox_mpc.simulator.consoles.console import Console

_NODE = "/nodes/{node}/"

# Where PVE's own SPICE proxy listens, and the first port behind it (PVE::APIServer, 9.1).
_SPICE_PROXY, _SPICE_PORT = 3128, 61000


def _check(call: Call) -> None:
    """Shells are for users of the operating system; what changes the node is for root."""
    user = call.user.partition("!")[0]
    if user.rpartition("@")[2] != "pam":
        deny("realm != pam")
    if call.text("cmd", "login") != "login" and user != "root@pam":
        deny("user != root@pam")


def _shell(call: Call) -> Console:
    """root@pam is in at once, everybody else is asked who he is; `ceph_install` installs Ceph when somebody looks."""
    installed = call.cluster.ceph.installed
    if call.text("cmd") == "ceph_install" and call.node.name not in installed:
        installed.append(call.node.name)
    console = Console()
    console.boot(call.node.name, user="root" if call.user == "root@pam" else "")
    return console


def _path(call: Call) -> str:
    return f"/nodes/{call.node.name}"


@answers("POST", _NODE + "vncshell")
def display(call: Call) -> Any:
    _check(call)
    path = _path(call)
    ticket = _tickets.make_vnc_ticket(call.cluster, call.user, path)

    async def serve(channel: Channel) -> None:
        console = _shell(call)
        if "width" in call.params:
            console.screen.resize(call.number("width") // font.CELL_WIDTH, call.number("height") // font.CELL_HEIGHT)
        await rfb.serve(channel, console, ticket, f"Shell on '{call.node.name}'")

    return {**_console.offer(call, "vncshell", "", path, ticket, serve), "cert": call.cluster.certificate}


@answers("POST", _NODE + "termproxy")
def terminal(call: Call) -> Any:
    _check(call)
    path = _path(call)

    async def serve(channel: Channel) -> None:
        await _console.serve_terminal(call, channel, _shell(call), path)

    return _console.offer(call, "vncshell", "", path, _tickets.make_vnc_ticket(call.cluster, call.user, path), serve)


@answers("POST", _NODE + "spiceshell")
def spice(call: Call) -> Any:
    """What a SPICE viewer needs to know; no SPICE server is there, so its task ends as when nobody connects."""
    _check(call)
    node, path = call.node, _path(call)

    async def nobody(channel: Channel) -> None:
        return

    ticket = _tickets.make_vnc_ticket(call.cluster, call.user, path)
    _console.offer(call, "spiceshell", "", path, ticket, nobody)
    return {
        "type": "spice",
        "title": f"Shell on '{node.name}'",
        "proxy": f"http://{call.text('proxy') or node.address}:{_SPICE_PROXY}",
        "host": ticket,
        "tls-port": _SPICE_PORT,
        "password": f"{call.cluster.random.getrandbits(80):020x}",
        "ca": call.cluster.certificate.replace("\n", "\\n"),
        "delete-this-file": 1,
        "release-cursor": "Ctrl+Alt+R",
        "toggle-fullscreen": "Shift+F11",
        "secure-attention": "Ctrl+Alt+Ins",
    }


@answers("GET", _NODE + "vncwebsocket")
def websocket(call: Call) -> Any:
    return _console.connect(call, _path(call))
