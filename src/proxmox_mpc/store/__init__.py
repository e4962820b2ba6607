"""What Proxmox-MPC remembers, on SQLite or on PostgreSQL with the same code.

Contexts, applications with their revisions, owned resources, plans, runs, events, snapshots, accepted drift,
reserved VMIDs, jobs with their claims and schedules, messages; users and what they may, the audit.

What belongs here: keeping and finding. What never does: deciding, or talking to a cluster. `records.py` says
what is kept; each other plain file keeps one noun. SQLAlchemy is loaded only when a store is opened.
"""

from proxmox_mpc.store.errors import (
    ApplyBusy,
    LastAdmin,
    NameTaken,
    RecordMissing,
    SecretUnreadable,
    StillUsed,
    StoreTooNew,
    StoreUnavailable,
)
from proxmox_mpc.store.job_records import ENDED, Job, Message, NewJob, NewMessage, Schedule
from proxmox_mpc.store.people_records import (
    ApiToken,
    AuditRecord,
    ChainState,
    Group,
    Login,
    LoginProvider,
    PendingLogin,
    Role,
    RoleGrant,
    User,
)
from proxmox_mpc.store.records import (
    SIGN_OF_LIFE_S,
    Application,
    Baseline,
    ChartRepository,
    Context,
    Event,
    JournalEntry,
    OwnedResource,
    Release,
    Reservation,
    Revision,
    Run,
    SavedPlan,
    Snapshot,
)
from proxmox_mpc.store.secrets import SecretKey
from proxmox_mpc.store.store import Store

__all__ = [
    "ENDED",
    "SIGN_OF_LIFE_S",
    "ApiToken",
    "Application",
    "ApplyBusy",
    "AuditRecord",
    "Baseline",
    "ChainState",
    "ChartRepository",
    "Context",
    "Event",
    "Group",
    "Job",
    "JournalEntry",
    "LastAdmin",
    "Login",
    "LoginProvider",
    "Message",
    "NameTaken",
    "NewJob",
    "NewMessage",
    "OwnedResource",
    "PendingLogin",
    "RecordMissing",
    "Release",
    "Reservation",
    "Revision",
    "Role",
    "RoleGrant",
    "Run",
    "SavedPlan",
    "Schedule",
    "SecretKey",
    "SecretUnreadable",
    "Snapshot",
    "StillUsed",
    "Store",
    "StoreTooNew",
    "StoreUnavailable",
    "User",
]
