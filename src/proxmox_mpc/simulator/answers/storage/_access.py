"""Who may look into a volume: the handlers ask, for the schema leaves it to them."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die

_VM_PRIVILEGES = {"backup": ("Datastore.AllocateSpace", "VM.Backup"), "images": ("Datastore.Audit", "VM.Config.Disk")}


def check(call: Call, volid: str) -> None:
    """Raise 403 unless the user may see what is in the volume (PVE::Storage::check_volume_access, 9.1)."""
    storage, parsed = call.cluster.volume_name(volid)
    path = f"/storage/{storage}"
    if call.is_root or call.may(path, "Datastore.Allocate"):
        return
    if parsed.content in ("iso", "vztmpl", "import"):
        call.need(path, "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
    elif parsed.vmid is not None and parsed.content in _VM_PRIVILEGES:
        on_storage, on_guest = _VM_PRIVILEGES[parsed.content]
        call.need(path, on_storage)
        call.need(f"/vms/{parsed.vmid}", on_guest)
    else:
        die(f"missing privileges to access {volid}")
