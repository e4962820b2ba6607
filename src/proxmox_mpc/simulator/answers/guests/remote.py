"""Migration to another cluster: real to one on this machine, through its API; no other can be reached."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _removal
from proxmox_mpc.simulator.answers.storage import _fetch
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.guest import Guest

# Bytes per second over a gigabit link.
_LINK_SPEED = 110e6
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=5)
Pairs = Mapping[str, str]


@dataclass(frozen=True)
class Endpoint:
    """The other cluster's address, token and certificate's fingerprint, as `target-endpoint` says them."""

    host: str
    port: str
    token: str
    fingerprint: str

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}/api2/json"


class Remote:
    """The other cluster's API."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        self.session, self.endpoint = session, endpoint
        pinned = bytes.fromhex(endpoint.fingerprint.replace(":", ""))
        self.trust: dict[str, Any] = {"ssl": aiohttp.Fingerprint(pinned) if pinned else True}
        self.headers = {"Authorization": endpoint.token}

    async def ask(self, verb: str, path: str, **form: str) -> Any:
        async with self.session.request(
            verb, self.endpoint.url + path, headers=self.headers, data=form or None, allow_redirects=False, **self.trust
        ) as answer:
            body = await answer.json(content_type=None) if answer.status != 401 else {}
            if answer.status != 200:
                die(f"error - {answer.status} {answer.reason}")
            return body["data"]


def _pairs(call: Call, parameter: str) -> dict[str, str]:
    """`a:b` maps a to b, a single name all others to it, and `1` all to themselves."""
    pairs: dict[str, str] = {}
    for one in call.items(parameter):
        source, colon, target = one.partition(":")
        pairs[source if colon else ""] = target if colon else "" if source == "1" else source
    return pairs


def _mapped(pairs: Pairs, name: str) -> str:
    return pairs.get(name) or pairs.get("") or name


@answers("POST", "/nodes/{node}/qemu/{vmid}/remote_migrate", "/nodes/{node}/lxc/{vmid}/remote_migrate")
def migrate(call: Call) -> str:
    guest = _guest.of(call)
    _guest.check_lock(guest)
    if _ha.is_managed(call.cluster, guest):
        die("cannot migrate HA-managed guest to remote cluster")
    if guest.is_running and not call.flag("online") and not call.flag("restart"):
        die(f"can't migrate running {guest.word} without --online" + ("" if guest.is_qemu else " or --restart"))
    parts = _drives.parse(call.text("target-endpoint"), "")
    token = parts.get("apitoken", "")
    endpoint = Endpoint(parts.get("host", ""), parts.get("port", "8006"), token, parts.get("fingerprint", ""))

    async def work(work: Work) -> None:
        work.log(f"remote: started tunnel worker for {guest.word} {guest.vmid} at {endpoint.host}")
        if not _fetch.is_local(endpoint.url):
            die(f"Failed to establish connection to remote host: Can't connect to {endpoint.host}:{endpoint.port}")
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, _guest.held(call.cluster, guest):
                _guest.check_lock(guest)
                await _hand_over(work, call, guest, Remote(session, endpoint))
        except aiohttp.ServerFingerprintMismatch:
            die("Failed to establish connection to remote host: fingerprint mismatch")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            die(f"Failed to establish connection to remote host: {error}")

    return call.fork("qmigrate" if guest.is_qemu else "vzmigrate", guest.vmid, work)


async def _hand_over(work: Work, call: Call, guest: Guest, remote: Remote) -> None:
    if work.cluster.host and guest.is_qemu:
        die("what QEMU really runs cannot be handed over: the content of its disks is not sent")
    storages, bridges = _pairs(call, "target-storage"), _pairs(call, "target-bridge")
    if guest.conf.snapshots:
        die(f"can't migrate {guest.word} {guest.vmid} with snapshots to another cluster")
    nodes = await remote.ask("GET", "/cluster/status")
    node = next(row["name"] for row in nodes if row["type"] == "node" and row.get("local"))
    vmid = call.number("target-vmid", guest.vmid)
    wanted = {key: _mapped(storages, _storage(text)) for key, text in _volumes_of(guest).items()}
    path = f"/nodes/{node}/{guest.kind}/{vmid}"
    there = sorted({_mapped(bridges, name) for name in _bridges(guest)})
    form = {"storages": ",".join(sorted(set(wanted.values()))), "bridges": ",".join(there)}
    opened = await remote.ask("POST", f"{path}/mtunnel", **{k: v for k, v in form.items() if v})
    url = f"{remote.endpoint.url}{path}/mtunnelwebsocket"
    query = {"socket": opened["socket"], "ticket": opened["ticket"]}
    async with remote.session.ws_connect(url, params=query, headers=remote.headers, **remote.trust) as socket:

        async def tell(cmd: str, **values: Any) -> dict[str, Any]:
            await socket.send_json({"cmd": cmd, **values})
            answer: dict[str, Any] = json.loads(await socket.receive_str())
            if not answer.get("success"):
                die(f"remote: {answer.get('msg')}")
            return answer

        version = await tell("version")
        work.log(f'tunnel: -> sending command "version" to remote, got api {version["api"]}')
        live = dict(guest.live)
        for key, storage in wanted.items():
            live[key] = await _send_volume(work, guest, key, storage, tell)
        for key in [k for k in live if re.fullmatch(r"net\d+", k)]:
            live[key] = re.sub(r"bridge=([^,]+)", lambda m: f"bridge={_mapped(bridges, m[1])}", live[key])
        await tell("config", conf=conf_file.write(conf_file.Conf(live)))
        before, guest.run = guest.run, None
        try:
            await tell("start" if before else "unlock")
            await tell("quit")
        except BaseException:
            guest.run = before
            raise
    work.log(f"{guest.word} {guest.vmid} is now {vmid} on node '{node}' at {remote.endpoint.host}")
    if call.flag("delete"):
        _removal.remove(work, guest, call)
    work.cluster.note_change()


def _storage(text: str) -> str:
    return _drives.parse_volume(text).partition(":")[0]


def _volumes_of(guest: Guest) -> dict[str, str]:
    """The disks and mount points that go along; ISO images stay."""
    return {
        key: text
        for key, text in guest.live.items()
        if (guest.is_volume_key(key) or re.fullmatch(r"unused\d+", key))
        and ":" in _drives.parse_volume(text)
        and not _drives.is_cdrom(text, but_not_cloudinit=True)
    }


def _bridges(guest: Guest) -> set[str]:
    found = (re.search(r"bridge=([^,]+)", text) for key, text in guest.live.items() if key.startswith("net"))
    return {match[1] for match in found if match}


async def _send_volume(work: Work, guest: Guest, key: str, storage: str, tell: Any) -> str:
    """Make the volume there, take the time that its content needs, and answer the drive's new text."""
    text = guest.live[key]
    volid = _drives.parse_volume(text)
    volume = work.cluster.volume(volid, guest.node)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    made = await tell(
        "disk", storage=storage, size=volume.size, format=volume.format, has_os=volume.has_os, used=volume.used,
        cloudinit=_drives.is_cloudinit(text),
    )  # fmt: skip
    work.log(f"volume '{volid}' is '{made['volid']}' on the remote cluster")
    await work.takes(volume.used / _LINK_SPEED)
    return text.replace(volid, made["volid"])
