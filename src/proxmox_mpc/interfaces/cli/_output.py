"""Results as tables, JSON, YAML, names, CSV, jsonpath and custom columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from proxmox_mpc.errors import UsageError

STATUS_COLOURS = {
    "running": "green",
    "online": "green",
    "available": "green",
    "synced": "green",
    "deployed": "green",
    "OK": "green",
    "stopped": "bright_black",
    "template": "cyan",
    "drifted": "yellow",
    "drift accepted": "cyan",
    "restart pending": "yellow",
    "pending": "yellow",
    "failed": "red",
    "missing": "red",
    "degraded": "red",
    "offline": "red",
}


def table(titles: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[bool] = ()) -> str:
    """Columns as wide as their widest cell; numbers to the right; known states in colour where a terminal is."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    aligned = [bool(right) and right[i] for i in range(len(titles))]
    widths = [max([len(title), *(len(row[i]) for row in cells)]) for i, title in enumerate(titles)]
    if not aligned[-1]:
        widths[-1] = 0  # nothing stands behind the last column

    def line(values: Sequence[str], paint: Callable[[str, str], str]) -> str:
        padded = [paint(v, v.rjust(w) if r else v.ljust(w)) for v, w, r in zip(values, widths, aligned, strict=True)]
        return "   ".join(padded).rstrip()

    head = line(titles, lambda _, text: click.style(text, bold=True))
    return "\n".join([head, *(line(row, _paint) for row in cells)])


def _paint(value: str, padded: str) -> str:
    colour = STATUS_COLOURS.get(value)
    return click.style(padded, fg=colour) if colour else padded


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def as_yaml(value: Any) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)).rstrip("\n")


def as_csv(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([title.lower() for title in titles])
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


def custom_columns(expression: str, items: Sequence[Mapping[str, Any]]) -> str:
    """kubectl's `NAME:.metadata.name,NODE:.identity.node` over each item."""
    columns = [part.partition(":") for part in expression.split(",")]
    if not all(title and colon and path for title, colon, path in columns):
        raise UsageError(f"custom-columns={expression!r} is not TITLE:.path,…")
    rows = [[jsonpath("{" + path + "}", item) or "<none>" for _, _, path in columns] for item in items]
    return table([title for title, _, _ in columns], rows)


def jsonpath(template: str, value: Any) -> str:
    """kubectl's jsonpath templates: text, `{.path}`, and `{range .path}…{end}`. Raises UsageError."""
    text = template if "{" in template else "{" + template + "}"
    rendered, rest = _render(_pieces(text), value)
    if rest:
        raise UsageError("jsonpath: {end} without {range}")
    return rendered


def _pieces(template: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    position = 0
    while position < len(template):
        start = template.find("{", position)
        if start < 0:
            pieces.append(("text", template[position:]))
            break
        if start > position:
            pieces.append(("text", template[position:start]))
        end, quote = start + 1, ""
        while end < len(template) and (quote or template[end] != "}"):
            letter = template[end]
            quote = "" if letter == quote else quote or (letter if letter in "'\"" else "")
            end += 1
        if end >= len(template):
            raise UsageError("jsonpath: a { has no }")
        pieces.append(("expression", template[start + 1 : end].strip()))
        position = end + 1
    return pieces


def _render(pieces: list[tuple[str, str]], value: Any) -> tuple[str, list[tuple[str, str]]]:
    out: list[str] = []
    while pieces:
        (kind, text), pieces = pieces[0], pieces[1:]
        if kind == "text":
            out.append(text.replace("\\n", "\n").replace("\\t", "\t"))
        elif text == "end":
            return "".join(out), pieces or [("text", "")]
        elif text.startswith("range "):
            after = pieces
            body_end = pieces
            for item in _find(text.removeprefix("range "), value):
                rendered, body_end = _render(pieces, item)
                out.append(rendered)
                after = body_end
            pieces = after if after is not pieces else _after_end(pieces)
        elif text[:1] in "'\"":
            out.append(text[1:-1].encode().decode("unicode_escape"))
        else:
            out.append(" ".join(_plain(found) for found in _find(text, value)))
    return "".join(out), []


def _after_end(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    depth = 1
    for index, (kind, text) in enumerate(pieces):
        if kind == "expression":
            depth += text.startswith("range ") - (text == "end")
        if not depth:
            return pieces[index + 1 :]
    raise UsageError("jsonpath: {range} without {end}")


def _find(path: str, value: Any) -> list[Any]:
    import jsonpath as engine

    expression = path if path.startswith("$") else "$" + path.removeprefix("@")
    try:
        return list(engine.findall(expression, value))
    except engine.JSONPathError as error:
        raise UsageError(f"jsonpath {path!r}: {error}") from None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def render(
    output: str,
    *,
    document: Callable[[], Any],
    items: Callable[[], Sequence[Mapping[str, Any]]],
    names: Callable[[], Sequence[str]],
    titles: Sequence[str],
    rows: Sequence[Sequence[Any]],
    right: Sequence[bool] = (),
    empty: str = "nothing found",
) -> str:
    """A result in the form that `-o` asks for. Raises UsageError for a form that there is not."""
    form, _, expression = output.partition("=")
    match form:
        case "table" | "wide":
            return table(titles, rows, right) if rows else empty
        case "json":
            return as_json(document())
        case "yaml":
            return as_yaml(document())
        case "name":
            return "\n".join(names())
        case "csv":
            return as_csv(titles, rows)
        case "jsonpath" if expression:
            return jsonpath(expression, document())
        case "custom-columns" if expression:
            return custom_columns(expression, items())
    from proxmox_mpc.interfaces.cli._options import FORMATS

    raise UsageError(f"there is no output {output!r}", hint=f"known: {FORMATS}")
