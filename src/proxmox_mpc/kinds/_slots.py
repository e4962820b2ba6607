"""Which slot a list item has when its manifest names none: net0, scsi1, mp0.

Items are numbered in order, once: what an item was given when it was applied first, it keeps. So a changed boot order
moves no disk, and a new item never takes over what somebody else has added meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._kind import Resource
from proxmox_mpc.kinds._schema import Schema, natural

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestApi

CDROM_SLOTS = ("ide2", "ide0", "ide1", "ide3", "sata0", "sata1")
CLOUD_INIT = "cloudInit.slot"
DEFAULT_SLOT = "ide2"
"""Where a cloud-init drive is, when nothing says where."""


def assign(
    api: GuestApi, schema: Schema, resource: Resource, present: Fields, applied: Mapping[str, Value] | None
) -> Fields:
    """The resource's fields with a slot in every item's path.

    `present` are the fields of the guest, or of the template that it is cloned from; `applied` what was applied last.
    Raises InvalidInput for slots that are used twice, and where it cannot be told which disk was taken out.
    """
    fields = dict(resource.fields)
    renamed: dict[str, str] = {}
    taken = _named(schema, fields)
    if "cloudInit.storage" in fields:
        slot = fields.get(CLOUD_INIT) or present.get(CLOUD_INIT, DEFAULT_SLOT)
        _take(resource, taken, str(slot), "cloudInit.slot")
    elif CLOUD_INIT in present:
        taken.add(str(present[CLOUD_INIT]))
    for strand in (strand for strand in schema.strands if strand.is_list):
        home = strand.path
        open_items = [item for item in _items(fields, home) if item.isdigit()]
        if not open_items:
            continue
        before = _items(applied or {}, home)
        if home in api.disk_lists and applied is not None and len(open_items) < len(set(before) - taken):
            message = "an item was taken out of a list without slots; which one cannot be told from the rest"
            hint = f"name the slots of those that stay (they are {', '.join(before)})"
            raise resource.invalid(f"spec.{home}", message, hint)
        others = {item for item in _items(present, home) if item not in before} if applied is not None else set()
        for item in open_items:
            number = int(item)
            if number < len(before) and before[number] not in taken:
                slot = before[number]
            else:
                slot = _free(api, home, strand.group.keys[0], item, fields, present, taken, others)
            taken.add(slot)
            renamed[f"{home}.{item}."] = f"{home}.{slot}."
    result: Fields = {}
    for path, value in fields.items():
        old = next((prefix for prefix in renamed if path.startswith(prefix)), None)
        result[renamed[old] + path[len(old) :] if old else path] = value
    return result


def keep_boot_disk(api: GuestApi, fields: Fields, present: Fields) -> Fields:
    """A clone has its template's boot disk, whether its manifest speaks of it or not."""
    boot = api.boot_slot(present)
    head = f"{api.disk_lists[0]}.{boot}."
    if boot is None or any(path.startswith(head) for path in fields):
        return fields
    return {**fields, **{path: present[path] for path in (f"{head}storage", f"{head}size") if path in present}}


def _items(fields: Mapping[str, Value], home: str) -> list[str]:
    """The items of a list, in order."""
    depth = home.count(".") + 1
    found = {path.split(".")[depth] for path in fields if path.startswith(f"{home}.")}
    return sorted(found, key=natural)


def _named(schema: Schema, fields: Fields) -> set[str]:
    homes = [strand.path for strand in schema.strands if strand.is_list]
    return {item for home in homes for item in _items(fields, home) if not item.isdigit()}


def _take(resource: Resource, taken: set[str], slot: str, path: str) -> None:
    if slot in taken:
        raise resource.invalid(f"spec.{path}", f"{slot} is used twice", "give one of them another slot")
    taken.add(slot)


def _free(
    api: GuestApi,
    home: str,
    prefix: str,
    item: str,
    fields: Fields,
    present: Fields,
    taken: set[str],
    others: set[str],
) -> str:
    if home == api.disk_lists[0] and item == "0" and "template" in fields:
        boot = api.boot_slot(present)
        if boot is not None and boot not in taken:
            return boot
    if home == "cdrom":
        drives = {slot for path in present if path.startswith("disks.") for slot in [path.split(".")[1]]}
        return next(slot for slot in CDROM_SLOTS if slot not in taken | drives)
    prefix = str(fields.get(f"{home}.{item}.bus", prefix))
    return next(slot for number in range(256) if (slot := f"{prefix}{number}") not in taken | others)
