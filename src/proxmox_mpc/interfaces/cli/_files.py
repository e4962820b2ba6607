"""Manifests from files, directories, URLs and standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proxmox_mpc.actions._planning import DesiredState, ManifestText
from proxmox_mpc.errors import InvalidInput, NotFoundError, UsageError

SUFFIXES = (".yaml", ".yml", ".json")
URL_LIMIT = 5 << 20
"""Bytes of manifests that are read from a URL; a larger answer is a mistake or worse."""


def read(names: Sequence[str], recursive: bool) -> list[ManifestText]:
    """All manifests that these names mean. Raises UsageError, NotFoundError, InvalidInput."""
    if not names:
        raise UsageError("no manifests given", hint="-f FILE, -f DIRECTORY, -f - or -f https://…")
    texts: list[ManifestText] = []
    for name in names:
        if name == "-" or name.startswith(("http://", "https://")):
            texts.append(read_one(name))
        else:
            texts += [_read_file(path) for path in _paths(Path(name), recursive)]
    return texts


def read_one(name: str) -> ManifestText:
    """One file, URL or standard input. Raises NotFoundError, InvalidInput."""
    if name == "-":
        return ManifestText(name="standard input", content=sys.stdin.read())
    if name.startswith(("http://", "https://")):
        return ManifestText(name=name, content=_fetch(name))
    if not Path(name).is_file():
        raise NotFoundError(f"there is no file {name}")
    return _read_file(Path(name))


def _paths(path: Path, recursive: bool) -> list[Path]:
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.iterdir()
        found = sorted(file for file in inside if file.is_file() and file.suffix in SUFFIXES)
        if not found:
            raise NotFoundError(
                f"no manifests in {path}", hint=f"files end with {', '.join(SUFFIXES)}; -R looks deeper"
            )
        return found
    if not path.exists():
        raise NotFoundError(f"there is no file {path}")
    return [path]


def _read_file(path: Path) -> ManifestText:
    try:
        return ManifestText(name=str(path), content=path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not a text file in UTF-8") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None


def _fetch(url: str) -> str:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  http and https only, checked by the caller
            body: bytes = answer.read(URL_LIMIT + 1)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise NotFoundError(f"{url} cannot be read: {error}") from None
    if len(body) > URL_LIMIT:
        raise InvalidInput(f"{url} answers more than {URL_LIMIT >> 20} MiB")
    return body.decode("utf-8", "replace")


def application_name(app: str, names: Sequence[str]) -> str:
    """The application that these manifests belong to: as named, else the first file's or folder's name."""
    if app:
        return app
    first = names[0] if names else "default"
    if first == "-":
        return "default"
    path = Path(first.rstrip("/"))
    stem = path.resolve().name if path.is_dir() else path.stem
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in stem) or "default"


def desired(*, files: Sequence[str], recursive: bool, namespace: str, app: str, **said: Any) -> DesiredState:
    """The request that the options of `_options.desired` make."""
    return DesiredState(
        texts=read(files, recursive),
        application=application_name(app, files),
        namespace=namespace or "default",
        **said,
    )
