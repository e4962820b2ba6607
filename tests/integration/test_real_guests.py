"""Configurations that real servers have answered: read, written down, and sent back, they mean what they meant."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from proxmox_mpc.actions._views import manifest
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import UNKNOWN_KEYS, Live
from proxmox_mpc.pve import Facts, Parameter
from tests.lab import Lab, lab

# What GET config adds to what is configured.
ADDED = ("digest", "lock")
# Property strings that the API's table only names, and the part that may stand bare in them.
BARE = {
    "pve-qm-boot": "legacy", "pve-qm-rng": "source", "pve-qm-watchdog": "model", "pve-vm-cpu-conf": "cputype",
    "pve-qm-hostpci": "host", "pve-qemu-sev-fmt": "type", "pve-startup-order": "order", "pve-qm-ipconfig": "",
    "pve-qm-cicustom": "",
}  # fmt: skip
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def answered(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and config of every guest that the recordings answered; what only was so for a test is left out."""
    for file in sorted(folder.glob("golden/*/*.json")):
        told = json.loads(file.read_text())
        for step in told["steps"]:
            match = re.fullmatch(r"/nodes/[^/]+/(qemu|lxc)/[^/]+/config", step.get("path", "").partition("?")[0])
            data = (step["response"].get("body") or {}).get("data") if match else None
            if match and step["method"] == "GET" and isinstance(data, dict):
                yield match[1], f"{told['name']}, {step['id']}", data
    for file in sorted(folder.glob("recorded/*/*/GET-nodes-node-*-vmid-config-200.*.json")):
        data = json.loads(file.read_text())["body"]["data"]
        yield file.parent.name, str(file.relative_to(folder)), data


def meaning(parameter: Parameter, text: object) -> Any:
    """What a value says, by the API's own table and without our codecs."""
    raw = str(text).strip()
    if isinstance(text, dict) or parameter.parts:
        return {name: value for name, value in parts(parameter, raw).items() if value not in ("", "ignored")}
    if parameter.type == "boolean":
        return raw in ("1", "on", "yes", "true")
    if parameter.type in ("integer", "number"):
        return float(raw)
    if parameter.format == "disk-size":
        number, unit = re.fullmatch(r"([\d.]+)([KMGT]?)", raw).groups()  # type: ignore[union-attr]
        return float(number) * UNITS[unit]
    if parameter.format in ("pve-tag-list", "pve-hotplug-features"):
        return sorted(set(re.split(r"[,; ]+", raw.lower())))
    if parameter.format == "urlencoded":
        return unquote(raw).split()
    if parameter.format == "pve-qm-smbios1":
        return smbios(raw)
    if parameter.format in BARE:
        return dict(
            piece.split("=", 1) if "=" in piece else (BARE[parameter.format], piece) for piece in raw.split(",")
        )
    return raw


def parts(parameter: Parameter, raw: str) -> dict[str, Any]:
    default = next((name for name, part in parameter.parts.items() if part.default_key), "")
    said: dict[str, Any] = {}
    for piece in raw.split(","):
        name, equals, value = piece.partition("=")
        if not equals or name not in parameter.parts:
            name, value = default or piece, piece
        if name in parameter.parts and (alias := parameter.parts[name].alias):
            if key := parameter.parts[name].key_alias:
                said[key] = name
            name = alias
        said[name] = meaning(parameter.parts[name], value) if name in parameter.parts else value
    if said.get("media") == "cdrom":
        said.pop("size", None)  # PVE looks it up
    if said.get("media") == "disk":
        said.pop("media")
    return said


def smbios(raw: str) -> dict[str, str]:
    said = dict(piece.split("=", 1) for piece in raw.split(","))
    if said.pop("base64", "0") == "1":
        return {n: v if n == "uuid" else base64.b64decode(v).decode() for n, v in said.items()}
    return said


