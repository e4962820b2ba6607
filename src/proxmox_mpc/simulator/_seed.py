"""Plants a seed file in a cluster: nodes, storages, files, pools, users and guests that somebody wrote down.

The format is described in `docs/simulator.md`. Guests may be given as `config` (keys and values) or as `conf` (the
text of a PVE configuration file). Volumes that a configuration names are made, so that the guest can start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from proxmox_mpc.simulator.presets import empty
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.access import Group, Rule, Token, User, hash_password
from proxmox_mpc.simulator.state.cluster import Cluster, Node, Pool
from proxmox_mpc.simulator.state.conf import Conf
from proxmox_mpc.simulator.state.disks import Device, Disk, Space, installed
from proxmox_mpc.simulator.state.guest import Guest, Run
from proxmox_mpc.simulator.state.storage import GIB, Volume, parse_name, parse_size

# What a volume holds when its configuration line does not say how large it is.
_UNKNOWN_SIZE = 4 * GIB


def read(path: Path) -> Any:
    """A seed file's content. Raises ValueError that says what is wrong with the file."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise ValueError(f"the seed {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"the seed {path} is not JSON: {error}") from None


def plant(cluster: Cluster, seed: Mapping[str, Any]) -> None:
    """Add everything that the seed names; what is there already under the same name is replaced.

    A seed with `nodes` replaces the preset's nodes, guests and volumes altogether. Its `requests` are not sent here
    but when the simulator starts (`_replay.py`).
    """
    cluster.reachable += seed.get("reachable", ())
    if "name" in seed:
        cluster.name = seed["name"]
    if "nodes" in seed:
        cluster.nodes.clear()
        cluster.guests.clear()
        cluster.volumes.clear()
    for given in seed.get("nodes", ()):
        _add_node(cluster, {"name": given} if isinstance(given, str) else given)
    if "ceph" in seed:
        # Its software; the rest is made by requests, as on real nodes.
        cluster.ceph.installed = list(cluster.nodes) if seed["ceph"] is True else list(seed["ceph"])
    if seed.get("storages"):
        cluster.storages.clear()
    for given in seed.get("storages", ()):
        _add_storage(cluster, given)
    for given in seed.get("files", ()):
        _add_file(cluster, given)
    _add_access(cluster, seed)
    for given in seed.get("guests", ()):
        _add_guest(cluster, given)
    for given in seed.get("pools", ()):
        pool: Mapping[str, Any] = {"poolid": given} if isinstance(given, str) else given
        members = [int(v) for v in pool.get("guests", ())]
        cluster.pools[pool["poolid"]] = Pool(pool.get("comment", ""), members, list(pool.get("storages", ())))


def _add_node(cluster: Cluster, given: Mapping[str, Any]) -> None:
    number = len(cluster.nodes) + 11
    address = given.get("address", f"192.0.2.{number}")
    booted = cluster.now() - given.get("uptime", 86_400)
    node = Node(given["name"], address, booted=booted, interfaces=empty.interfaces(address))
    if "used" in given:
        cluster.files.setdefault("sizes", {}).setdefault("/", {})[node.name] = {"used": given["used"]}
    for key in ("cpus", "memory", "disk", "online", "interfaces", "devices", "usb"):
        if key in given:
            setattr(node, key, given[key])
    if "disks" in given:
        node.disks = [_disk(row) for row in given["disks"]]
        node.spaces = [Space(**row) for row in given.get("spaces", ())]
    else:
        node.disks, node.spaces = installed(node.name, node.disk, empty.DATA)
    for bridge in given.get("bridges", ()):
        node.interfaces.setdefault(bridge, {**node.interfaces["vmbr0"], "bridge_ports": ""})
    cluster.nodes[node.name] = node


def _disk(given: Mapping[str, Any]) -> Disk:
    return Disk(**{**given, "partitions": [Device(**part) for part in given.get("partitions", ())]})


