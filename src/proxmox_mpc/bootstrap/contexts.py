"""Which contexts there are, and which one is meant: flag, environment, workspace file, store, in that order."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._session import FoundContext, Session
from proxmox_mpc.errors import InvalidInput, NotFoundError, Place
from proxmox_mpc.settings import read_dotenv

if TYPE_CHECKING:
    from proxmox_mpc.store import Context

FILES = (Path(".proxmox/config.yml"), Path("config/proxmox.yml"))
"""A workspace's own files, nearest first; the second holds what the first can include in a repository's clone."""
EXAMPLE = Path("config/proxmox.example.yml")
ENVIRONMENT = "environment"
FIELDS = ("endpoints", "user", "password", "token_id", "token_secret", "ca", "fingerprint", "insecure")


class NoContext(NotFoundError):
    """No context says which cluster is meant."""

    code = "context.none"
    default_hint = (
        "no cluster at hand? proxmox-cli simulate starts one. Else make a context: proxmox-cli config set-context lab "
        "--endpoint https://pve1:8006 --token-id root@pam!mpc --token-secret …, or copy config/proxmox.example.yml to "
        "config/proxmox.yml, or set PROXMOX_ENDPOINTS, PROXMOX_TOKEN_ID and PROXMOX_TOKEN_SECRET"
    )


class UnknownContext(NotFoundError):
    """There is no such context."""

    code = "context.unknown"


def from_environment(environ: Mapping[str, str]) -> Context | None:
    """The context that `PROXMOX_*` variables describe, if they name an endpoint. `PROXMOX_HOST` is one, too."""
    from proxmox_mpc.store import Context

    endpoints = environ.get("PROXMOX_ENDPOINTS") or environ.get("PROXMOX_HOST") or ""
    if not endpoints:
        return None
    return Context(
        ENVIRONMENT,
        tuple(part.strip() for part in endpoints.split(",") if part.strip()),
        user=environ.get("PROXMOX_USER"),
        password=environ.get("PROXMOX_PASSWORD"),
        token_id=environ.get("PROXMOX_TOKEN_ID"),
        token_secret=environ.get("PROXMOX_TOKEN_SECRET"),
        ca=environ.get("PROXMOX_CA"),
        fingerprint=environ.get("PROXMOX_FINGERPRINT"),
        insecure=environ.get("PROXMOX_INSECURE", "").lower() in ("1", "true", "yes"),
    )


def from_file(path: Path) -> tuple[dict[str, Context], str]:
    """The contexts in a `proxmox.yml`, and the one that it calls current. Raises InvalidInput with the place."""
    import yaml

    from proxmox_mpc.store import Context

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.reader.ReaderError):
        raise InvalidInput("not a text file in UTF-8", place=Place(str(path), 1, 1)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path), 1, 1)
        raise InvalidInput(f"not valid YAML: {error.problem}", place=place) from None
    entries = (content or {}).get("contexts") if isinstance(content, dict) else None
    if not isinstance(entries, dict) or not entries:
        hint = f"{EXAMPLE} shows the form"
        raise InvalidInput("no contexts in it", hint=hint, place=Place(str(path), 1, 1))
    found: dict[str, Context] = {}
    for name, entry in entries.items():
        found[str(name)] = Context(str(name), **_entry(path, str(name), entry))
    current = content.get("current") or (next(iter(found)) if len(found) == 1 else "")
    return found, str(current)


def _entry(path: Path, name: str, entry: Any) -> dict[str, Any]:
    place = Place(str(path), 1, 1)
    if not isinstance(entry, dict):
        raise InvalidInput(f"context {name!r} is not a mapping", place=place)
    if unknown := sorted(set(entry) - set(FIELDS)):
        raise InvalidInput(
            f"context {name!r}: there is no {unknown[0]!r}", hint=f"known: {', '.join(FIELDS)}", place=place
        )
    for field, value in entry.items():
        wanted = bool if field == "insecure" else (str, list) if field == "endpoints" else str
        if not isinstance(value, wanted):
            hint = "true or false, without quotes" if field == "insecure" else "a text, in quotes if need be"
            raise InvalidInput(f"context {name!r}: {field} is {value!r}", hint=hint, place=place)
    endpoints = entry.get("endpoints")
    endpoints = [endpoints] if isinstance(endpoints, str) else endpoints
    if not isinstance(endpoints, list) or not endpoints:
        raise InvalidInput(f"context {name!r} needs endpoints", hint="endpoints: [https://pve1:8006]", place=place)
    return {**entry, "endpoints": tuple(str(endpoint) for endpoint in endpoints)}


def is_ruled_by_workspace() -> bool:
    """Whether the environment or the workspace says which cluster is meant: that counts more than what was chosen."""
    environ = {**read_dotenv(Path(".env")), **os.environ}
    return bool(environ.get("PROXMOX_ENDPOINTS") or environ.get("PROXMOX_HOST") or workspace_file())


def workspace_file() -> Path | None:
    return next((path for path in FILES if path.is_file()), None)


async def list_contexts(session: Session, wanted: str) -> list[FoundContext]:
    """Every context, with the one that `choose` would take marked; the same name is found once, nearest first."""
    found: list[FoundContext] = []
    async for context, source, favourite in _all(session):
        if all(other.context.name != context.name for other in found):
            found.append(FoundContext(context, source, favourite))
    chosen = wanted or next((one.context.name for one in found if one.current), "")
    return [FoundContext(one.context, one.source, one.context.name == chosen) for one in found]


async def _all(session: Session) -> AsyncIterator[tuple[Context, str, bool]]:
    if (own := from_environment({**read_dotenv(Path(".env")), **os.environ})) is not None:
        yield own, ENVIRONMENT, True
    for context, source, favourite in _in_workspace():
        yield context, source, favourite
    store = await session.store()
    current = await store.contexts.current()
    for context in await store.contexts.list():
        yield context, "store", context.name == current


def _in_workspace() -> Iterator[tuple[Context, str, bool]]:
    if (path := workspace_file()) is not None:
        contexts, current = from_file(path)
        for name, context in contexts.items():
            yield context, str(path), name == current


async def choose(session: Session, wanted: str) -> Context:
    """The context that is meant. Raises NoContext, UnknownContext."""
    if not wanted:
        if (own := from_environment({**read_dotenv(Path(".env")), **os.environ})) is not None:
            return own
        if (path := workspace_file()) is not None:
            contexts, current = from_file(path)
            if current in contexts:
                return contexts[current]
    everything = await list_contexts(session, wanted)
    for one in everything:
        if one.current:
            return one.context
    if wanted:
        names = ", ".join(one.context.name for one in everything)
        hint = f"contexts: {names}" if names else NoContext.default_hint
        raise UnknownContext(f"there is no context {wanted!r}", hint=hint)
    if everything:
        names = ", ".join(one.context.name for one in everything)
        raise NoContext(
            "no context is chosen", hint=f"proxmox-cli config use-context NAME, or --context NAME ({names})"
        )
    if EXAMPLE.is_file():
        raise NoContext(f"there is no config/proxmox.yml here, and no context in the store (copy {EXAMPLE}?)")
    raise NoContext()
