"""The addresses that a guest gets from the network's servers, which nobody runs here."""

from __future__ import annotations

from ipaddress import IPv6Address

from proxmox_mpc.simulator.state.guest import Guest


def leased(guest: Guest) -> str:
    """Its address by DHCP, of a network for documentation; the same each time."""
    return f"192.0.2.{guest.vmid % 200 + 20}/24"


def leased6(guest: Guest) -> str:
    return f"{IPv6Address('2001:db8::') + guest.vmid}/64"
