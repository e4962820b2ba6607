"""What can go wrong between us and a cluster, as types.

Every class is a `PveError` and belongs to one family of `proxmox_mpc.errors`, which gives the exit code.
Which answer becomes which class is decided in `refusals.py` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proxmox_mpc.errors import (
    DeniedError,
    InvalidInput,
    MpcError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)


class PveError(MpcError):
    """The cluster answered with an error.

    `status` is the HTTP status (0 where no answer came), `errors` the refused parameters with PVE's texts,
    `method` and `path` the request.
    """

    code = "pve.error"
    http_status = 502

    def __init__(
        self,
        message: str = "",
        *,
        hint: str = "",
        status: int = 0,
        errors: Mapping[str, str] | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.errors = dict(errors or {})
        self.method = method
        self.path = path


class AuthenticationFailed(DeniedError, PveError):
    """The cluster does not accept the login."""

    code = "pve.authentication-failed"
    http_status = 401
    default_hint = "Check the user with its realm (root@pam), the password or the API token of the context."


class SecondFactorNeeded(AuthenticationFailed):
    """The cluster wants a second factor."""

    code = "pve.second-factor"
    default_hint = "Use an API token: pveum user token add USER@REALM NAME."


class PermissionDenied(DeniedError, PveError):
    """The user or token lacks a permission on the cluster."""

    code = "pve.permission-denied"
    default_hint = (
        "Ask for the named privilege on the named path; a token with privilege separation needs its own permissions."
    )


class UntrustedCertificate(DeniedError, PveError):
    """The endpoint's certificate is not trusted."""

    code = "pve.untrusted-certificate"
    http_status = 502


class ParametersRejected(InvalidInput, PveError):
    """Parameters of the request are not accepted; `errors` names each with the reason."""

    code = "pve.parameters-rejected"

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {name}: {text.strip()}" for name, text in self.errors.items())])


class GuestMissing(NotFoundError, PveError):
    """There is no such guest on that node."""

    code = "pve.guest-missing"
    default_hint = "It may have been deleted, or have moved to another node."


class ObjectMissing(NotFoundError, PveError):
    """There is no such object on the cluster."""

    code = "pve.object-missing"


class AlreadyExists(PveError):
    """An object of that name or number exists already."""

    code = "pve.already-exists"
    http_status = 409


class InUse(PveError):
    """Something still uses the object."""

    code = "pve.in-use"
    http_status = 409


class WrongState(PveError):
    """The object's state does not allow it."""

    code = "pve.wrong-state"
    http_status = 409


class Protected(RefusedError, PveError):
    """The guest or backup is protected on the cluster; nothing was changed."""

    code = "pve.protected"
    default_hint = "Take the protection off first, if it really shall go."


class DigestMismatch(RefusedError, PveError):
    """Somebody else changed the configuration in the meantime; nothing was changed."""

    code = "pve.digest-mismatch"
    default_hint = "Read it again, and decide again."


class Locked(UnreachableError, PveError):
    """The object is locked by another task; nothing was changed."""

    code = "pve.locked"
    default_hint = "Wait for the task that holds the lock: see `proxmox-cli tasks`."


class NoQuorum(UnreachableError, PveError):
    """The cluster has no quorum, so it takes no changes."""

    code = "pve.no-quorum"
    default_hint = "Bring the missing nodes back: `pvecm status` on a node shows who is missing."


class NodeUnreachable(UnreachableError, PveError):
    """The cluster answers, but the node does not."""

    code = "pve.node-unreachable"
    default_hint = "Check the node's name and power: `proxmox-cli discover`."


class ClusterUnreachable(UnreachableError, PveError):
    """No endpoint of the cluster answers."""

    code = "pve.unreachable"
    default_hint = "Check the endpoints with `proxmox-cli test-connection`."


class ConnectionLost(UnreachableError, PveError):
    """The connection broke after a change was sent: it may or may not have been carried out."""

    code = "pve.connection-lost"
    default_hint = "Look at the object and at `proxmox-cli tasks` before you repeat it."


class UnexpectedAnswer(UnreachableError, PveError):
    """What answers is not a PVE API."""

    code = "pve.unexpected-answer"
    default_hint = "Is the endpoint a Proxmox VE node, port 8006, and is no other proxy in between?"


class NotSupported(PveError):
    """The cluster's version does not have that."""

    code = "pve.not-supported"
    http_status = 501


class TaskFailed(PveError):
    """A task of the cluster failed.

    `upid` names it, `exitstatus` is PVE's reason, `log` its last lines; `cause` is what the reason would have
    been as a direct answer (a `Locked`, an `ObjectMissing` …).
    """

    code = "pve.task-failed"

    def __init__(self, message: str = "", *, upid: str, exitstatus: str, log: Sequence[str], cause: PveError) -> None:
        super().__init__(message, hint=cause.hint, status=200)
        self.upid = upid
        self.exitstatus = exitstatus
        self.log = tuple(log)
        self.cause = cause

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {line}" for line in self.log)])


class TaskUnfinished(UnreachableError, PveError):
    """A task still runs after the time that it was given."""

    code = "pve.task-unfinished"

    def __init__(self, message: str = "", *, upid: str) -> None:
        super().__init__(message, hint=f"It goes on: `proxmox-cli logs {upid}` follows it.")
        self.upid = upid
