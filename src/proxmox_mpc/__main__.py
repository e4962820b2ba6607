"""Start any part: `proxmox-cli …`, `python -m proxmox_mpc …`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; what a verb does not need is not imported."""
    from proxmox_mpc.interfaces.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
