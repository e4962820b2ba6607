"""PVE's named formats: what a value must look like beyond its type, with the words PVE uses when it does not.

A format is a function that raises `FormatError`. `NAME-list` is a list of NAME, split at commas, semicolons, spaces
and NULs; `NAME-opt` is NAME or empty. A format that PVE knows and this package does not is let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from proxmox_mpc.simulator.formats import cluster, firewall, guests, identifiers, network, storage
from proxmox_mpc.simulator.formats._error import FormatError
from proxmox_mpc.simulator.formats.property_strings import PROPERTY_STRINGS

__all__ = ["PROPERTY_STRINGS", "FormatError", "checker", "split_list"]

_SEPARATORS = re.compile(r"[,;\s\0]+")

FORMATS: dict[str, Callable[[str], None]] = {
    **identifiers.FORMATS,
    **network.FORMATS,
    **storage.FORMATS,
    **guests.FORMATS,
    **cluster.FORMATS,
    **firewall.FORMATS,
}


def split_list(text: str) -> list[str]:
    """The entries of a list value, empty ones dropped."""
    return [entry for entry in _SEPARATORS.split(text) if entry]


def checker(name: str) -> Callable[[str], None] | None:
    """The function that checks values of a named format, or None when there is nothing to check."""
    if name in FORMATS:
        return FORMATS[name]
    if name.endswith("-list") and (single := FORMATS.get(name[:-5])):

        def each(text: str) -> None:
            for entry in split_list(text):
                single(entry)

        return each
    if name.endswith("-opt") and (wanted := FORMATS.get(name[:-4])):

        def unless_empty(text: str) -> None:
            if text:
                wanted(text)

        return unless_empty
    return None
