"""Destroys a guest: its volumes, its configuration, and what else names it."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _ha, _replication, _volumes
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest


def check_ties(call: Call, guest: Guest) -> None:
    """A guest that the HA manager keeps, or that is replicated, can only be removed together with those entries."""
    if call.flag("purge"):
        return
    if _ha.resource(call.cluster, guest) is not None:
        die(f"unable to remove {guest.word} {guest.vmid} - used in HA resources and purge parameter not set.")
    if jobs := _replication.jobs_of(call.cluster, guest.vmid):
        die(f"There is a replication job '{jobs[0]}' for guest '{guest.vmid}' - Please remove that first.")


def check_protection(guest: Guest) -> None:
    if guest.live.get("protection") == "1":
        die(f"can't remove {guest.word} {guest.vmid} - protection mode enabled")


def volumes_of(guest: Guest) -> list[str]:
    """Every volume that the configuration or a snapshot names."""
    found: dict[str, None] = {}
    for section in (guest.live, guest.conf.pending, *guest.conf.snapshots.values()):
        for key, text in section.items():
            if guest.is_volume_key(key) or key.startswith("unused") or key == "vmstate":
                volid = _drives.parse_volume(text)
                if ":" in volid:
                    found[volid] = None
    return list(found)


def remove(work: Work, guest: Guest, call: Call) -> None:
    cluster = work.cluster
    if not guest.is_qemu and ":" in (root := _drives.parse_volume(guest.live.get("rootfs", ""))):
        cluster.volume_name(root)
    volids = [v for v in volumes_of(guest) if _volumes.owned_by(cluster, v, guest.vmid)]
    for volid in volids:
        if guest.is_template and _volumes.linked_clone_of(cluster, volid, guest.node):
            die(f"base volume '{volid}' is still in use by linked cloned")
    for volid in volids:
        _volumes.remove(cluster, volid, guest.node)
    if call.flag("destroy-unreferenced-disks"):
        for volid in _volumes.of_guest(cluster, guest.vmid, guest.node):
            _volumes.remove(cluster, volid, guest.node)
    if call.flag("purge"):
        work.log(f"purging {guest.word} {guest.vmid} from related configurations..")
        if cluster.files.get(_ha.RESOURCES, {}).pop(guest.sid, None) is not None:
            work.log(f"NOTE: removed {guest.word} {guest.vmid} from HA resource configuration.")
        _leave_jobs(cluster, guest.vmid)
    cluster.access.rules = [r for r in cluster.access.rules if r.path != f"/vms/{guest.vmid}"]
    cluster.firewalls.pop(f"guest/{guest.vmid}", None)
    cluster.forget_guest(guest.vmid)


def take_back(cluster: Cluster, vmid: int, node: str) -> None:
    """A guest that could not be made goes with its volumes; a node that lost its power takes nothing back."""
    if not cluster.nodes[node].online:
        return
    for volid in _volumes.of_guest(cluster, vmid, node):
        _volumes.remove(cluster, volid, node)
    cluster.forget_guest(vmid)


def _leave_jobs(cluster: Cluster, vmid: int) -> None:
    """Backup jobs name the guest no more, and one that named no other goes; replication jobs go after their copies."""
    jobs = cluster.files.get("jobs.cfg", {})
    for name, job in list(jobs.items()):
        if str(vmid) in (named := split_list(job.get("vmid", ""))):
            job["vmid"] = ",".join(other for other in named if other != str(vmid))
            if not job["vmid"]:
                del jobs[name]
    for name in _replication.jobs_of(cluster, vmid):
        cluster.files[_replication.FILE][name]["remove_job"] = "full"
