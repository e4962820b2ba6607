"""From a context to an open client of its cluster."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from proxmox_mpc.errors import UsageError

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster, Target
    from proxmox_mpc.store import Context


def target_of(context: Context) -> Target:
    """The client's target for a context. Raises UsageError for one that could never be opened, SecretUnreadable."""
    from proxmox_mpc.pve import CaTrust, FingerprintTrust, Insecure, Password, SystemTrust, Target, Token

    if context.unreadable:
        raise context.unreadable
    if context.token_id and context.token_secret:
        auth: Token | Password = Token(context.token_id, context.token_secret)
    elif context.user and context.password:
        auth = Password(context.user, context.password)
    else:
        raise UsageError(
            f"context {context.name!r} has no login", hint="it needs token_id and token_secret, or user and password"
        )
    if context.insecure:
        trust: SystemTrust | CaTrust | FingerprintTrust | Insecure = Insecure()
    elif context.fingerprint:
        trust = FingerprintTrust(context.fingerprint)
    elif context.ca:
        trust = CaTrust(context.ca)
    else:
        trust = SystemTrust()
    return Target(tuple(Target.parse_endpoint(endpoint) for endpoint in context.endpoints), auth, trust)


def check(context: Context) -> None:
    """Raises UsageError for a context that could never be opened."""
    target_of(context)


async def open_cluster(parts: AsyncExitStack, context: Context) -> Cluster:
    from proxmox_mpc.pve import Cluster

    return await parts.enter_async_context(Cluster(target_of(context)))
