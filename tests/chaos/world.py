"""A cluster, a home with a store, and what must be true of both when the storm is over."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxmox_mpc.kinds._mark import split_block
from proxmox_mpc.simulator import Simulator
from tests.chaos.child import Hurdle, ask, type_
from tests.chaos.wishes import Wish

TASKS_LAST = 0.01
"""Time scale: a clone of the template lasts a tenth of a second, so that things happen while it runs."""
LONGEST_S = 60
"""A command that takes longer hangs."""
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.chaos.child"])
HALF_MADE = re.compile(r"VMID (\d+) was left half made")


@dataclass
class World:
    """One cluster and whoever acts on it."""

    url: str
    token: str
    folder: Path
    log: Path
    known: dict[int, str] = field(default_factory=dict)
    """Guests that are none of ours, by VMID: they were there before, or the other client made them."""
    kept: set[str] = field(default_factory=set)
    """Volumes that nobody asked to destroy."""
    power: dict[tuple[str, str], str] = field(default_factory=dict)
    """Power states that nobody asked to change."""

    def __call__(self, *words: str, hurdles: list[Hurdle] | None = None) -> int:
        """Type a command; -9 where it was killed."""
        place = {"PROXMOX_MPC_HOME": str(self.folder / "home"), "WORKSPACE": str(self.folder), "TOKEN": self.token}
        token_id, _, secret = self.token.partition("=")
        place |= {"PROXMOX_ENDPOINTS": self.url, "PROXMOX_TOKEN_ID": token_id, "PROXMOX_TOKEN_SECRET": secret}
        self.note(f"$ proxmox-cli {' '.join(words)}")
        process = FORK.Process(target=type_, args=(list(words), place, self.url, hurdles or [], str(self.log)))
        process.start()
        process.join(LONGEST_S)
        if process.is_alive():
            process.kill()
            process.join()
            raise AssertionError(f"proxmox-cli {' '.join(words)} hangs")
        self.note(f"[exit code {process.exitcode}]")
        return process.exitcode if process.exitcode is not None else 1

    def note(self, line: str) -> None:
        with self.log.open("a") as log:
            log.write(f"{line}\n")

    def said(self) -> str:
        return self.log.read_text()

    # -- the cluster's own word ------------------------------------------------------------------------------------

    def api(self, verb: str, path: str, **form: Any) -> Any:
        for left in (3, 2, 1, 0):
            try:
                return ask(verb, f"{self.url}/api2/json{path}", form, token=self.token)["data"]
            except OSError:  # a fault that waits for the next request strikes this one, too
                if verb != "GET" or not left:
                    raise
        raise AssertionError("unreachable")

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self.api("GET", "/cluster/resources") if row["type"] in ("qemu", "lxc")]

    def config(self, row: dict[str, Any]) -> dict[str, Any]:
        return dict(self.api("GET", f"/nodes/{row['node']}/{row['type']}/{row['vmid']}/config"))

    def ours(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Guests that carry a mark of their own, by kind and name."""
        found = {}
        for row in self.rows():
            mark = split_block(str(self.config(row).get("description", "")))[1]
            if mark is not None and mark.vmid == int(row["vmid"]):
                found[mark.key.kind, mark.key.name] = row
        return found

    def volumes(self) -> dict[str, int]:
        """Every volume of guests, on every storage of every node, with the VMID that it is for."""
        found = {}
        for row in self.api("GET", "/cluster/resources"):
            if row["type"] == "storage" and row.get("status") == "available":
                content = self.api("GET", f"/nodes/{row['node']}/storage/{row['storage']}/content")
                images = [item for item in content if item["content"] in ("images", "rootdir") and "vmid" in item]
                found |= {f"{row['node']} {item['volid']}": int(item["vmid"]) for item in images}
        return found

    # -- when the storm is over ------------------------------------------------------------------------------------

    def calm(self) -> None:
        """Nodes come back, locks of others end, tasks come to their end."""
        ask("DELETE", f"{self.url}/simulator/faults", {})
        for row in self.rows():
            if row.get("lock") not in (None, "create", "clone"):
                ask("POST", f"{self.url}/simulator/faults", {"fault": "unlock_guest", "vmid": row["vmid"]})
        ends = time.monotonic() + LONGEST_S
        while time.monotonic() < ends:
            if all("status" in task or "endtime" in task for task in self.api("GET", "/cluster/tasks")):
                return
            time.sleep(0.01)  # the cluster lives in a thread of this process
        tasks = [task for task in self.api("GET", "/cluster/tasks") if "status" not in task and "endtime" not in task]
        raise AssertionError(f"tasks do not end: {tasks}")

    def clear_half_made(self) -> bool:
        """Do what the product said is to be done about guests that a dead node left half made."""
        locked = {int(row["vmid"]): row for row in self.rows() if row.get("lock") in ("create", "clone")}
        told = {int(vmid) for vmid in HALF_MADE.findall(self.said())}
        for vmid in locked.keys() & told:
            row = locked[vmid]
            ask("POST", f"{self.url}/simulator/faults", {"fault": "unlock_guest", "vmid": vmid})
            path = f"/nodes/{row['node']}/{row['type']}/{vmid}"
            self.api("DELETE", path, **{"destroy-unreferenced-disks": 1, "purge": 1})
            self.note(f"[the administrator destroyed VMID {vmid}, which was left half made]")
        self.calm()
        return bool(locked.keys() & told)

    def violations(self, wish: Wish) -> list[str]:
        """What is not as it must be."""
        rows, found = self.rows(), []
        marks: Counter[str] = Counter()
        ours: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            config = self.config(row)
            mark = split_block(str(config.get("description", "")))[1]
            if "lock" in config:
                found.append(f"VMID {row['vmid']} is locked ({config['lock']})")
            kept = self.api("GET", f"/nodes/{row['node']}/{row['type']}/{row['vmid']}/snapshot")
            names = [snapshot["name"] for snapshot in kept if snapshot["name"].startswith("mpc-rollback")]
            found += [f"VMID {row['vmid']} still has the snapshot {name}" for name in names]
            if mark is None or mark.vmid != int(row["vmid"]):
                if int(row["vmid"]) not in self.known:
                    found.append(f"orphan: nobody knows VMID {row['vmid']} ({row.get('name')})")
                continue
            marks[mark.uid] += 1
            key = (mark.key.kind, mark.key.name)
            if key in ours:
                found.append(f"duplicate: {key} is VMID {ours[key]['vmid']} and VMID {row['vmid']}")
            ours[key] = {**row, "config": config}
        found += [f"duplicate: {count} guests carry the mark {uid}" for uid, count in marks.items() if count > 1]
        wanted = wish.guests()
        found += [f"missing: {key}" for key in wanted if key not in ours]
        found += [f"left over: {key} (VMID {row['vmid']})" for key, row in ours.items() if key not in wanted]
        for key, document in wanted.items():
            if key in ours:
                found += [f"{key}: {line}" for line in _differences(document, ours[key])]
        if not re.search(r"^\[chaos\] (node_down|second writer)", self.said(), re.MULTILINE):
            off = [key for key, state in self.power.items() if key in ours and ours[key]["status"] != state]
            found += [f"{key} is {ours[key]['status']}, and nobody asked for that" for key in off]
        return [*found, *self._volume_violations(rows), *self._store_violations(set(ours))]

    def _volume_violations(self, rows: list[dict[str, Any]]) -> list[str]:
        volumes, vmids = self.volumes(), {int(row["vmid"]) for row in rows}
        found = [f"orphan volume: {name}" for name, vmid in volumes.items() if vmid not in vmids]
        names = {name.split(" ", 1)[1] for name in volumes}
        return found + [f"destroyed disk: {volume}" for volume in sorted(self.kept - names)]

    def _store_violations(self, guests: set[tuple[str, str]]) -> list[str]:
        with closing(sqlite3.connect(self.folder / "home" / "store.db")) as store:
            open_ = store.execute("SELECT resource, method, path FROM journal WHERE state IN ('sending', 'accepted')")
            found = [f"the journal does not know how this ended: {' '.join(row)}" for row in open_]
            running = store.execute("SELECT id FROM runs WHERE status = 'running'")
            found += [f"run {row[0]} did not end" for row in running]
            pending = store.execute("SELECT number FROM revisions WHERE status = 'pending'")
            found += [f"revision {row[0]} did not end" for row in pending]
            owned = store.execute("SELECT kind, name, applied FROM resources WHERE kind != 'Cluster'").fetchall()
        found += [f"half remembered: {kind} {name}" for kind, name, applied in owned if applied == "null"]
        known = {(kind, name) for kind, name, _ in owned if kind in ("VirtualMachine", "Container")}
        return found + [f"forgotten or only remembered: {key}" for key in sorted(known ^ guests)]

    def remember_disks(self) -> None:
        """From now on, the volumes of guests that stay must stay."""
        self.kept = set()
        for row in self.rows():
            for key, text in self.config(row).items():
                if re.fullmatch(r"(?:scsi|virtio|sata|rootfs|mp|unused)\d*", key) and ":" in str(text):
                    self.kept.add(str(text).split(",")[0])


