"""One thing that lint has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and in which file of the chart; line and column from 1, 0 where there is none."""

    severity: Severity
    path: str
    message: str
    line: int = 0
    column: int = 0
