"""How often a login may fail."""

from __future__ import annotations

import ipaddress

from proxmox_mpc.store.limit import Limit

BY_NAME = Limit(10, 15 * 60)
"""Guesses at one name: forty an hour find no password of twelve letters. It ends by itself, so nobody stays out."""
BY_ADDRESS = Limit(30, 5 * 60)
"""Guesses from one address, at any names: an office behind one address still gets in."""
BY_BROWSER = Limit(300, 5 * 60)
"""Logins begun from one address that go on elsewhere: the other side has limits of its own for guesses, and a whole
office logs in at nine. It is there so that nobody has a provider asked without end."""


def of_name(name: str, known_address: str = "") -> str:
    """What is counted for a name. An address from which that user came before has a count of its own.

    So who guesses from elsewhere does not keep the user out.
    """
    return f"name {name} from {known_address}" if known_address else f"name {name}"


def of_browsers(address: str) -> str:
    """What is counted of an address for logins by a browser: those with a password are not kept out by them."""
    return f"browsers at {of_address(address)}"


def of_address(address: str) -> str:
    """What is counted for an address: of IPv6 the network, for who has one has 2⁶⁴ addresses."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address {address[:64]}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address {parsed.ipv4_mapped}"
        return f"address {ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address {parsed}"
