"""Encrypt all secrets with a new key."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class SecretRotateKeyRequest(Request):
    """All secrets of the store."""


class SecretRotateKeyResult(Result):
    """How many records were encrypted anew."""

    changed: int


@action(permission="system:write", route="POST /secrets/rotate-key", scope="server", writes=True)
async def secret_rotate_key(session: Session, request: SecretRotateKeyRequest) -> SecretRotateKeyResult:
    """Encrypt every secret of the store with the newest key; after that, older ones can be taken away."""
    return SecretRotateKeyResult(changed=await (await session.store()).reseal())
