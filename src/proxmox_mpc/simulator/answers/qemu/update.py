"""PUT and POST config of a virtual machine: the same change, at once or as a task."""

from __future__ import annotations

import re
from urllib.parse import unquote

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ssh_keys
from proxmox_mpc.simulator.answers.qemu import _disks, _identity, _pending, _permissions
from proxmox_mpc.simulator.answers.qemu.create import settings_of
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_CONFIG = "/nodes/{node}/qemu/{vmid}/config"
_NOT_CONFIG = frozenset("node vmid digest delete revert skiplock force background_delay".split())


@answers("PUT", _CONFIG)
async def now(call: Call) -> None:
    change = _Change(call)
    await change.make(_tasks.unwatched(call.cluster))


@answers("POST", _CONFIG)
def later(call: Call) -> str | None:
    change = _Change(call)
    guest = change.check()
    given = {
        k: v for k, v in call.params.items() if k not in ("node", "vmid", "digest", "background_delay", "skiplock")
    }

    async def work(work: _tasks.Work) -> None:
        shown = " ".join(f"-{k} {_quote(str(v))}" for k, v in sorted(given.items()))
        work.log(f"update VM {guest.vmid}: {shown}")
        await change.make(work)

    upid = call.fork("qmconfig", call.vmid, work)
    return None if "background_delay" in call.params else upid


def _quote(text: str) -> str:
    return text if re.fullmatch(r"[\w\-./:=,+@%]+", text) else "'" + text.replace("'", "'\\''") + "'"


