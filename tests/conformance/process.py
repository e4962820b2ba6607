"""A simulator in a process of its own, as real clients meet it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def simulator(*options: str, seed: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Start it with the seed planted, yield its greeting (url, user, password, token …), end it."""
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--time-scale", "0", *options]
    with tempfile.TemporaryDirectory() as folder:
        if seed:
            file = Path(folder, "seed.json")
            file.write_text(json.dumps(seed))
            command += ["--seed", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the simulator did not start"
            greeting = json.loads(line)
            assert not greeting.get("refused"), greeting["refused"]
            yield greeting
        finally:
            process.terminate()
            process.wait(10)
