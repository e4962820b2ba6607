"""POST /nodes/{node}/lxc: a new container, from a template or a backup."""

from __future__ import annotations

import base64
import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _removal, _ssh_keys, _volumes
from proxmox_mpc.simulator.answers.lxc import _mounts, _permissions, power
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import parse_size

_NOT_CONFIG = frozenset(
    "node vmid ostemplate password ssh-public-keys pool storage start restore force unique ignore-unpack-errors bwlimit"
    " ha-managed".split()
)

_OSTYPES = ("debian", "devuan", "ubuntu", "centos", "fedora", "opensuse", "archlinux", "alpine", "gentoo", "nixos")


def settings_of(call: Call, not_config: frozenset[str] = _NOT_CONFIG) -> dict[str, str]:
    return {k: str(v) for k, v in call.params.items() if k not in not_config}


@answers("POST", "/nodes/{node}/lxc")
def create(call: Call) -> str:
    cluster, vmid, node = call.cluster, call.vmid, call.node.name
    restore, archive = call.flag("restore"), call.text("ostemplate")
    before = cluster.guests.get(vmid)
    overwrite = before is not None and not before.is_qemu and restore and call.flag("force")
    if not overwrite:
        _guest.check_free(cluster, vmid)
    elif before is not None and before.is_running:
        die("can't overwrite running container")
    if keys := call.text("ssh-public-keys"):
        _ssh_keys.check(keys)
    _guest.check_pool(call)
    _guest.need_allocate(call, vmid)
    settings, mounts = _mounts.split(settings_of(call))
    _permissions.check(call, vmid, {k: v for k, v in settings.items() if k not in ("unprivileged", "template")})
    _check_archive(call, archive, "backup" if restore else "vztmpl")
    storage = call.text("storage", "local")
    mounts = {k: f"{storage}:{v}" if re.fullmatch(r"\d+(\.\d+)?", v) else v for k, v in mounts.items()}
    if mounts and "rootfs" not in mounts:
        die("mount points configured, but 'rootfs' not set - aborting")
    _mounts.check_access(call, mounts or {"rootfs": f"{storage}:{_mounts.DEFAULT_ROOTFS_GIB}"})
    guest = before if overwrite and before else Guest(vmid, "lxc", node, born=cluster.now())
    if not overwrite:
        guest.live["lock"] = "create"
        cluster.guests[vmid] = guest
        _guest.join_pool(call, vmid)

    async def work(work: _tasks.Work) -> None:
        word = "restore" if restore else "create"
        try:
            live = await _build(work, call, guest, settings, mounts, storage)
        except BaseException as error:
            if not overwrite:
                _removal.take_back(cluster, vmid, node)
            if isinstance(error, ApiError):
                raise ApiError(error.status, f"unable to {word} CT {vmid} - {error.message}", error.errors) from None
            raise
        if overwrite:
            for volid in _removal.volumes_of(guest):
                _volumes.remove(cluster, volid, node)
        guest.conf.live = live
        guest.touch()
        if call.flag("ha-managed"):
            _ha.manage(cluster, guest, started=call.flag("start"))
        elif call.flag("start"):
            call.fork("vzstart", vmid, lambda w: power.start(w, guest))

    return call.fork("vzrestore" if restore else "vzcreate", vmid, work)