class _Change:
    """One change of a configuration, checked first and made afterwards."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.cluster: Cluster = call.cluster
        settings, drives = settings_of(call)
        self.drives = drives
        self.settings = {k: v for k, v in settings.items() if k not in _NOT_CONFIG}
        self.deletes = ["ide2" if k == "cdrom" else k for k in call.items("delete")]
        self.reverts = call.items("revert")
        self._check_names()
        self._check_rights()

    def _check_names(self) -> None:
        known = self.call.method.parameters.indexes
        given = {**self.settings, **self.drives}
        if self.call.flag("skiplock") and not self.call.is_root:
            refuse(skiplock="Only root may use this option.")
        for key in self.deletes:
            if key in given:
                refuse(delete=f"you can't use '-{key}' and -delete {key}' at the same time")
            if key not in known or key in _NOT_CONFIG:
                refuse(delete=f"unknown option '{key}'")
        for key in self.reverts:
            if key not in known or key in _NOT_CONFIG:
                refuse(revert=f"unknown option '{key}'")
            if key in given:
                refuse(delete=f"you can't use '-{key}' and -revert {key}' at the same time")
            if key in self.deletes:
                refuse(revert=f"you can't use '-delete {key}' and -revert {key}' at the same time")
        if not given and not self.deletes and not self.reverts:
            die("no options specified")

    def _check_rights(self) -> None:
        call, vmid = self.call, self.call.vmid
        _disks.check_access(call, self.drives, vmid)
        _permissions.check_keys(call, vmid, [*self.deletes, *self.settings])
        _permissions.check_values(call, vmid, {**self.settings, **self.drives})
        if script := self.settings.get("hookscript"):
            _, parsed = self.cluster.volume_name(script)
            if parsed.content != "snippets":
                refuse(hookscript=f"'{script}' is not in the snippets directory\n")
            if self.cluster.volume(script, call.node.name) is None:
                refuse(hookscript=f"script '{script}' does not exist\n")
        if keys := self.settings.get("sshkeys"):
            _ssh_keys.check(unquote(keys))

    def check(self) -> Guest:
        """The guest, if it may be changed now."""
        guest = _guest.of(self.call)
        _guest.check_digest(self.call, guest)
        _guest.check_lock(guest, skip=self.call.flag("skiplock"))
        return guest

    async def make(self, work: _tasks.Work) -> None:
        guest = self.check()
        self._check_against(guest)
        conf = guest.conf
        _guest.revert(conf, self.reverts)
        order = _drives.boot_order({**guest.live, **conf.pending}) if self._has_order(guest) else None
        for key in self.deletes:
            self._delete(guest, key, order)
        # An EFI disk of `none` is no disk at all (vm-config-misc, 9.1).
        drives = {k: v for k, v in self.drives.items() if (k, v) != ("efidisk0", "none")}
        made = await _disks.create(work, guest, drives, self.call.text("storage"))
        for key, text in {**self.settings, **made}.items():
            self._set(guest, key, text)
            is_new_cdrom = key in made and _drives.is_cdrom(text, but_not_cloudinit=True)
            if order is not None and is_new_cdrom and key not in order and "boot" not in self.settings:
                order.append(key)
                conf.pending["boot"] = _drives.show_boot(order)
        _pending.apply(work, guest)
        guest.touch()

    @staticmethod
    def _has_order(guest: Guest) -> bool:
        return guest.conf.pending.get("boot", guest.live.get("boot", "")).startswith("order=")

    def _check_against(self, guest: Guest) -> None:
        settings = self.settings
        merged = {**guest.live, **guest.conf.pending, **self.drives, **settings}
        if settings.get("boot", "").startswith("order="):
            for device in settings["boot"].removeprefix("order=").split(";"):
                if device and device not in merged:
                    die(f"invalid bootorder: device '{device}' does not exist'")
        if "balloon" in settings and int(settings["balloon"]) > int(
            merged.get("memory", "512").removeprefix("current=")
        ):
            refuse(balloon="balloon value too large (must be smaller than assigned memory)")
        for key in ("cores", "sockets", "memory", "vcpus"):
            # Passes the parameter check, fails when the configuration is written (vm-config-keys, 9.1).
            if settings.get(key, "").startswith("+"):
                die(f"unable to parse value of '{key}' - type check ('integer') failed - got '{settings[key]}'")
        if guest.live.get("protection") == "1":
            for key in [*self.deletes, *self.drives]:
                before = guest.live.get(key)
                is_disk = (
                    before and (guest.is_volume_key(key) or key.startswith("unused")) and not _drives.is_cdrom(before)
                )
                replaced = key in self.drives and before and (
                    _drives.parse_volume(before) != _drives.parse_volume(self.drives[key])
                )  # fmt: skip
                if is_disk and (key in self.deletes or replaced):
                    die(f"can't remove drive '{key}' - protection mode enabled")
        for key in self.deletes:
            before = guest.live.get(key, "")
            if guest.is_volume_key(key) and not self.call.is_root:
                self.call.need(f"/vms/{guest.vmid}", _permissions.drive_privilege(before))
            elif key.startswith("unused"):
                self.call.need(f"/vms/{guest.vmid}", "VM.Config.Disk")

    def _delete(self, guest: Guest, key: str, order: list[str] | None) -> None:
        if key not in guest.live:
            _guest.revert(guest.conf, [key])
            return
        _guest.add_pending_delete(guest.conf, key, self.call.flag("force"))
        if order is not None and key in order:
            order.remove(key)
            guest.conf.pending["boot"] = _drives.show_boot(order)

    def _set(self, guest: Guest, key: str, text: str) -> None:
        conf = guest.conf
        if re.fullmatch(r"net\d+", key):
            text = _identity.with_mac(self.call.cluster, text)
        elif key == "tags":
            text = _guest.sort_tags(text)
        elif key == "vmgenid" and text == "1":
            text = self.cluster.new_uuid()
        elif key == "smbios1":
            text = _identity.with_uuid(self.call.cluster, text)
        elif key == "description":
            text = text.rstrip()
            if not text:
                guest.live.pop(key, None)
                return
        _guest.revert(conf, [key])
        conf.pending[key] = text or " "
        if key == "boot" and text.startswith("order=") and "bootdisk" in guest.live:
            _guest.add_pending_delete(conf, "bootdisk")