def checked(live: Live) -> int:
    """Compare a guest's config with what its fields are written as; answers how many keys it has."""
    kind = find_kind(live.key.kind)
    api = kind.driver.api  # type: ignore[attr-defined]
    known = {k: v for k, v in live.raw.items() if k not in kind.schema.ignored and str(v).strip()}
    unknown = str(live.facts.get(UNKNOWN_KEYS, "")).split(", ")
    spec = kind.schema.nest({p: v for p, v in live.fields.items() if not p.startswith("metadata.")}, slim=False)
    assert not {word for word in ("options",) if word in spec} or set(spec["options"]) <= {"bootdisk"}, spec["options"]
    fields, secrets = kind.schema.flatten(kind.model.model_validate(spec))
    written = kind.schema.encode(api.lower(fields), secrets)
    for key, raw in known.items():
        if key in unknown or key == "cipassword":
            continue
        tables = (Facts.load(version).parameter("PUT", api.path("/config"), key) for version in ("9.1", "8.4"))
        parameter = next(found for found in tables if found is not None)
        assert key in written, (key, raw)
        assert meaning(parameter, raw) == meaning(parameter, written[key]), (key, raw, written[key])
    return len(known)


async def settled(it: Lab, live: Live) -> None:
    """What the guest is, written down, plans to nothing."""
    document = manifest(find_kind(live.key.kind), live)
    document["spec"] = {**document.get("spec", {}), "vmid": live.identity["vmid"]}
    plan = await it.plan(yaml.safe_dump(document, allow_unicode=True))
    assert plan.is_empty, (dict(live.raw), [(s.changes, s.refusal) for s in plan.work])


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_every_answered_config_means_the_same_written_down(ground_truth: Path, version: str) -> None:
    guests = []
    for vmid, (type_, name, data) in enumerate(answered(ground_truth), 20_000):
        config = {k: v for k, v in data.items() if k not in ADDED and not isinstance(v, dict | list)}
        word = "name" if type_ == "qemu" else "hostname"
        guests.append({"vmid": vmid, "type": type_, "node": "pve-node1", "config": {**config, word: f"g{vmid}"}})
        assert name
    async with lab(seed={"guests": guests}, pve_version=version) as it:
        lives = [v for kind in ("vm", "vmt", "ct") for v in await it.lives(kind) if v.identity["vmid"] >= 20_000]
        assert len(lives) == len(guests) >= 100
        assert sum(checked(live) for live in lives) >= 800
        for live in lives:
            await settled(it, live)
        assert it.writes() == []


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_every_real_config_file_means_the_same_written_down(ground_truth: Path, version: str) -> None:
    texts = [path.read_text() for path in sorted((ground_truth / "configs" / "qemu").glob("*.conf"))]
    guests = [{"vmid": 20_000 + n, "type": "qemu", "node": "pve-node1", "conf": text} for n, text in enumerate(texts)]
    async with lab(seed={"guests": guests}, pve_version=version) as it:
        lives = [v for kind in ("vm", "vmt") for v in await it.lives(kind) if v.identity["vmid"] >= 20_000]
        assert len(lives) == len(texts) >= 100
        assert sum(checked(live) for live in lives) >= 800


STRANGE = [
    {
        "vmid": 150,
        "type": "qemu",
        "node": "pve-node1",
        "conf": "name: strange\nwarp: 9\nscsi0: local-lvm:vm-150-disk-0,size=8G,quantum=yes\n",
    },
    {
        "vmid": 151,
        "type": "lxc",
        "node": "pve-node1",
        "conf": "hostname: strange\nrootfs: local-lvm:vm-151-disk-0,size=2G,quantum=yes\nlxc.apparmor.profile: unconfined\n",
    },
]


@pytest.mark.parametrize(
    ("kind", "key", "disk", "home"), [("vm", "warp", "scsi0", "disks"), ("ct", "lxc", "rootfs", "")]
)
async def test_what_nobody_knows_stays_and_is_shown(kind: str, key: str, disk: str, home: str) -> None:
    async with lab(seed={"guests": STRANGE}) as it:
        live = await it.live(kind, "strange")
        assert live.facts[UNKNOWN_KEYS] == key
        document = manifest(find_kind(kind), live)
        spec = document["spec"]
        assert key not in spec.get("options", {})
        part = spec[home][0] if home else spec[disk]
        assert part["options"] == {"quantum": "yes"}
        await settled(it, live)
        spec["onboot"] = True
        await it.apply(yaml.safe_dump(document), adopt=True)
        after = await it.live(kind, "strange")
        assert after.raw["onboot"] == 1
        assert {name: after.raw[name] for name in (key, disk)} == {name: live.raw[name] for name in (key, disk)}
        part["replicate"] = False
        with pytest.raises(InvalidInput, match="quantum"):
            await it.plan(yaml.safe_dump(document))  # PVE takes no such part, so the others cannot be changed either
