"""BackupJob: which guests are backed up, when, and how long backups are kept."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._backups import Keep
from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, Texts, field, group
from proxmox_mpc.kinds._kind import Column, Live, Need, Resource
from proxmox_mpc.kinds._regular import regular


class Fleecing(Part):
    """Where old blocks wait for a slow backup target, so that the guest need not."""

    enabled: bool | None = field(part="enabled", default=False, help="Whether it is done.")
    storage: str | None = field(part="storage", help="A fast storage for it.")


class Performance(Part):
    """How hard a backup works."""

    max_workers: int | None = field(part="max-workers", default=16, ge=1, le=256, help="Requests at once.")
    pbs_entries_max: int | None = field(
        part="pbs-entries-max",
        default=1_048_576,
        ge=1,
        help="Directory entries in memory (containers to a backup server).",
    )


class BackupJobSpec(Part):
    """A backup job. It names its guests by `all`, `pool` or `guests`."""

    schedule: str | None = field("schedule", help="When, as a calendar event such as 02:30 or sat 03:00.")
    storage: str | None = field("storage", help="Where backups go.")
    enabled: bool | None = field("enabled", default=True, help="Whether the job runs.")
    all: bool | None = field("all", default=False, help="Every guest; with `exclude`, all but those.")
    pool: str | None = field("pool", help="The guests of a pool.")
    guests: NameList | None = field("vmid", help="Guests by VMID.")
    exclude: NameList | None = field("exclude", help="Guests that `all` leaves out, by VMID.")
    node: str | None = field("node", help="Only guests of this node.")
    mode: Literal["snapshot", "suspend", "stop"] | None = field(
        "mode", default="snapshot", help="What the guest feels."
    )
    compress: Literal["0", "1", "gzip", "lzo", "zstd"] | None = field("compress", default="0", help="Compression.")
    keep: Keep | None = group("prune-backups", help="Which backups are kept.")
    exclude_paths: Texts | None = field(
        "exclude-path", help="Paths in containers that are left out, as shell patterns."
    )
    standard_excludes: bool | None = field("stdexcludes", default=True, help="Leave out temporary files and logs.")
    notes_template: str | None = field("notes-template", help="Notes of a backup, with {{guestname}} and such.")
    protected: bool | None = field("protected", default=False, help="Protect the backups from removal.")
    fleecing: Fleecing | None = group("fleecing", help="Fleecing (VMs).")
    performance: Performance | None = group("performance", help="How hard it works.")
    bandwidth_limit: int | None = field("bwlimit", default=0, ge=0, help="KiB per second; 0: no limit.")
    io_nice: int | None = field("ionice", default=7, ge=0, le=8, help="I/O priority; 8: idle.")
    lock_wait: int | None = field("lockwait", default=180, ge=0, help="Minutes to wait for another backup.")
    stop_wait: int | None = field("stopwait", default=10, ge=0, help="Minutes to wait for a guest that stops.")
    gzip_threads: int | None = field("pigz", default=0, help="Threads of pigz; 0: gzip.")
    zstd_threads: int | None = field("zstd", default=1, help="Threads of zstd; 0: half of the cores.")
    change_detection: Literal["legacy", "data", "metadata"] | None = field(
        "pbs-change-detection-mode", help="How a backup server's client finds changed files (containers)."
    )
    repeat_missed: bool | None = field("repeat-missed", default=False, help="Make up for a time that was missed.")
    remove: bool | None = field("remove", default=True, help="Remove what `keep` does not keep.")
    notification_mode: Literal["auto", "legacy-sendmail", "notification-system"] | None = field(
        "notification-mode", default="auto", help="Who tells of it."
    )
    mail_to: NameList | None = field("mailto", help="Mail addresses or users (legacy).")
    mail_notification: Literal["always", "failure"] | None = field(
        "mailnotification", default="always", help="When mail is sent (legacy)."
    )
    script: str | None = field("script", help="Hook script; only root@pam may set it.")
    temporary_directory: str | None = field("tmpdir", help="Where temporary files go; only root@pam may set it.")
    dump_directory: str | None = field("dumpdir", help="A directory instead of a storage; only root@pam may set it.")
    comment: str | None = field("comment", help="A remark.")


def _needs(resource: Resource) -> list[Need]:
    named = {"storage": "Storage", "pool": "Pool", "fleecing.storage": "Storage"}
    return [Need.firm(kind, resource.fields[path], path) for path, kind in named.items() if path in resource.fields]


def _guests(live: Live) -> str:
    fields = live.fields
    if fields.get("pool"):
        return f"pool {fields['pool']}"
    return "all" if fields.get("all") else _codec.COMMAS.write(fields.get("guests") or [])


KIND = regular(
    "BackupJob",
    "backupjobs",
    ("bj",),
    BackupJobSpec,
    Collection(
        "/cluster/backup",
        "/cluster/backup/{id}",
        "id",
        comment="comment",
        # `notes-template` and others demand it in the same request (schema of 9.1 and 8.4).
        whole=frozenset({"storage"}),
        lasting=frozenset({"enabled"}),
    ),
    columns=(
        Column.name(),
        Column.of("SCHEDULE", "schedule"),
        Column("GUESTS", _guests),
        Column.of("STORAGE", "storage"),
        Column.on("enabled"),
    ),
    needs=_needs,
    ignored=frozenset({"type", "next-run", "starttime", "dow"}),
    root_only=frozenset({"script", "temporaryDirectory", "dumpDirectory"}),
    order=50,
    example="""\
apiVersion: proxmox.io/v1
kind: BackupJob
metadata: { name: nightly }
spec:
  schedule: "02:30"
  storage: backup-nas
  all: true
  keep: { daily: 7, weekly: 4 }
""",
)