def _add_storage(cluster: Cluster, given: Mapping[str, Any]) -> None:
    plain = {k: _text(v) for k, v in given.items() if k not in ("storage", "total", "sizes")}
    cluster.storages[given["storage"]] = plain
    sizes = {"total": given["total"]} if "total" in given else {}
    if sizes or "sizes" in given:
        cluster.files.setdefault("sizes", {})[given["storage"]] = {**sizes, **given.get("sizes", {})}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _add_file(cluster: Cluster, given: Mapping[str, Any] | str) -> None:
    entry = {"volid": given} if isinstance(given, str) else given
    nodes = [entry["node"]] if "node" in entry else list(cluster.nodes)
    for node in nodes:
        _add_volume(cluster, entry["volid"], node, int(entry.get("size", 0)) or 100 * 1024**2, entry)


def _add_volume(
    cluster: Cluster, volid: str, node: str, size: int, known: Mapping[str, Any] = MappingProxyType({})
) -> None:
    storage, _, name = volid.partition(":")
    if storage not in cluster.storages:
        return
    parsed = parse_name(cluster.storages[storage]["type"], name)
    if parsed is None or name in cluster.shelf(storage, node):
        return
    cluster.shelf(storage, node)[name] = Volume(
        name, parsed.content, parsed.format, size, float(known.get("ctime", cluster.now())), parsed.vmid,
        used=int(known.get("used", size // 4)), has_os=True, parent=parsed.base, notes=known.get("notes", ""),
        protected=bool(known.get("protected", False)),
    )  # fmt: skip


def _add_access(cluster: Cluster, seed: Mapping[str, Any]) -> None:
    access = cluster.access
    for given in seed.get("users", ()):
        password = given.get("password", "")
        texts = {k: v for k, v in given.items() if k in ("comment", "email", "firstname", "lastname", "keys")}
        user = User(bool(given.get("enable", True)), int(given.get("expire", 0)), fields=texts)
        user.password = hash_password(password) if password else ""
        for token in given.get("tokens", ()):
            user.tokens[token["tokenid"]] = Token(token["secret"], privsep=bool(token.get("privsep", True)))
        access.users[given["userid"]] = user
    for given in seed.get("groups", ()):
        access.groups[given["groupid"]] = Group(given.get("comment", ""), list(given.get("users", ())))
    for given in seed.get("roles", ()):
        access.roles[given["roleid"]] = list(given["privs"])
    for given in seed.get("acl", ()):
        access.rules.append(
            Rule(given["path"], given["type"], given["ugid"], given["roleid"], bool(given.get("propagate", True)))
        )


def _add_guest(cluster: Cluster, given: Mapping[str, Any]) -> None:
    node = given.get("node") or next(iter(cluster.nodes))
    conf = conf_file.read(given["conf"]) if "conf" in given else _conf(given)
    guest = Guest(int(given["vmid"]), given["type"], node, conf)
    for section in (conf.live, conf.pending, *conf.snapshots.values()):
        for key, text in section.items():
            if guest.is_volume_key(key) or key.startswith("unused"):
                _add_drive(cluster, text, node)
    for section in conf.snapshots.values():
        section.setdefault("snaptime", str(int(cluster.now())))
    if given.get("status") == "running":
        guest.run = Run(cluster.now() - float(given.get("uptime", 0)), cluster.next_pid())
    cluster.guests[guest.vmid] = guest


def _conf(given: Mapping[str, Any]) -> Conf:
    snapshots = {name: _texts(section) for name, section in given.get("snapshots", {}).items()}
    return Conf(_texts(given["config"]), _texts(given.get("pending", {})), snapshots)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: _text(value) for key, value in values.items()}


def _add_drive(cluster: Cluster, text: str, node: str) -> None:
    parts = text.split(",")
    volid = next((p.removeprefix("file=").removeprefix("volume=") for p in parts if ":" in p), "")
    size = next((p.removeprefix("size=") for p in parts if p.startswith("size=")), "")
    if ":" in volid and not volid.startswith("/"):
        try:
            wanted = parse_size(size) if size else _UNKNOWN_SIZE
        except ValueError:
            wanted = _UNKNOWN_SIZE
        _add_volume(cluster, volid, node, wanted)
