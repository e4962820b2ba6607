"""Whether the process that began something still lives."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

# How much a process's start time as the system tells it may differ from the clock: it counts ticks since
# boot.
_START_TOLERANCE = timedelta(seconds=5)


def this_host() -> str:
    """The name under which this machine's runs are noted."""
    return socket.gethostname()


def is_alive(pid: int, since: datetime) -> bool:
    """Whether the process of this number runs, and is the one that ran at `since`: numbers are used again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, but alive
    except OSError:
        return False
    started = _started_at(pid)
    return started is None or started <= since + _START_TOLERANCE


def _started_at(pid: int) -> datetime | None:
    """When a process began, where the system tells (Linux)."""
    with suppress(OSError, ValueError, IndexError):
        # The command's name stands in parentheses and may hold anything; field 22 is the start, in ticks
        # after boot.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] == "Z":
            return datetime.max.replace(tzinfo=UTC)  # dead, and only waiting to be buried
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        seconds = int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return datetime.fromtimestamp(seconds, UTC)
    return None
