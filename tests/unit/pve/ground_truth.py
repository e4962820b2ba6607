"""Where the recordings of real PVE servers are: PVE_GROUND_TRUTH, or `shared/pve` beside the checkout."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.pve.answers import Answer

_CHECKOUT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("PVE_GROUND_TRUTH") or _CHECKOUT.parent / "shared" / "pve")


def needs(folder: str) -> pytest.MarkDecorator:
    """Skips, with the reason, where that part of the ground truth is absent."""
    return pytest.mark.skipif(
        not (FOLDER / folder).is_dir(), reason=f"no recordings at {FOLDER / folder}: set PVE_GROUND_TRUTH"
    )


@dataclass(frozen=True)
class Exchange:
    """A recorded request and what the real server answered; `scenario` and `step` name it."""

    scenario: str
    step: str
    method: str
    path: str
    params: dict[str, Any]
    answer: Answer
    raw: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.scenario}/{self.step}: {self.method} {self.path}"


def golden() -> Iterator[Exchange]:
    """Every exchange of the golden scenarios (PVE 9.1.7)."""
    for file in sorted((FOLDER / "golden").glob("*/*.json")):
        scenario = json.loads(file.read_text())
        for step in [*scenario["steps"], *(scenario.get("cleanup") or [])]:
            if "response" not in step:
                continue
            response = step["response"]
            body = response.get("body")
            content = json.dumps(body) if body is not None else response.get("text") or ""
            kind = response["headers"].get("content-type", "").partition(";")[0]
            yield Exchange(
                scenario=file.stem,
                step=step.get("id", "cleanup"),
                method=step["method"],
                path=step["path"],
                params=step.get("form") or step.get("query") or step.get("json") or {},
                answer=Answer(response["status"], response["reason"], kind, content.encode()),
                raw=step,
            )


def recorded() -> Iterator[Exchange]:
    """Every answer collected from public recordings (PVE 6.2 to 9.x); their reason phrases and headers are lost."""
    folder = FOLDER / "recorded"
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        raw = json.loads((folder / entry["file"]).read_text())
        content = b"" if raw["body"] is None else json.dumps(raw["body"]).encode()
        yield Exchange(
            scenario=entry["file"],
            step=entry["pve_version_guess"],
            method=raw["method"],
            path=raw["path"],
            params={},
            answer=Answer(raw["status"], "", "application/json" if content else "", content),
            raw=raw,
        )