def _check_archive(call: Call, archive: str, content: str) -> None:
    storage, colon, _ = archive.partition(":")
    if not colon:
        return
    _, parsed = call.cluster.volume_name(archive)
    if parsed.content != content:
        die(f"unable to use volume {archive} - content type needs to be '{content}'")
    if not call.is_root:
        if content == "vztmpl":
            call.need(f"/storage/{storage}", "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
        elif parsed.vmid is not None:
            call.need(f"/vms/{parsed.vmid}", "VM.Backup")


async def _build(
    work: _tasks.Work, call: Call, guest: Guest, settings: Section, mounts: Section, storage: str
) -> Section:
    restore = call.flag("restore")
    base: Section = {}
    if restore:
        base = _recover(work, call)
        if not mounts:
            mounts = {k: _anew(v, storage) for k, v in base.items() if guest.is_volume_key(k)}
    made = await _mounts.create(work, guest, mounts or {"rootfs": f"{storage}:{_mounts.DEFAULT_ROOTFS_GIB}"})
    _unpack(work, call, guest, settings, base)
    await work.takes(3)
    live: Section = {
        "arch": "amd64",
        "hostname": f"CT{guest.vmid}",
        "memory": "512",
        "ostype": _ostype(call.text("ostemplate")),
        "swap": "512",
        "unprivileged": "1",
        **base,
        **settings,
        **made,
    }
    for key in [k for k in live if re.fullmatch(r"net\d+", k)]:
        fresh = restore and call.flag("unique") and key not in settings
        live[key] = with_mac(call, live[key], fresh=fresh)
    if "tags" in live:
        live["tags"] = _guest.sort_tags(live["tags"]) or " "
    if not live.get("description"):
        live.pop("description", None)
    else:
        live["description"] = live["description"].rstrip()
    return {k: v or " " for k, v in live.items()}


def _anew(text: str, storage: str) -> str:
    """A backed-up mount point as a new volume of the same size; what is bound from the host stays bound."""
    parts = _mounts.parse(text)
    if parts["volume"].startswith("/"):
        return text
    size = parts.pop("size", f"{_mounts.DEFAULT_ROOTFS_GIB}G")
    return _mounts.show({**parts, "volume": f"{storage}:{parse_size(size) / 1024**3}"})


def with_mac(call: Call, text: str, *, fresh: bool = False) -> str:
    """A container's network device as PVE writes it: the name, the rest sorted, an address, `type=veth`."""
    parts = {"type": "veth", **_drives.parse(text, "name")}
    if fresh or "hwaddr" not in parts:
        parts["hwaddr"] = call.cluster.new_mac()
    order = ["name", "bridge", "firewall", "gw", "gw6", "hwaddr", "ip", "ip6"]
    keys = [k for k in order if k in parts] + sorted(k for k in parts if k not in order)
    return ",".join(f"{k}={parts[k]}" for k in keys)


def _recover(work: _tasks.Work, call: Call) -> Section:
    archive = call.text("ostemplate")
    volume = call.cluster.volume(archive, call.node.name)
    if volume is None:
        die(f"volume '{archive}' does not exist")
    if not volume.name.startswith("backup/vzdump-lxc"):
        die("can't restore: the archive is not one of a container")
    work.log(f"recovering backed-up configuration from '{archive}'")
    live = conf_file.read(volume.conf).live
    return {k: v for k, v in live.items() if not re.fullmatch(r"unused\d+|lock|parent", k)}


def _unpack(work: _tasks.Work, call: Call, guest: Guest, settings: Section, base: Section) -> None:
    archive = call.text("ostemplate")
    if ":" not in archive:
        work.log(f"can't find file '{archive}'")
        die(f"can't find file '{archive}'")
    if call.cluster.volume(archive, guest.node) is None:
        work.log(f"volume '{archive}' does not exist")
        die(f"volume '{archive}' does not exist")
    restore = call.flag("restore")
    path = call.cluster.volume_path(archive)
    work.log(f"restoring '{archive}' now.." if restore else "", f"extracting archive '{path}'")
    work.task.log = [line for line in work.task.log if line]
    work.log("Total bytes read: 30720 (30KiB, 50MiB/s)")
    if restore:
        work.log("merging backed-up and given configuration..")
        return
    work.log("Detected container architecture: amd64")
    host = settings.get("hostname", base.get("hostname", "localhost")).partition(".")[0]
    for kind in ("ed25519", "ecdsa", "rsa"):
        digest = base64.b64encode(work.cluster.random.randbytes(32)).decode().rstrip("=")
        work.log(
            f"Creating SSH host key 'ssh_host_{kind}_key' - this may take some time ...",
            f"done: SHA256:{digest} root@{host}",
        )


def _ostype(archive: str) -> str:
    file = archive.rpartition("/")[2].lower()
    return next((name for name in _OSTYPES if name in file), "debian")
