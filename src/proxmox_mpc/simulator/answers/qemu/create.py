"""POST /nodes/{node}/qemu: a new virtual machine."""

from __future__ import annotations

import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _removal
from proxmox_mpc.simulator.answers.qemu import _disks, _identity, _permissions, _restore, power
from proxmox_mpc.simulator.state.guest import Guest

# Parameters of the call that are no configuration.
_NOT_CONFIG = frozenset(
    "node vmid pool storage start unique force archive bwlimit live-restore ha-managed import-working-storage".split()
)

QEMU_VERSION = "10.0.2"


def settings_of(call: Call) -> tuple[dict[str, str], dict[str, str]]:
    """The configuration keys of a request, and among them the drives, apart."""
    given = {k: str(v) for k, v in call.params.items() if k not in _NOT_CONFIG}
    if "cdrom" in given:
        given["ide2"] = _as_cdrom(given.pop("cdrom"))
    drives = {k: v for k, v in given.items() if re.fullmatch(r"(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0", k)}
    return {k: v for k, v in given.items() if k not in drives}, drives


def _as_cdrom(text: str) -> str:
    return text if "media=" in text else f"{text},media=cdrom"


@answers("POST", "/nodes/{node}/qemu")
def create(call: Call) -> str:
    cluster, vmid, node = call.cluster, call.vmid, call.node.name
    if "archive" in call.params:
        _restore.check(call)
    _guest.check_pool(call)
    _guest.need_allocate(call, vmid)
    settings, drives = settings_of(call)
    _permissions.check_keys(call, vmid, [*settings, *drives])
    _permissions.check_values(call, vmid, {**settings, **drives})
    if "archive" in call.params:
        return _restore.begin(call, settings, drives)
    _disks.check_access(call, drives, vmid)
    _guest.check_free(cluster, vmid, f"unable to create VM {vmid} - ")
    guest = Guest(vmid, "qemu", node, born=cluster.now())
    guest.live["lock"] = "create"
    cluster.guests[vmid] = guest
    _guest.join_pool(call, vmid)

    async def work(work: _tasks.Work) -> None:
        try:
            await _build(work, call, guest, settings, drives)
        except BaseException as error:
            _removal.take_back(cluster, vmid, node)
            if isinstance(error, ApiError):
                raise ApiError(error.status, f"unable to create VM {vmid} - {error.message}", error.errors) from None
            raise
        if call.flag("ha-managed"):
            _ha.manage(cluster, guest, started=call.flag("start"))
        elif call.flag("start"):
            work.log("Execute autostart")
            call.fork("qmstart", vmid, lambda w: power.start(w, guest))

    return call.fork("qmcreate", vmid, work)


async def _build(work: _tasks.Work, call: Call, guest: Guest, settings: dict[str, str], drives: dict[str, str]) -> None:
    cluster = call.cluster
    await work.takes(0.5)
    made = await _disks.create(work, guest, drives, call.text("storage"), as_base=settings.get("template") == "1")
    live = {**_identity.with_pinned_machine(settings, QEMU_VERSION), **made}
    for key in [k for k in live if re.fullmatch(r"net\d+", k)]:
        live[key] = _identity.with_mac(cluster, live[key])
    live["smbios1"] = _identity.with_uuid(cluster, live.get("smbios1", ""))
    if live.get("vmgenid", "1") == "1":
        live["vmgenid"] = cluster.new_uuid()
    live["meta"] = f"creation-qemu={QEMU_VERSION},ctime={int(cluster.now())}"
    if "boot" not in live:
        live["boot"] = _drives.show_boot(_drives.default_boot_order(live))
    guest.conf.live = {k: v or " " for k, v in live.items()}
    if not live.get("description"):
        guest.live.pop("description", None)
    guest.touch()
