"""A chart's folder, without what its `.helmignore` names. The rules are Helm 4.2.3's, which are not git's:
a `!` rule ignores everything that it does not match, and `**` is refused.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from proxmox_mpc.charts.archive import BYTE_ORDER_MARK, MAX_ENTRIES, MAX_FILE_BYTES, Budget
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.language.go_types import go_text
from proxmox_mpc.charts.language.quoting import quote

IGNORE_FILE = ".helmignore"

# Says of a path, relative to the chart, and of whether it is a folder, that it is left out.
Rule = Callable[[str, bool], bool]

_DEFAULT_RULES = "templates/.?*"
_MAX_DEPTH = 50


def folder_files(folder: Path) -> dict[str, bytes]:
    """The files of a chart's folder by their names relative to it. Raises BadChart."""
    try:
        top = folder.resolve(strict=True)
        listed = top / IGNORE_FILE
        text = go_text(listed.read_bytes()) if listed.is_file() else ""
        ignored = rules(text)
        budget = Budget()
        files: dict[str, bytes] = {}
        for name, path in _walk(top, top, "", ignored):
            if len(files) >= MAX_ENTRIES:
                raise BadChart(f"the chart's folder holds more than {MAX_ENTRIES} files")
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                raise BadChart(f"chart file {quote(path.name)} is larger than the maximum file size {MAX_FILE_BYTES}")
            budget.spend(size)
            files[name] = path.read_bytes().removeprefix(BYTE_ORDER_MARK)
    except OSError as error:
        raise BadChart(f"{error.filename or folder}: {(error.strerror or str(error)).lower()}") from None
    return files


def _walk(top: Path, folder: Path, prefix: str, ignored: Rule, depth: int = 0) -> Iterator[tuple[str, Path]]:
    if depth > _MAX_DEPTH:
        raise BadChart(f"folders of a chart are nested more than {_MAX_DEPTH} deep: {prefix}")
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        name = prefix + entry.name
        path = Path(entry.path)
        if entry.is_symlink():
            if not path.exists():
                if ignored(name, False):
                    continue
                raise BadChart(f"error evaluating symlink {path}: it leads nowhere")
            if folder.is_relative_to(path.resolve()):
                raise BadChart(f"the link {name} leads to a folder that it stands in")
            if not path.resolve().is_relative_to(top):
                # Helm follows it; a chart from somewhere else would so read any file of this machine.
                raise BadChart(f"the link {name} leads out of the chart")
        mode = path.stat().st_mode
        if ignored(name, stat.S_ISDIR(mode)):
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(top, path, f"{name}/", ignored, depth + 1)
        elif stat.S_ISREG(mode):
            yield name, path
        else:
            raise BadChart(f"cannot load irregular file {path} as it has file mode type bits set")


def rules(text: str) -> Rule:
    """What a `.helmignore` leaves out. Raises BadChart for a pattern that Helm refuses."""
    lines = [*(line.strip() for line in text.split("\n")), _DEFAULT_RULES]
    found = [_rule(line) for line in lines if line and not line.startswith("#")]

    def ignored(path: str, is_folder: bool) -> bool:
        return any(rule(path, is_folder) for rule in found)

    return ignored


def _rule(line: str) -> Rule:
    if "**" in line:
        raise BadChart("double-star (**) syntax is not supported")
    pattern(line)
    negated, line = line.startswith("!"), line.removeprefix("!")
    folders, line = line.endswith("/"), line.removesuffix("/")
    whole = "/" in line
    matching = pattern(line.removeprefix("/"))

    def rule(path: str, is_folder: bool) -> bool:
        fits = (is_folder or not folders) and bool(matching.fullmatch(path if whole else path.rpartition("/")[2]))
        return fits != negated

    return rule


def pattern(glob: str) -> re.Pattern[str]:
    """Go's filepath.Match as a regular expression: `*` and `?` stop at a slash, `[^a-z]` negates, `\\` escapes.

    What follows a star is taken where it first fits: a shell's pattern needs no more, and no pattern is slow so.
    """
    pieces = [""]
    place = 0
    while place < len(glob):
        letter = glob[place]
        place += 1
        if letter == "*":
            pieces.append("")
        elif letter == "[":
            found, place = _class(glob, place)
            pieces[-1] += found
        elif letter == "?":
            pieces[-1] += "[^/]"
        else:
            if letter == "\\":
                letter, place = _letter(glob, place - 1, "")
            pieces[-1] += re.escape(letter)
    first, *rest = pieces
    between = "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1])
    return re.compile(first + between + (f"[^/]*{rest[-1]}" if rest else ""), re.DOTALL)


def _class(glob: str, place: int) -> tuple[str, int]:
    """The class whose `[` stands before `place`, and where it ends."""
    negated = glob.startswith("^", place)
    place += negated
    ranges = ""
    begin = place
    while place == begin or not glob.startswith("]", place):
        low, place = _letter(glob, place, "-]")
        high = low
        if glob.startswith("-", place):
            high, place = _letter(glob, place + 1, "-]")
        if low <= high:
            ranges += f"{re.escape(low)}-{re.escape(high)}"
    if not ranges:
        return ("[\\s\\S]" if negated else "(?!)"), place + 1
    return f"[{'^' if negated else ''}{ranges}]", place + 1


def _letter(glob: str, place: int, refused: str) -> tuple[str, int]:
    if place < len(glob) and glob[place] == "\\":
        place += 1
        refused = ""
    if place >= len(glob) or glob[place] in refused:
        raise BadChart("syntax error in pattern")
    return glob[place], place + 1
