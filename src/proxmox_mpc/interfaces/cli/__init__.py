"""The command line: one file per verb, each with a `command`.

What belongs here: options, confirmation, tables, progress. What never does: a decision, a request to a cluster.
A verb's file is imported only when the verb is typed, so that a command costs no more than what it needs.
"""

from __future__ import annotations


def run(arguments: list[str]) -> int:
    """Run one command line; answers the exit code of product.md's table."""
    if arguments in (["version"], ["--version"]):
        # The one answer that must cost nothing: not even the option parser is imported for it.
        from proxmox_mpc import __version__

        print(f"proxmox-cli {__version__}")  # noqa: T201
        return 0
    from proxmox_mpc.interfaces.cli._app import main

    return main(arguments)
