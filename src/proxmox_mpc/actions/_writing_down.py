"""What lives, as manifests: what export and adopt share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import yaml

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._views import manifest
from proxmox_mpc.actions._visibility import Sees, everywhere
from proxmox_mpc.actions.get import GetRequest, NoSuchObject, require_named, select
from proxmox_mpc.engine.references import REFERENCE
from proxmox_mpc.errors import MpcError, UnreachableError, UsageError
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Live
from proxmox_mpc.kinds._schema import HIDDEN
from proxmox_mpc.kinds._view import View

# What stands in a path instead of what a file system or Git would stumble over.
_PLAIN = re.compile(r"[^A-Za-z0-9._@-]+")


class FileView(Result):
    """One manifest: where a person would keep it, and its text."""

    path: str
    kind: str
    name: str
    content: str
    secrets: list[str] = []


async def write_down(
    view: View,
    kinds: Sequence[str],
    names: Sequence[str] = (),
    namespace: str = "",
    selector: str = "",
    *,
    with_identity: bool = False,
    sees: Sees = everywhere,
) -> tuple[list[FileView], list[str]]:
    """The manifests of these objects, ordered by path, and what could not be written down; no kinds are all.

    `with_identity` adds what tells the very object: a guest's VMID.

    Without names, what every cluster has by itself is not among them. With a namespace, cluster-wide kinds are not,
    and nothing is that stands in a namespace that nobody `sees`.
    Raises UsageError for a cluster-wide kind in a namespace, and NoSuchObject for a name.
    """
    found = [find_kind(word) for word in kinds] or list(all_kinds())
    if namespace and (outside := [kind.name for kind in found if kinds and not kind.namespaced]):
        raise UsageError(f"{outside[0]} is cluster-wide and stands in no namespace", hint="leave out -n")
    await view.pve.version()  # an unreachable cluster says so once
    results = await asyncio.gather(
        *(
            of_kind(
                view,
                kind,
                GetRequest(kind=kind.name, names=list(names), namespace=namespace, selector=selector),
                with_identity=with_identity,
                sees=sees,
            )
            for kind in found
            if kind.namespaced or not namespace
        )
    )
    files = sorted((file for found, _ in results for file in found), key=lambda file: (file.path, file.name))
    return _apart(files), [line for _, lines in results for line in lines]


def _apart(files: Sequence[FileView]) -> list[FileView]:
    """The files with a path of their own each, also where case does not count."""
    taken: set[str] = set()
    apart = []
    for file in files:
        stem, number = file.path.removesuffix(".yaml"), 1
        while file.path.lower() in taken:
            number += 1
            file = file.model_copy(update={"path": f"{stem}-{number}.yaml"})
        taken.add(file.path.lower())
        apart.append(file)
    return apart


async def of_kind(
    view: View, kind: Kind, wanted: GetRequest, *, with_identity: bool = False, sees: Sees = everywhere
) -> tuple[list[FileView], list[str]]:
    """The manifests of a kind, and what of it is not among them."""
    try:
        rows = await kind.driver.rows(view)
        chosen = select([live for live in rows if sees(live.key.namespace)], wanted)
        require_named(chosen, kind, wanted)
        lives = await kind.driver.detail(view, [live for live in chosen if wanted.names or kind.exported(live)])
    except (UnreachableError, NoSuchObject):
        raise
    except MpcError as error:
        return [], [f"{kind.plural}: {str(error).partition(chr(10))[0]}"]
    by_key: dict[Key, list[Live]] = {}
    for live in lives:
        by_key.setdefault(live.key, []).append(live)
    files, left_out = [], []
    for key, same in sorted(by_key.items()):
        if len(same) > 1:
            ids = ", ".join(" ".join(map(str, live.identity.values())) for live in same)
            left_out.append(f"{key}: {len(same)} objects have this name ({ids}); rename all but one")
            continue
        document = written_down(kind, same[0])
        if with_identity and kind.identified_by:
            known = {name: same[0].identity[name] for name in kind.identified_by}
            document["spec"] = {**known, **document.get("spec", {})}
        if not kind.always_there or "spec" in document:
            path = _path(kind, key.namespace, key.name)
            named = sorted(_secrets(kind, same[0]).values())
            file = FileView(path=path, kind=kind.name, name=key.name, content=_text(document), secrets=named)
            files.append(file)
    return files, left_out


def written_down(kind: Kind, live: Live) -> dict[str, Any]:
    """An object's manifest, with references where it has secrets."""
    document = manifest(kind, live)
    for path, name in _secrets(kind, live).items():
        inside = document.setdefault("spec", {})
        *parents, last = path.split(".")
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[last] = {REFERENCE: name}
    return document


def _secrets(kind: Kind, live: Live) -> dict[str, str]:
    """The secrets of an object, as far as it shows that it has some: by path a name for each."""
    found: dict[str, str] = {}
    for path, leaf in kind.schema.leaves.items():
        shows = _stands(leaf.wire.beside, live) or live.fields.get(path) == HIDDEN
        if leaf.wire.secret and "*" not in path and shows:
            words = [kind.name.lower(), *([live.key.namespace] if kind.namespaced else []), live.key.name, leaf.name]
            found[path] = _PLAIN.sub("-", "-".join(words)).replace("@", "-")
    return found


def _stands(beside: Sequence[str], live: Live) -> bool:
    """Whether an object has all of these fields, some of them with one of these values."""
    asked = [condition.partition("=") for condition in beside]
    return bool(asked) and all(
        name in live.fields and (not values or live.fields[name] in values.split("|")) for name, _, values in asked
    )


def _path(kind: Kind, namespace: str, name: str) -> str:
    folder = namespace if kind.namespaced else "cluster"
    return "/".join(_PLAIN.sub("-", part) for part in (folder, kind.plural, name)) + ".yaml"


def _text(document: dict[str, Any]) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120))
