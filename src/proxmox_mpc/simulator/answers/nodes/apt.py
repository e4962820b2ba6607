"""/nodes/{node}/apt: package repositories, what is installed, what is newer. Nothing is fetched from anywhere."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.nodes import _packages, _repositories
from proxmox_mpc.simulator.answers.nodes._repositories import STANDARD, Standard

_PATH = "/nodes/{node}/apt"
_TAKES_S = 5.0
_STALE = "detected modified configuration - file changed by other user? Try again."


def _files(call: Call) -> dict[str, dict[str, Any]]:
    """The node's repository files by path; a node that nobody changed has those of its installation."""
    kept = call.cluster.files.setdefault(f"apt/{call.node.name}", {})
    if not kept:
        kept.update(copy.deepcopy(_repositories.installed(call.cluster.version)))
    return kept


def _digest(content: object) -> bytes:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


def _find(call: Call, standard: Standard) -> dict[str, Any] | None:
    """The entry of a standard repository, enabled or not."""
    for file in _files(call).values():
        for entry in file["repositories"]:
            if entry["Components"] == [standard.component] and entry["URIs"] == [standard.uri]:
                found: dict[str, Any] = entry
                return found
    return None


@answers("GET", f"{_PATH}/repositories")
def repositories(call: Call) -> Any:
    files, infos = [], []
    for path, file in _files(call).items():
        files.append({"path": path, **file, "digest": list(_digest(file))})
        for index, entry in enumerate(file["repositories"]):
            origin = "Debian" if "debian.example.org" in entry["URIs"][0] else "Proxmox"
            infos.append({"path": path, "index": str(index), "kind": "origin", "message": origin})
    offered = []
    for handle, standard in STANDARD.items():
        entry = _find(call, standard)
        row = {"handle": handle, "name": standard.name}
        offered.append(row if entry is None else {**row, "status": entry["Enabled"]})
    return {
        "files": files, "errors": [], "infos": infos, "standard-repos": offered,
        "digest": _digest(_files(call)).hex(),
    }  # fmt: skip


def _check_digest(call: Call) -> None:
    if "digest" in call.params and call.text("digest") != _digest(_files(call)).hex():
        die(_STALE)


@answers("POST", f"{_PATH}/repositories")
def change(call: Call) -> None:
    """Enable or disable one entry of a file."""
    _check_digest(call)
    file = _files(call).get(call.text("path"))
    if file is None:
        die(f"invalid path '{call.text('path')}'")
    if not 0 <= call.number("index") < len(file["repositories"]):
        die(f"invalid index {call.number('index')}")
    if "enabled" in call.params:
        file["repositories"][call.number("index")]["Enabled"] = int(call.flag("enabled"))


@answers("PUT", f"{_PATH}/repositories")
def add(call: Call) -> None:
    """Add a standard repository; one that is there already is enabled."""
    _check_digest(call)
    handle = call.text("handle")
    if handle not in STANDARD:
        die(f"unknown repository handle '{handle}'")
    entry = _find(call, STANDARD[handle])
    if entry is not None:
        entry["Enabled"] = 1
        return
    path, made = _repositories.make(handle, call.cluster.version)
    file = _files(call).setdefault(path, {"file-type": made["FileType"], "repositories": []})
    file["repositories"].append(made)


def _enabled(call: Call) -> Iterator[str]:
    """The handles of the standard repositories that are in use."""
    for handle, standard in STANDARD.items():
        entry = _find(call, standard)
        if entry is not None and entry["Enabled"]:
            yield handle


def _may_fetch(call: Call, handle: str) -> bool:
    return not handle.endswith("enterprise") or bool(call.node.settings.get("subscription"))


@answers("POST", f"{_PATH}/update")
def refresh(call: Call) -> str:
    async def work(work: Work) -> None:
        work.log("starting apt-get update")
        await work.takes(_TAKES_S)
        refused = [handle for handle in _enabled(call) if not _may_fetch(call, handle)]
        call.node.settings["apt-refreshed"] = str(int(call.cluster.now()))
        for handle in _enabled(call):
            uri = STANDARD[handle].uri
            if handle in refused:
                work.log(f"Err: {uri} InRelease", "  401  Unauthorized")
            else:
                work.log(f"Get: {uri} InRelease")
        if refused:
            die("command 'apt-get update' failed: exit code 100")
        work.log("Reading package lists...")

    return call.fork("aptupdate", "", work)


@answers("GET", f"{_PATH}/update")
def updates(call: Call) -> Any:
    """What is newer, as of the last refresh: Proxmox's packages only if one of its repositories may be used."""
    if "apt-refreshed" not in call.node.settings:
        return []
    sources = {"Debian"} | {"Proxmox" for handle in _enabled(call) if "ceph" not in handle and _may_fetch(call, handle)}
    return [
        {**_packages.row(call.cluster.version, p), "Version": p.newer, "OldVersion": p.version(call.cluster.version)}
        for p in _packages.PACKAGES if p.newer and p.origin in sources
    ]  # fmt: skip


@answers("GET", f"{_PATH}/versions")
def versions(call: Call) -> Any:
    rows = []
    for package in _packages.PACKAGES:
        is_there = package.name != "ceph-fuse" or call.node.name in call.cluster.ceph.installed
        row = {
            **_packages.row(call.cluster.version, package),
            "CurrentState": "Installed" if is_there else "NotInstalled",
        }
        if is_there:
            row["OldVersion"] = row["Version"]
        if package.name == "proxmox-ve":
            row["RunningKernel"] = _packages.KERNEL
        rows.append(row)
    return rows


@answers("GET", f"{_PATH}/changelog")
def changelog(call: Call) -> str:
    name = call.text("name")
    package = next((p for p in _packages.PACKAGES if p.name == name), None)
    if package is None:
        die(f"Unable to locate package {name}")
    version = call.text("version") or package.newer or package.version(call.cluster.version)
    suite = _repositories.SUITES[call.cluster.version]
    return f"{name} ({version}) {suite}; urgency=medium\n\n  * a simulated release\n\n -- The simulator\n"
