"""What no verb does to a guest, whoever agrees: gates as those of plans."""

from __future__ import annotations

from proxmox_mpc.actions._guests.choice import Guest
from proxmox_mpc.engine.policies import PROTECT
from proxmox_mpc.errors import RefusedError


def refuse_protected(guest: Guest) -> None:
    """Raises RefusedError where its data would be lost, and its manifest says that it never is."""
    if guest.is_protected:
        hint = f"take the annotation {PROTECT} away in application {guest.application}, and apply that first"
        raise RefusedError(f"is protected: its annotation {PROTECT} says no", hint=hint)


def refuse_guarded(guest: Guest) -> None:
    """The same for PVE's own flag, too, where the guest itself would be replaced."""
    refuse_protected(guest)
    if reason := guest.kind.guard(guest.live, ()):
        raise RefusedError(f"is protected: {reason}", hint="take that off first: spec.protection: false, then apply")
