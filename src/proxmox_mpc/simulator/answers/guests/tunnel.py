"""mtunnel: where guests come in from another cluster. The other side sends commands, one JSON object per message:
`version`, `disk` (make a volume), `config`, `start`, `unlock`, `quit`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from proxmox_mpc.simulator import _tickets
from proxmox_mpc.simulator._call import Call, Socket
from proxmox_mpc.simulator._errors import ApiError, as_task_text, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work, unwatched
from proxmox_mpc.simulator.answers.guests import _incoming, _volumes
from proxmox_mpc.simulator.answers.lxc import power as containers
from proxmox_mpc.simulator.answers.qemu import power as machines
from proxmox_mpc.simulator.consoles.channel import first_of
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest, Kind
from proxmox_mpc.simulator.state.tunnel import Tunnel

# The version of the commands, as PVE counts it (9.1).
API = 2
# So long somebody may take to connect.
_PATIENCE_S = 10
_MAY_HOLD = "Datastore.AllocateSpace"


def _register(kind: Kind) -> None:
    @answers("POST", f"/nodes/{{node}}/{kind}/{{vmid}}/mtunnel")
    def open_tunnel(call: Call) -> Any:
        cluster, node = call.cluster, call.node.name
        if call.vmid in cluster.guests:
            die(f"VM {call.vmid} already exists on node '{cluster.guests[call.vmid].node}'")
        for storage in call.items("storages"):
            cluster.storage(storage)
            call.need(f"/storage/{storage}", _MAY_HOLD)
            if not cluster.is_on(storage, node):
                die(f"storage '{storage}' is not available on node '{node}'")
        for bridge in call.items("bridges"):
            if not cluster.has_bridge(node, bridge):
                die(f"bridge '{bridge}' does not exist")
        made = Tunnel(Guest(call.vmid, kind, node, born=cluster.now()), call.user, call.items("storages"))
        made.guest.live["lock"] = "create"
        path = f"/run/qemu-server/{call.vmid}.mtunnel"
        cluster.guests[call.vmid] = made.guest
        cluster.tunnels[path] = made

        async def work(work: Work) -> None:
            try:
                work.log("mtunnel started")
                waiting = cluster.clock.until(cluster.now() + _PATIENCE_S)
                await first_of(made.connected.wait(), made.ended.wait(), waiting)
                if not made.connected.is_set():
                    die("connection timed out")
                await made.ended.wait()
                if not made.is_complete:
                    die("mtunnel exited unexpectedly")
                work.log("mtunnel exited")
            finally:
                cluster.tunnels.pop(path, None)
                made.ended.set()
                if not made.is_complete:
                    _clean_up(cluster, made)

        ticket = _tickets.make_vnc_ticket(cluster, call.user, f"/socket/{path}")
        upid = call.fork("qmtunnel" if kind == "qemu" else "vzmtunnel", call.vmid, work)
        return {"socket": path, "ticket": ticket, "upid": upid}

    @answers("GET", f"/nodes/{{node}}/{kind}/{{vmid}}/mtunnelwebsocket")
    def connect(call: Call) -> Socket:
        path = call.text("socket")
        if not _tickets.is_vnc_ticket(call.cluster, call.text("ticket"), call.user, f"/socket/{path}"):
            raise ApiError(401, "permission denied - invalid PVEVNC ticket\n")
        tunnel = call.cluster.tunnels.get(path)
        if tunnel is None or tunnel.guest.vmid != call.vmid or tunnel.connected.is_set():
            die(f"connect to '{path}' failed: No such file or directory")

        async def serve(socket: web.WebSocketResponse) -> None:
            if tunnel.connected.is_set():
                # Two came at the same time; the other one was first.
                return
            tunnel.connected.set()
            try:
                await first_of(_serve(call, tunnel, socket), tunnel.ended.wait())
            finally:
                tunnel.ended.set()

        return Socket({"socket": path}, serve)


def _clean_up(cluster: Cluster, tunnel: Tunnel) -> None:
    for volid in tunnel.volumes:
        _volumes.remove(cluster, volid, tunnel.guest.node)
    cluster.forget_guest(tunnel.guest.vmid)
    cluster.note_change()


async def _serve(call: Call, tunnel: Tunnel, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            asked = json.loads(message.data)
            answer = await _COMMANDS[asked["cmd"]](call, tunnel, asked)
            await socket.send_json({"success": 1, **answer})
        except ApiError as error:
            await socket.send_json({"success": 0, "msg": as_task_text(error)})
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            await socket.send_json({"success": 0, "msg": "unknown command, or one that lacks something"})
        if tunnel.is_complete:
            return


Answer = Awaitable[dict[str, Any]]


async def _version(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"api": API, "age": 0}


async def _disk(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    cluster, guest, storage = call.cluster, tunnel.guest, str(asked["storage"])
    if storage not in tunnel.storages:
        die(f"storage '{storage}' was not asked for")
    if (size := int(asked["size"])) <= 0:
        die(f"invalid size '{size}'")
    form = str(asked["format"])
    form = form if form in _volumes.formats_of(cluster, storage) else _volumes.default_format(cluster, storage)
    stem = f"vm-{guest.vmid}-cloudinit" if asked.get("cloudinit") else ""
    volid = _volumes.allocate(unwatched(cluster), storage, guest.node, guest.vmid, form, size, stem=stem)
    made = cluster.volume(volid, guest.node)
    if made is not None:
        made.has_os, made.used = bool(asked.get("has_os")), int(asked.get("used", made.used))
    tunnel.volumes.append(volid)
    return {"volid": volid}


async def _config(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    guest = tunnel.guest
    live = _incoming.check(call, tunnel, conf_file.read(str(asked["conf"])))
    guest.conf = conf_file.Conf({**live, "lock": "migrate"})
    guest.touch()
    return {}


async def _start(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    guest = tunnel.guest
    guest.live.pop("lock", None)
    start = machines.start if guest.is_qemu else containers.start
    await start(unwatched(call.cluster), guest)
    return {}


async def _unlock(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    tunnel.guest.live.pop("lock", None)
    tunnel.guest.touch()
    return {}


async def _quit(call: Call, tunnel: Tunnel, asked: Mapping[str, Any]) -> dict[str, Any]:
    tunnel.is_complete = "lock" not in tunnel.guest.live
    call.cluster.note_change()
    return {}


_COMMANDS: Mapping[str, Callable[[Call, Tunnel, Mapping[str, Any]], Answer]] = {
    "version": _version, "disk": _disk, "config": _config, "start": _start, "unlock": _unlock, "quit": _quit,
}  # fmt: skip

_register("qemu")
_register("lxc")
