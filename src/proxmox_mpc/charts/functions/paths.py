"""Functions on slash-separated paths. They are names only: nothing here looks at a file."""

from __future__ import annotations

import posixpath

from proxmox_mpc.charts.language.function import Functions

PATHS = Functions()


@PATHS.function("base", "osBase", takes="string")
def base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or ("/" if path else ".")


@PATHS.function("dir", "osDir", takes="string")
def directory(path: str) -> str:
    return clean(path[: path.rfind("/") + 1])


@PATHS.function("clean", "osClean", takes="string")
def clean(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@PATHS.function("ext", "osExt", takes="string")
def extension(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    return name[name.rfind(".") :] if "." in name else ""


@PATHS.function("isAbs", "osIsAbs", takes="string")
def is_absolute(path: str) -> bool:
    return path.startswith("/")
