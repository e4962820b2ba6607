"""Verify the audit."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import UsageError


class AuditVerifyRequest(Request):
    """What the chain is compared with."""

    expect: str = Field(
        default="",
        description="NUMBER:HASH, as an earlier verification told it: that record must still be there.",
        pattern=r"^([1-9][0-9]{0,9}:[0-9a-f]{64})?$",
    )


class AuditVerifyResult(Result):
    """Whether the chain is whole; else the first record that is not, and why. `head` is its last record."""

    whole: bool
    records: int
    head: str
    broken_at: int | None
    reason: str


@action(permission="audit:read", route="GET /audit/verify", scope="server")
async def audit_verify(session: Session, request: AuditVerifyRequest) -> AuditVerifyResult:
    """Verify that no record of the audit was changed, taken out, put in or cut off.

    Keep what it tells as `head` elsewhere: compared with it, also a database that was put back as a whole shows.
    """
    number, _, expected = request.expect.partition(":")
    if request.expect and not expected:
        raise UsageError("--expect is NUMBER:HASH")
    state = await (await session.store()).audit.verify((int(number), expected) if expected else None)
    return AuditVerifyResult(
        whole=state.broken_at is None,
        records=state.records,
        head=f"{state.records}:{state.head}" if state.records else "",
        broken_at=state.broken_at,
        reason=state.reason,
    )