def _differences(document: dict[str, Any], row: dict[str, Any]) -> Iterator[str]:
    """Read by hand, and not by the product's own eyes."""
    spec, config = document["spec"], row["config"]
    if int(config.get("memory", 512)) != spec["memory"]:
        yield f"has {config.get('memory')} MiB, not {spec['memory']}"
    if "cpu" in spec and int(config.get("cores", 1)) != spec["cpu"]["cores"]:
        yield f"has {config.get('cores')} cores, not {spec['cpu']['cores']}"
    if "state" in spec and row["status"] != spec["state"]:
        yield f"is {row['status']}, not {spec['state']}"
    for disk in spec.get("disks", ()):
        if f"size={disk['size']}" not in str(config.get(disk["slot"])):
            yield f"{disk['slot']} is {config.get(disk['slot'])}, not {disk['size']}"
    tags = set(str(config.get("tags", "")).split(";")) - {"proxmox-mpc", ""}
    if "tags" in spec and not set(spec["tags"]) <= tags:
        yield f"is tagged {sorted(tags)}, not {spec['tags']}"


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A simulated cluster in a thread of its own, over plain HTTP."""
    ready: list[Simulator] = []
    loop, started = asyncio.new_event_loop(), threading.Event()
    end = asyncio.Event()

    async def live() -> None:
        async with Simulator(tls=False, time_scale=TASKS_LAST) as simulator:
            ready.append(simulator)
            started.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), daemon=True)
    thread.start()
    assert started.wait(20), "the simulator does not start"
    (folder / "home").mkdir(parents=True)
    it = World(ready[0].url, ready[0].token, folder, folder / "log.txt")
    try:
        it.known = {int(row["vmid"]): str(row.get("name")) for row in it.rows()}
        it.remember_disks()
        yield it
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(20)
        loop.close()
