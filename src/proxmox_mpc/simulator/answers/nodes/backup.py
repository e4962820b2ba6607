"""/nodes/{node}/vzdump: backups. An archive holds the guest's configuration, so that it can be restored."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.conf import Conf
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import Volume

_ENDINGS = {"0": "", "1": ".lzo", "gzip": ".gz", "lzo": ".lzo", "zstd": ".zst"}

# What the job shows of its parameters, and what the archive of the recorded containers weighed.
_NOT_SHOWN = frozenset({"node", "vmid", "all"})
_ARCHIVE_SIZE = 81_920


@answers("GET", "/nodes/{node}/vzdump/defaults")
def defaults(call: Call) -> Any:
    storage = call.text("storage", "local")
    definition = call.cluster.storage(storage)
    call.need(f"/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace", any_of=True)
    return {
        "mode": "snapshot", "ionice": 7, "bwlimit": 0, "mailnotification": "always", "stopwait": 10, "compress": "0",
        "lockwait": 180, "fleecing": {"enabled": 0}, "notification-mode": "auto", "all": 0, "remove": 1,
        "stdexcludes": 1, "quiet": 0, "dumpdir": f"{definition.get('path', '/mnt/pve/' + storage)}/dump",
        "performance": {"max-workers": 16, "pbs-entries-max": 1_048_576}, "storage": storage, "stop": 0, "zstd": 1,
        "pigz": 0, "prune-backups": definition.get("prune-backups", "keep-all=1"),
    }  # fmt: skip


@answers("GET", "/nodes/{node}/vzdump/extractconfig")
def extract(call: Call) -> str:
    volid = call.text("volume")
    call.cluster.volume_name(volid)
    volume = call.cluster.volume(volid, call.node.name)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    return volume.conf


@answers("POST", "/nodes/{node}/vzdump")
def dump(call: Call) -> str:
    cluster, storage = call.cluster, call.text("storage", "local")
    vmids = [int(v) for v in call.items("vmid")]
    if "pool" in call.params:
        vmids = list(cluster.pools[call.text("pool")].guests) if call.text("pool") in cluster.pools else []
    elif call.flag("all"):
        vmids = [g.vmid for g in cluster.guests.values() if g.node == call.node.name]
    elif not vmids:
        refuse(vmid="property is missing and it is not optional")
    call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
    for vmid in vmids:
        call.need(f"/vms/{vmid}", "VM.Backup")
    if not _space.allows(cluster.storage(storage), "backup"):
        die(f"can't use storage '{storage}' for backups - wrong content type")
    shown = {k: v for k, v in call.params.items() if k not in _NOT_SHOWN}
    command = f"vzdump {' '.join(map(str, vmids))} " + " ".join(f"--{k} {_quoted(v)}" for k, v in shown.items())

    async def work(work: _tasks.Work) -> None:
        work.log(f"INFO: starting new backup job: {command} --node {call.node.name}")
        failed = 0
        for vmid in vmids:
            guest = cluster.guests.get(vmid)
            if guest is None or guest.node != call.node.name:
                work.log(f"ERROR: Backup of VM {vmid} failed - unable to find VM '{vmid}'")
                failed += 1
                continue
            await _dump_one(work, call, guest, storage)
        if failed:
            die("job errors")
        work.log("INFO: Backup job finished successfully")

    return call.fork("vzdump", vmids[0] if len(vmids) == 1 else "", work)


def _quoted(text: object) -> str:
    value = str(text)
    return value if re.fullmatch(r"[\w./,=\-]+", value) else f"'{value}'"


async def _dump_one(work: _tasks.Work, call: Call, guest: Guest, storage: str) -> None:
    cluster, node = call.cluster, guest.node
    now = cluster.now()
    ending = ("vma" if guest.is_qemu else "tar") + _ENDINGS.get(call.text("compress", "0"), "")
    stamp = datetime.fromtimestamp(now, UTC)
    file = f"vzdump-{guest.kind}-{guest.vmid}-{stamp:%Y_%m_%d-%H_%M_%S}.{ending}"
    name = f"backup/{file}"
    _guest.check_lock(guest)
    work.log(
        f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})",
        f"INFO: Backup started at {stamp:%Y-%m-%d %H:%M:%S}",
        f"INFO: status = {'running' if guest.is_running else 'stopped'}",
        f"INFO: backup mode: {call.text('mode', 'snapshot') if guest.is_running else 'stop'}",
        "INFO: ionice priority: 7",
        f"INFO: {guest.word} Name: {guest.name}",
        f"INFO: creating vzdump archive '{cluster.volume_path(f'{storage}:{name}')}'",
    )
    guest.live["lock"] = "backup"
    try:
        await work.takes(20)
    finally:
        guest.live.pop("lock", None)
    notes = call.text("notes-template")
    for word, value in {
        "guestname": guest.name,
        "vmid": str(guest.vmid),
        "node": node,
        "cluster": cluster.name,
    }.items():
        notes = notes.replace("{{" + word + "}}", value)
    live = {k: v for k, v in guest.live.items() if k != "lock"}
    cluster.check_room(storage)
    cluster.shelf(storage, node)[name] = Volume(
        name, "backup", ending, _ARCHIVE_SIZE, now, guest.vmid, used=_ARCHIVE_SIZE, notes=notes,
        protected=call.flag("protected"), conf=conf_file.write(Conf(live)), has_os=True,
    )  # fmt: skip
    work.log("INFO: archive file size: 5KB", *(["INFO: adding notes to backup"] if notes else []))
    work.log(
        f"INFO: Finished Backup of VM {guest.vmid} (00:00:00)",
        f"INFO: Backup finished at {datetime.fromtimestamp(cluster.now(), UTC):%Y-%m-%d %H:%M:%S}",
    )
