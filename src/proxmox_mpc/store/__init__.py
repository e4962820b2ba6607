"""What Proxmox-MPC remembers, on SQLite or on PostgreSQL with the same code.

Contexts, applications with their revisions, owned resources, plans, runs, events, snapshots, accepted drift,
reserved VMIDs, jobs with their claims and schedules, messages.

What belongs here: keeping and finding. What never does: deciding, or talking to a cluster. `records.py` says
what is kept; each other plain file keeps one noun. SQLAlchemy is loaded only when a store is opened.
"""

from proxmox_mpc.store.errors import ApplyBusy, RecordMissing, SecretUnreadable, StoreTooNew, StoreUnavailable
from proxmox_mpc.store.job_records import ENDED, Job, Message, NewJob, NewMessage, Schedule
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
    "Application",
    "ApplyBusy",
    "Baseline",
    "ChartRepository",
    "Context",
    "Event",
    "Job",
    "JournalEntry",
    "Message",
    "NewJob",
    "NewMessage",
    "OwnedResource",
    "RecordMissing",
    "Release",
    "Reservation",
    "Revision",
    "Run",
    "SavedPlan",
    "Schedule",
    "SecretKey",
    "SecretUnreadable",
    "Snapshot",
    "Store",
    "StoreTooNew",
    "StoreUnavailable",
]
