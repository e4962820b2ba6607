"""The PVE API client: requests, answers, tasks and errors of a cluster, checked against its version's schema.

What belongs here: the wire and its oddities. What never does: what a VM or a pool is (that is `kinds`), or
any decision about what to change.
"""

from proxmox_mpc.pve._limits import Limits
from proxmox_mpc.pve.answers import Reply
from proxmox_mpc.pve.clock import Clock
from proxmox_mpc.pve.cluster import Cluster
from proxmox_mpc.pve.errors import (
    AlreadyExists,
    AuthenticationFailed,
    ClusterUnreachable,
    ConnectionLost,
    DigestMismatch,
    GuestMissing,
    InUse,
    Locked,
    NodeUnreachable,
    NoQuorum,
    NotSupported,
    ObjectMissing,
    ParametersRejected,
    PermissionDenied,
    Protected,
    PveError,
    SecondFactorNeeded,
    TaskFailed,
    TaskUnfinished,
    UnexpectedAnswer,
    UntrustedCertificate,
    WrongState,
)
from proxmox_mpc.pve.facts import Facts, Method, Parameter, Problem
from proxmox_mpc.pve.retry import Retry
from proxmox_mpc.pve.target import (
    CaTrust,
    FingerprintTrust,
    Insecure,
    Password,
    SystemTrust,
    Target,
    Token,
)
from proxmox_mpc.pve.tasks import TaskResult
from proxmox_mpc.pve.upid import Upid
from proxmox_mpc.pve.version import Version

__all__ = [
    "AlreadyExists",
    "AuthenticationFailed",
    "CaTrust",
    "Clock",
    "Cluster",
    "ClusterUnreachable",
    "ConnectionLost",
    "DigestMismatch",
    "Facts",
    "FingerprintTrust",
    "GuestMissing",
    "InUse",
    "Insecure",
    "Limits",
    "Locked",
    "Method",
    "NoQuorum",
    "NodeUnreachable",
    "NotSupported",
    "ObjectMissing",
    "Parameter",
    "ParametersRejected",
    "Password",
    "PermissionDenied",
    "Problem",
    "Protected",
    "PveError",
    "Reply",
    "Retry",
    "SecondFactorNeeded",
    "SystemTrust",
    "Target",
    "TaskFailed",
    "TaskResult",
    "TaskUnfinished",
    "Token",
    "UnexpectedAnswer",
    "UntrustedCertificate",
    "Upid",
    "Version",
    "WrongState",
]
