"""values.yaml: against its schema as Helm 4.2.3 checks it; what it does not say, and what nobody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml_map
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.linting.findings import Finding
from proxmox_mpc.charts.schema import against
from proxmox_mpc.charts.values import overlaid

PATH = "values.yaml"
_KEY = re.compile(r"^( *)([A-Za-z_][\w.-]*):(?=\s|$)(.*)$")
# `.Values` handed on as a whole: then nobody can say what of it is asked for.
_WHOLE = re.compile(r"\.Values(?![.\w])")


def check(text: str | None, schema: bytes | None, given: Mapping[str, Any], *, integers: bool) -> Iterator[Finding]:
    """Helm's rules for the text of a values.yaml, with what a user gives laid over it."""
    if text is None:
        yield Finding("info", PATH, "file does not exist")
        return
    try:
        values = read_yaml_map(text, integers=integers, go_type="common.Values")
    except GoError as error:
        yield Finding("error", PATH, f"unable to parse YAML: {error}")
        return
    if schema is not None and (wrong := against(schema, overlaid(values, given))):
        yield Finding("error", PATH, wrong)


def uncommented(text: str) -> Iterator[Finding]:
    """Values of which no comment says what they are: beside them, above them, or above what they stand in."""
    told: list[tuple[int, bool]] = []
    above = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#"):
            above = True
            continue
        found = _KEY.match(line)
        if found is None:
            above = False
            continue
        depth, name, rest = len(found[1]), found[2], found[3]
        while told and told[-1][0] >= depth:
            told.pop()
        said = above or " #" in rest or bool(told and told[-1][1])
        told.append((depth, said))
        above = False
        has_value = bool(rest.split(" #")[0].strip())
        if has_value and not said:
            yield Finding("info", PATH, f"no comment says what {name} is", number, depth + 1)


def unasked(chart: Chart) -> Iterator[Finding]:
    """Values that no template asks for: a name that was changed in one place only."""
    texts = [file.text for _, one in chart.walk() for file in one.templates]
    if any(_WHOLE.search(text) for text in texts):
        return
    conditions = " ".join(f"{need.condition} tags.{' tags.'.join(need.tags)}" for need in chart.metadata.dependencies)
    inner = {need.key for need in chart.metadata.dependencies} | {one.name for one in chart.dependencies}
    for name in chart.values:
        if name in (*inner, "global", "tags") or re.search(rf"\b{re.escape(name)}\b", conditions):
            continue
        if not _asked(name, texts):
            yield Finding("warning", PATH, f"no template asks for {name}")


def _asked(name: str, texts: Iterable[str]) -> bool:
    asked = re.compile(rf"\.Values\.{re.escape(name)}(?!\w)|[\"`]{re.escape(name)}[\"`]")
    return any(asked.search(text) for text in texts)
