"""Backing guests up: the work of a vzdump task, asked for by somebody or by a schedule.

An archive holds the guest's configuration as it was, so that it can be restored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.storage import _pruning, _space
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.conf import Conf
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB, Volume

_ENDINGS = {"0": "", "1": ".lzo", "gzip": ".gz", "lzo": ".lzo", "zstd": ".zst"}

# How much of the data is left by each way to compress; servers' disks compress about so.
_LEFT = {"": 1.0, ".lzo": 0.55, ".gz": 0.42, ".zst": 0.4}

# The least that an archive weighs, and how fast one is written, in bytes per second.
_LEAST_SIZE = 80 * 1024
_SPEED = 200e6

# Parameters that the first line of the log does not repeat.
_NOT_SHOWN = frozenset("node vmid all enabled schedule id comment repeat-missed type pool exclude".split())

# Lines of a backed-up configuration that say where the disks were; everything else in it is the guest's.
MAP_PREFIX = "#qmdump#map:"


@dataclass(frozen=True)
class Options:
    """How to back up: the parameters of the call or the job, as text."""

    given: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return str(self.given.get(name, default))

    @property
    def storage(self) -> str:
        return self.text("storage", "local")

    @property
    def ending(self) -> str:
        return _ENDINGS.get(self.text("compress", "0"), "")

    def keep(self, cluster: Cluster) -> dict[str, int]:
        """The rules by which older backups go; none when all stay."""
        if self.text("remove", "1") == "0":
            return {}
        own = cluster.storages[self.storage].get("prune-backups", "")
        return _pruning.rules(self.text("prune-backups", own))

    def command(self, vmids: Iterable[int], node: str) -> str:
        """The command line that PVE's log begins with."""
        shown = [f"--{k} {_quoted(v)}" for k, v in self.given.items() if k not in _NOT_SHOWN]
        return " ".join(["vzdump", *map(str, vmids), *shown, "--node", node])


def _quoted(text: object) -> str:
    value = str(text)
    return value if re.fullmatch(r"[\w./,=\-]+", value) else f"'{value}'"


def check_storage(cluster: Cluster, storage: str) -> None:
    if not _space.allows(cluster.storage(storage), "backup"):
        die(f"can't use storage '{storage}' for backups - wrong content type")


async def run(work: Work, node: str, vmids: list[int], options: Options) -> None:
    """The task: one guest after the other; those that fail do not keep the rest from being backed up."""
    cluster = work.cluster
    work.log(f"INFO: starting new backup job: {options.command(vmids, node)}")
    failed = 0
    for vmid in vmids:
        guest = cluster.guests.get(vmid)
        try:
            if guest is None or guest.node != node:
                die(f"unable to find VM '{vmid}'")
            await _dump(work, guest, options)
        except ApiError as error:
            work.log(f"ERROR: Backup of VM {vmid} failed - {error.reason}", f"INFO: Failed at {_now(cluster)}")
            failed += 1
    if failed:
        work.log("INFO: Backup job finished with errors")
        die("job errors")
    work.log("INFO: Backup job finished successfully")


def _now(cluster: Cluster) -> str:
    return f"{datetime.fromtimestamp(cluster.now(), UTC):%Y-%m-%d %H:%M:%S}"


async def _dump(work: Work, guest: Guest, options: Options) -> None:
    cluster, began, storage = work.cluster, work.cluster.now(), options.storage
    form = ("vma" if guest.is_qemu else "tar") + options.ending
    name = f"backup/vzdump-{guest.kind}-{guest.vmid}-{datetime.fromtimestamp(began, UTC):%Y_%m_%d-%H_%M_%S}.{form}"
    mode = options.text("mode", "snapshot") if guest.is_running else "stop"
    work.log(f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})", f"INFO: Backup started at {_now(cluster)}")
    work.log(f"INFO: status = {'running' if guest.is_running else 'stopped'}")
    _guest.check_lock(guest)
    if guest.is_qemu:
        work.log(f"INFO: VM Name: {guest.name}", *_included(cluster, guest))
    work.log(f"INFO: backup mode: {mode}", "INFO: ionice priority: 7")
    if not guest.is_qemu:
        work.log(f"INFO: CT Name: {guest.name}", "INFO: including mount point rootfs ('/') in backup")
    if guest.conf.snapshots:
        work.log("INFO: snapshots found (not included into backup)")
    if guest.conf.pending:
        work.log("INFO: pending configuration changes found (not included into backup)")
    work.log(f"INFO: creating vzdump archive '{cluster.volume_path(f'{storage}:{name}')}'")
    held, data = _configuration(cluster, guest), _data(cluster, guest)
    size = max(_LEAST_SIZE, int(data * _LEFT[options.ending]))
    guest.live["lock"] = "backup"
    try:
        await work.takes(max(1.0, data / _SPEED))
        cluster.check_room(storage)
    finally:
        guest.live.pop("lock", None)
    if guest.is_qemu:
        seconds = max(1, round(cluster.now() - began))
        work.log(f"INFO: transferred {data / GIB:.2f} GiB in {seconds} seconds ({_rate(data / seconds)})")
    else:
        work.log(f"INFO: Total bytes written: {data} ({data // 1024}KiB, {_SPEED / 1e6:.0f}MiB/s)")
    notes = _notes(cluster, guest, options.text("notes-template"))
    cluster.shelf(storage, guest.node)[name] = Volume(
        name, "backup", form, size, began, guest.vmid, used=size, notes=notes,
        protected=options.text("protected") == "1", conf=held, has_os=True,
    )  # fmt: skip
    work.log(f"INFO: archive file size: {_short(size)}", *(["INFO: adding notes to backup"] if notes else []))
    _prune(work, guest, options)
    elapsed = datetime.fromtimestamp(cluster.now() - began, UTC)
    work.log(
        f"INFO: Finished Backup of VM {guest.vmid} ({elapsed:%H:%M:%S})", f"INFO: Backup finished at {_now(cluster)}"
    )


