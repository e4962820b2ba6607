"""Random wishes: manifests as a person could write them, and what they may become later. A seed makes the same ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

NODES = ("pve-node1", "pve-node2", "pve-node3")
NAMESPACES = ("default", "tier")
HEAD = {"apiVersion": "proxmox.io/v1"}


@dataclass(frozen=True)
class Wish:
    """What shall be there, by kind and name."""

    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n---\n".join(json.dumps(document) for document in self.documents.values())

    def guests(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {key: doc for key, doc in self.documents.items() if key[0] in ("VirtualMachine", "Container")}


def made(dice: Random) -> Wish:
    """A first wish: some guests, and some of what stands around them."""
    wish = Wish()
    for number in range(dice.randint(2, 5)):
        wish = _with(wish, _guest(dice, number))
    for make in dice.sample([_storage, _group, _alias, _pool], dice.randint(0, 3)):
        wish = _with(wish, make(dice))
    return wish


def changed(wish: Wish, dice: Random, turn: int) -> Wish:
    """What somebody wants next: more, less, and other than before. Names are not used twice."""
    documents = dict(wish.documents)
    for key in list(documents):
        if dice.random() < 0.2:
            del documents[key]
        elif dice.random() < 0.6:
            documents[key] = _other(documents[key], dice)
    wish = replace(wish, documents=documents)
    for number in range(10 * turn, 10 * turn + dice.randint(0, 2)):
        wish = _with(wish, _guest(dice, number))
    return wish if wish.documents else _with(wish, _guest(dice, 10 * turn))


def _with(wish: Wish, document: dict[str, Any]) -> Wish:
    key = (document["kind"], document["metadata"]["name"])
    return replace(wish, documents={**wish.documents, key: {**HEAD, **document}})


def _guest(dice: Random, number: int) -> dict[str, Any]:
    metadata = {"name": f"guest-{number}", "namespace": dice.choice(NAMESPACES)}
    spec: dict[str, Any] = {"memory": dice.choice([64, 128, 256])}
    if dice.random() < 0.7:
        spec["node"] = dice.choice(NODES)
    if dice.random() < 0.4:
        spec["state"] = dice.choice(["running", "stopped"])
    if dice.random() < 0.3:
        spec["tags"] = dice.sample(["a", "b", "c"], 2)
    if dice.random() < 0.2:
        spec |= {
            "ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst",
            "rootfs": {"storage": "local-lvm", "size": "1G"},
            "node": "pve-node1",
        }
        return {"kind": "Container", "metadata": metadata, "spec": spec}
    spec["cpu"] = {"cores": dice.randint(1, 4)}
    if dice.random() < 0.4:
        spec |= {"template": "debian-12-template", "clone": dice.choice(["full", "linked"])}
        if spec["clone"] == "linked":
            spec["node"] = "pve-node1"  # where the template is, on a storage that is not shared
    else:
        sizes = [f"{dice.randint(1, 3)}G" for _ in range(dice.randint(1, 2))]
        spec["disks"] = [{"slot": f"scsi{n}", "storage": "local-lvm", "size": size} for n, size in enumerate(sizes)]
        spec["networks"] = [{"bridge": "vmbr0"}]
    return {"kind": "VirtualMachine", "metadata": metadata, "spec": spec}


def _other(document: dict[str, Any], dice: Random) -> dict[str, Any]:
    spec = dict(document["spec"])
    if document["kind"] not in ("VirtualMachine", "Container"):
        word = "description" if document["kind"] == "Storage" else "comment"
        return {**document, "spec": {**spec, **({word: f"said {dice.randint(1, 99)}"} if word == "comment" else {})}}
    if dice.random() < 0.7:
        spec["memory"] = dice.choice([96, 160, 320])
    if "cpu" in spec and dice.random() < 0.5:
        spec["cpu"] = {"cores": dice.randint(1, 4)}
    if len(spec.get("disks", ())) > 1 and dice.random() < 0.2:
        spec["disks"] = spec["disks"][:1]
    if "disks" in spec and dice.random() < 0.2:
        spec["disks"] = [{**disk, "storage": dice.choice(["local", "local-lvm"])} for disk in spec["disks"]]
    if "disks" in spec and dice.random() < 0.4:
        spec["disks"] = [{**disk, "size": f"{int(disk['size'][:-1]) + 1}G"} for disk in spec["disks"]]
    if dice.random() < 0.3:
        spec["description"] = f"changed {dice.randint(1, 99)}"
    if dice.random() < 0.3:
        spec["state"] = dice.choice(["running", "stopped"])
    if dice.random() < 0.2:
        spec["tags"] = dice.sample(["a", "b", "c", "d"], 2)
    return {**document, "spec": spec}


def _storage(dice: Random) -> dict[str, Any]:
    spec = {"type": "dir", "path": "/srv/archive", "content": dice.choice([["iso"], ["backup"], ["iso", "backup"]])}
    return {"kind": "Storage", "metadata": {"name": "archive"}, "spec": spec}


def _group(dice: Random) -> dict[str, Any]:
    return {"kind": "Group", "metadata": {"name": "ops"}, "spec": {"comment": f"number {dice.randint(1, 99)}"}}


def _alias(dice: Random) -> dict[str, Any]:
    spec = {"cidr": f"10.0.{dice.randint(1, 99)}.0/24", "comment": "made"}
    return {"kind": "FirewallAlias", "metadata": {"name": "cluster/office"}, "spec": spec}


def _pool(dice: Random) -> dict[str, Any]:
    return {"kind": "Pool", "metadata": {"name": "spare"}, "spec": {"comment": f"number {dice.randint(1, 99)}"}}
