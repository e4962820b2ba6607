"""How many storms were played, and what they met: said at the end, also when they were played by several processes."""

from __future__ import annotations

from collections import Counter

import pytest

MET = "met in a storm"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    met: Counter[str] = Counter()
    storms = 0
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            counts = [value for name, value in report.user_properties if name == MET]
            storms += len(counts)
            for count in counts:
                met.update(count)
    if storms:
        listed = ", ".join(f"{count} {name}" for name, count in met.most_common())
        terminalreporter.write_line(f"storms: {storms}; met: {listed or 'nothing'}")
