"""What can go wrong with the store."""

from __future__ import annotations

from proxmox_mpc.errors import MpcError, NotFoundError, RefusedError, UnreachableError


class StoreUnavailable(MpcError):
    """The store cannot be opened."""

    code = "store.unavailable"
    http_status = 503


class StoreTooNew(StoreUnavailable):
    """The store was made by a newer version of Proxmox-MPC."""

    code = "store.too-new"
    default_hint = "Upgrade this installation; stores are not taken back to older versions."


class BackupInvalid(MpcError):
    """That is no whole backup of a store."""

    code = "store.backup-invalid"
    default_hint = "nothing was changed; take another backup"


class KeysMissing(MpcError):
    """The backup's secrets were encrypted with other keys."""

    code = "store.keys-missing"


class StoreNotEmpty(RefusedError):
    """The store is not empty; nothing was changed."""

    code = "store.not-empty"
    default_hint = "--replace puts the backup in the place of everything that is there; back that up first"


class StoreInUse(RefusedError):
    """A process is at work on this store; nothing was changed."""

    code = "store.in-use"
    default_hint = "end all servers, workers and beats first; after a kill, wait until their lease is over (30 s)"


class OpenWhenBackedUp(MpcError):
    """It had not ended when the backup was made, and whether it was done since then is not known."""

    code = "job.restored"
    default_hint = "proxmox-cli job retry ID begins it again"


class SecretUnreadable(MpcError):
    """A stored secret cannot be decrypted."""

    code = "store.secret-unreadable"


class RecordMissing(NotFoundError):
    """The store does not hold that."""

    code = "store.missing"


class JobLate(MpcError):
    """Its deadline passed before it was done."""

    code = "job.deadline"
    http_status = 504


class WorkersLost(MpcError):
    """Its workers died, as often as it may be begun."""

    code = "job.worker-lost"
    default_hint = "the workers' logs tell of it; proxmox-cli job retry ID begins it once more"


class RunOver(MpcError):
    """Another process took this run for dead, and closed it."""

    code = "apply.over"
    http_status = 409


class ApplyBusy(UnreachableError):
    """Another process is at work on this application."""

    code = "apply.busy"
    default_hint = "wait until it has ended (proxmox-cli history shows how), then plan again"


class NameTaken(MpcError):
    """That name is taken."""

    code = "people.name-taken"
    http_status = 409


class StillUsed(MpcError):
    """It is still used."""

    code = "people.still-used"
    http_status = 409


class LastAdmin(RefusedError):
    """Nobody would be left who may do everything; nothing was changed."""

    code = "people.last-admin"
    default_hint = "grant the role admin to another user first, for all contexts and namespaces"
