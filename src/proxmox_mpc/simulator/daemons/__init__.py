"""What a cluster does by itself, without anybody's request: schedules, HA, guests that start with their node.

Each is a function registered by `_daemons.daemon`. They act as the API's own answers do, by tasks of root@pam.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

# Who does what nobody asked for.
DAEMON_USER = "root@pam"


@functools.cache
def load() -> None:
    """Import every file of this package, so that all daemons are registered."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