def _rate(speed: float) -> str:
    return f"{speed / 1024**2:.1f} MiB/s"


def _short(size: int) -> str:
    unit, name = next((u, n) for u, n in ((GIB, "GB"), (1024**2, "MB"), (1024, "KB"), (1, "B")) if size >= u)
    return f"{size / unit:.2f}{name}" if name == "GB" else f"{size // unit}{name}"


def backed_up(guest: Guest) -> dict[str, str]:
    """Drives and mount points that a backup holds, by key: without CD drives and what `backup` leaves out."""
    found = {}
    for key, text in guest.live.items():
        if guest.is_volume_key(key) and not (guest.is_qemu and _drives.is_cdrom(text)):
            by_default = "1" if guest.is_qemu or key == "rootfs" else "0"
            if _drives.parse(text).get("backup", by_default) == "1":
                found[key] = _drives.parse_volume(text)
    return found


def _included(cluster: Cluster, guest: Guest) -> list[str]:
    return [
        f"INFO: include disk '{key}' '{volid}' {_drives.parse(guest.live[key]).get('size', '')}".rstrip()
        for key, volid in sorted(backed_up(guest).items())
    ]


def _data(cluster: Cluster, guest: Guest) -> int:
    """Bytes that have to be read."""
    volumes = [cluster.volume(volid, guest.node) for volid in backed_up(guest).values()]
    if guest.is_qemu and None in volumes:
        missing = next(v for v in backed_up(guest).values() if cluster.volume(v, guest.node) is None)
        die(f"volume '{missing}' does not exist")
    return sum(volume.used for volume in volumes if volume)


def _configuration(cluster: Cluster, guest: Guest) -> str:
    """The guest's own section, as an archive holds it."""
    text = conf_file.write(Conf({k: v for k, v in guest.live.items() if k != "lock"}))
    if not guest.is_qemu:
        return text
    lines = []
    for key, volid in sorted(backed_up(guest).items()):
        storage, _, _ = volid.partition(":")
        volume = cluster.volume(volid, guest.node)
        lines.append(f"{MAP_PREFIX}{key}:drive-{key}:{storage}:{volume.format if volume else ''}:\n")
    return text + "".join(lines)


def _notes(cluster: Cluster, guest: Guest, template: str) -> str:
    words = {"guestname": guest.name, "vmid": str(guest.vmid), "node": guest.node, "cluster": cluster.name}
    for word, value in words.items():
        template = template.replace("{{" + word + "}}", value)
    return template.replace("\\n", "\n").replace("\\\\", "\\")


def _prune(work: Work, guest: Guest, options: Options) -> None:
    """What the rules do not keep of this guest goes, now that there is a newer backup."""
    cluster, keep = work.cluster, options.keep(work.cluster)
    if not keep:
        return
    shelf = cluster.shelf(options.storage, guest.node)
    mine = [v for v in shelf.values() if v.content == "backup" and v.vmid == guest.vmid]
    work.log(f"INFO: prune older backups with retention: {_pruning.show(keep)}")
    doomed = [v.name for v, mark in _pruning.marks(mine, keep) if mark == "remove"]
    for name in doomed:
        work.log(f"INFO: removing backup '{options.storage}:{name}'")
        del shelf[name]
    work.log(f"INFO: pruned {len(doomed)} backup(s)")
