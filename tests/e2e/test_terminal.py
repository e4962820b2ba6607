"""The command line in a terminal: questions can be read and answered, colour is there; without one it is not."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

from tests.e2e.conftest import Cli

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web }
spec: { node: pve-node1, memory: 512, disks: [{ storage: local-lvm, size: 1G }] }
"""
WITHIN_S = 30


def in_terminal(*words: str, answers: dict[str, str]) -> tuple[int, str]:
    """Type a command in a terminal of its own, and answer its questions; the exit code and what the screen saw."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "proxmox_mpc", *words]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen, open_answers, end = "", dict(answers), time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        if select.select([master], [], [], 0.05)[0]:
            try:
                seen += os.read(master, 4096).decode(errors="replace")
            except OSError:  # the other side has closed the terminal
                break
            for question in [question for question in open_answers if question in seen]:
                os.write(master, (open_answers.pop(question) + "\n").encode())
        elif process.poll() is not None:
            break
    os.close(master)
    return process.wait(timeout=5), seen


def test_a_question_is_asked_and_its_answer_counts(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM))
    code, screen = in_terminal("delete", "vm", "web", answers={"[y/N]": "n"})
    assert code == 6, screen
    assert "1 of them with data, on lab? [y/N]" in screen
    assert "web" in cli.guests()
    code, screen = in_terminal("delete", "vm", "web", answers={"[y/N]": "y"})
    assert code == 0, screen
    assert "deleted" in screen
    assert "web" not in cli.guests()


def test_colour_is_for_terminals(cli: Cli) -> None:
    _, screen = in_terminal("get", "vmtemplates", answers={})
    assert re.search(r"\x1b\[\d", screen)
    piped = subprocess.run(
        [sys.executable, "-m", "proxmox_mpc", "get", "vmtemplates"], capture_output=True, text=True, check=True
    )
    assert "\x1b" not in piped.stdout + piped.stderr
    assert "debian-12-template" in piped.stdout
