"""SnapshotPolicy: which guests are snapshotted by themselves, when, and how many of those snapshots are kept."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds import _calendar
from proxmox_mpc.kinds._field import Names, Part, group
from proxmox_mpc.kinds._kept import kept, own
from proxmox_mpc.kinds._kind import Column, Kind, Live, Resource
from proxmox_mpc.kinds._selectors import matches_labels
from proxmox_mpc.kinds._view import View


class Keep(Part):
    """Which snapshots of the policy are kept; without any number, all."""

    last: int | None = own(ge=0, help="How many, whatever their age.")
    hourly: int | None = own(ge=0, help="How many, one an hour.")
    daily: int | None = own(ge=0, help="How many, one a day.")
    weekly: int | None = own(ge=0, help="How many, one a week.")
    monthly: int | None = own(ge=0, help="How many, one a month.")
    yearly: int | None = own(ge=0, help="How many, one a year.")


class SnapshotPolicySpec(Part):
    """Snapshots that are taken on a schedule, and deleted when newer ones have come.

    Of a guest, only snapshots that the policy itself has taken are ever deleted; they say so in their description.
    `proxmox-cli snapshots rotate` carries out what is due.
    """

    schedule: str = own(help="When, as a calendar event such as hourly, or sat 03:00.")
    timezone: str | None = own(default="UTC", help="Whose clocks the schedule and the keeping go by.")
    namespace: str | None = own(help="Only guests of this namespace.")
    selector: str | None = own(help="Guests with these tags, such as prod-web or env=prod; several with commas.")
    guests: Names | None = own(help="Guests by name or VMID.")
    exclude: Names | None = own(help="Guests that are left out, by name or VMID.")
    prefix: str | None = own(
        default="auto",
        pattern=r"^[A-Za-z][A-Za-z0-9_-]*$",
        max_length=20,
        help="How the snapshots' names begin; the time follows.",
    )
    memory: bool | None = own(default=False, help="Whether the memory of running VMs is kept, too.")
    keep: Keep | None = group(help="Which of them are kept; without it, all.")
    enabled: bool | None = own(default=True, help="Whether it does anything.")


async def _check(view: View, resource: Resource) -> None:
    fields = resource.fields
    try:
        _calendar.parse(str(fields["schedule"]))
    except ValueError as error:
        raise resource.invalid("spec.schedule", str(error)) from None
    zone = str(fields.get("timezone", "UTC"))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        hint = "write it as Europe/Vienna"
        raise resource.invalid("spec.timezone", f"there is no time zone {zone!r}", hint) from None
    try:
        matches_labels((), str(fields.get("selector", "")))
    except UsageError as error:
        raise resource.invalid("spec.selector", error.message, error.hint) from None
    if not {"guests", "selector", "namespace"} & fields.keys():
        hint = "write guests, selector, or the namespace of all that are meant"
        raise resource.invalid("spec", "nothing says which guests", hint)


def _guests(live: Live) -> str:
    fields, guests = live.fields, live.fields.get("guests")
    places = [f"namespace {fields['namespace']}"] if "namespace" in fields else []
    named = [",".join(guests)] if isinstance(guests, list) else []
    return " ".join([*places, *(["-l " + str(fields["selector"])] if "selector" in fields else []), *named])


def _keep(live: Live) -> str:
    found = (f"{path.removeprefix('keep.')} {n}" for path, n in live.fields.items() if path.startswith("keep.") and n)
    return ", ".join(found) or "all"


KIND: Kind = kept(
    "SnapshotPolicy",
    "snapshotpolicies",
    ("snappolicy", "snappolicies"),
    SnapshotPolicySpec,
    check=_check,
    columns=(
        Column.name(),
        Column.of("SCHEDULE", "schedule"),
        Column("GUESTS", _guests),
        Column("KEEP", _keep),
        Column.of("TIMEZONE", "timezone", "UTC", wide=True),
        Column.on("enabled"),
    ),
    order=60,
    example="""\
apiVersion: proxmox.io/v1
kind: SnapshotPolicy
metadata: { name: nightly }
spec:
  schedule: "03:00"
  timezone: Europe/Vienna
  selector: env=prod
  keep: { daily: 7, weekly: 4 }
""",
)
