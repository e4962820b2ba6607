"""What is tried again, how often and after which pause."""

from __future__ import annotations

from dataclasses import dataclass

from proxmox_mpc.pve.errors import ClusterUnreachable, Locked, NodeUnreachable, NoQuorum, PveError


@dataclass(frozen=True)
class Retry:
    """At most `tries` tries within `total_s` seconds; pauses grow from `first_s` to `longest_s`.

    Each pause is shortened by up to half, at random. The total covers the usual wait for a lock: PVE itself
    gives up on one after 10 s.
    """

    tries: int = 8
    first_s: float = 0.25
    longest_s: float = 8.0
    total_s: float = 40.0

    def pause_s(self, tries_done: int, random: float) -> float:
        """Seconds before the next try; `random` from 0 to 1 spreads clients that failed together."""
        return min(self.longest_s, self.first_s * 2.0 ** (tries_done - 1)) * (0.5 + random / 2)


def may_repeat(error: PveError, *, reading: bool, was_connected: bool) -> bool:
    """Whether the same request may be sent again.

    Locks and missing quorum refuse a request before anything happens, so a write may come again. A node that
    does not answer (595, 596) may have got the request: only a read may; a node that nobody knows (500) stays
    unknown. A cluster of which no endpoint could be reached never got it; but where there has been no answer
    at all so far, a wrong address is likelier than an outage, and the user wants to know at once.
    """
    if isinstance(error, Locked | NoQuorum):
        return True
    if isinstance(error, NodeUnreachable):
        return reading and error.status != 500
    if isinstance(error, ClusterUnreachable):
        return was_connected
    return False
