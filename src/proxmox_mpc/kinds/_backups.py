"""Which backups are kept: what a job and a storage can both say."""

from __future__ import annotations

from proxmox_mpc.kinds._field import Part, field

_KEEP = "How many are kept"


class Keep(Part):
    """Which backups are kept; the rest is removed after a new one was made."""

    all: bool | None = field(part="keep-all", help="Keep everything.")
    last: int | None = field(part="keep-last", ge=0, help=f"{_KEEP} whatever their age.")
    hourly: int | None = field(part="keep-hourly", ge=0, help=f"{_KEEP}, one an hour.")
    daily: int | None = field(part="keep-daily", ge=0, help=f"{_KEEP}, one a day.")
    weekly: int | None = field(part="keep-weekly", ge=0, help=f"{_KEEP}, one a week.")
    monthly: int | None = field(part="keep-monthly", ge=0, help=f"{_KEEP}, one a month.")
    yearly: int | None = field(part="keep-yearly", ge=0, help=f"{_KEEP}, one a year.")
