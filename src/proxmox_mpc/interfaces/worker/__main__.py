"""Start a worker or a beat: `python -m proxmox_mpc.interfaces.worker worker|beat`."""

from __future__ import annotations

import sys

from proxmox_mpc.bootstrap.background import observe
from proxmox_mpc.errors import MpcError
from proxmox_mpc.settings import SettingInvalid, Settings


def main(words: list[str]) -> int:
    """The exit code: 2 for words that are none of ours, the error's own where it cannot start."""
    if words not in (["worker"], ["beat"]):
        sys.stderr.write("usage: python -m proxmox_mpc.interfaces.worker worker|beat\n")
        return 2
    try:
        settings = Settings.load()
        observe(settings, words[0])
        if words == ["beat"]:
            from proxmox_mpc.interfaces.worker._processes import beat

            return beat(settings)
        if not settings.jobs.slots:
            raise SettingInvalid(
                "JOB_SLOTS=0 is for servers that leave all jobs to workers", hint="workers need 1 or more"
            )
        if settings.jobs.broker_url:
            from proxmox_mpc.interfaces.worker._celery import work

            return work(settings)
        from proxmox_mpc.interfaces.worker._processes import worker

        return worker(settings)
    except MpcError as error:
        sys.stderr.write(f"error: {error}\n" + (f"  → {error.hint}\n" if error.hint else ""))
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
