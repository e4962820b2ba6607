"""Every function has cases that are compared with the real engine, and a name of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from proxmox_mpc.charts.engine import vocabulary
from proxmox_mpc.charts.functions import every_function

CASES = Path(__file__).parents[3] / "cases" / "templates"


def test_every_function_is_called_by_a_case() -> None:
    texts = " ".join(path.read_text() for path in CASES.glob("functions_*.yaml"))
    called = set(re.findall(r"[A-Za-z_0-9]+", texts))
    assert set(every_function()) - called == set()


def test_every_function_is_found_under_its_own_name() -> None:
    found = vocabulary()
    assert {name: found[name].name for name in every_function()} == {name: name for name in every_function()}
    assert "nope" not in found


def test_a_simple_template_starts_without_certificates_and_calendars() -> None:
    program = """
import sys
from proxmox_mpc.charts.engine import Source, render
render({"c/templates/a.yaml": Source('{{ "a" | upper | quote | indent 2 | toYaml }}', {}, "c/templates")})
print(*[name for name in ("cryptography", "zoneinfo", "bcrypt", "re2", "yaml", "tomllib") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "\n"
