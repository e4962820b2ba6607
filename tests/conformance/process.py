"""A simulator in a process of its own, as real clients meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def simulator(*options: str) -> Iterator[dict[str, Any]]:
    """Start it, yield its greeting (url, user, password, token …), end it."""
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--time-scale", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the simulator did not start"
        yield json.loads(line)
    finally:
        process.terminate()
        process.wait(10)
