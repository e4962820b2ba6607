"""What a rendered chart says: manifests, hooks and notes (pkg/release/v1/util/manifest_sorter.go, Helm 4.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.language.function import GoError

# Helm's annotations, and the same ones under this product's name.
_PREFIXES = ("proxmox.io/", "helm.sh/")
_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)

EVENTS = (
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
)
POLICIES = ("before-hook-creation", "hook-succeeded", "hook-failed")

# What makes room for itself before it is made again, when a hook says nothing (Helm 4.2.3: hooks.go).
_DEFAULT_POLICY = ("before-hook-creation",)


@dataclass(frozen=True, slots=True)
class Hook:
    """A document that is no part of the release, but is carried out at `events`.

    `text` is the document, in its place among the lines of `file`; `weight` orders hooks, lower ones first.
    """

    file: str
    kind: str
    name: str
    events: tuple[str, ...]
    weight: int
    policies: tuple[str, ...]
    text: str
    annotations: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[int, str, str]:
        return self.weight, self.kind, self.name


@dataclass(frozen=True, slots=True)
class Manifests:
    """`texts` are the files by name, without what is a hook: their lines are where they were rendered.

    `remarks` are what Helm would only log: an unknown hook event, a weight that is no number.
    """

    texts: Mapping[str, str]
    hooks: tuple[Hook, ...]
    notes: str
    remarks: tuple[str, ...] = ()

    @property
    def manifest(self) -> str:
        """All of it as `helm get manifest` shows it."""
        parts = (f"---\n# Source: {name}\n{_squeezed(text)}\n" for name, text in self.texts.items())
        return "".join(parts)


def _squeezed(text: str) -> str:
    return "\n---\n".join(part.strip("\n") for part in _SEPARATOR.split(text) if part.strip())


def split(rendered: Mapping[str, str], chart: str, *, sub_notes: bool = False) -> Manifests:
    """Sort what a chart was rendered to; `chart` is its name, whose own NOTES.txt counts."""
    texts: dict[str, str] = {}
    hooks: list[Hook] = []
    notes: list[str] = []
    remarks: list[str] = []
    for name in sorted(rendered):
        text = rendered[name]
        if name.endswith("/NOTES.txt"):
            if sub_notes or name == f"{chart}/templates/NOTES.txt":
                notes.append(text)
            continue
        if name.rpartition("/")[2].startswith("_") or not text.strip():
            continue
        rest = _without_hooks(name, text, hooks, remarks)
        if rest.strip():
            texts[name] = rest
    hooks.sort(key=lambda hook: hook.order)
    return Manifests(texts, tuple(hooks), "\n".join(notes), tuple(remarks))


def _without_hooks(name: str, text: str, hooks: list[Hook], remarks: list[str]) -> str:
    """A file's text with blank lines where hooks stood; they are added to `hooks`."""
    if not any(f"{prefix}hook" in text for prefix in _PREFIXES):
        return text
    parts: list[str] = []
    start = 0
    for found in [*_SEPARATOR.finditer(text), None]:
        end = len(text) if found is None else found.start()
        document = text[start:end]
        hook = _hook(name, document, text.count("\n", 0, start), remarks)
        if hook is None:
            parts.append(document)
        else:
            hooks.append(hook)
            parts.append("\n" * document.count("\n"))
        if found is not None:
            parts.append(found.group())
            start = found.end()
    rest = "".join(parts)
    return rest if any(part.strip() for part in _SEPARATOR.split(rest)) else ""


def _hook(name: str, document: str, line: int, remarks: list[str]) -> Hook | None:
    try:
        value = read_yaml(document)
    except GoError:
        return None  # what it is will be told when it is read as a manifest, with its place
    annotations = _annotations(value)
    said = _annotation(annotations, "hook")
    if said is None:
        return None
    events = []
    for event in (part.strip().lower() for part in said.split(",")):
        event = "test" if event == "test-success" else event
        if event in EVENTS:
            events.append(event)
        else:
            remarks.append(f"{name}: unknown hook {event!r} is ignored")
    weight_text = _annotation(annotations, "hook-weight") or "0"
    try:
        weight = int(weight_text)
    except ValueError:
        weight = 0
        remarks.append(f"{name}: the hook weight {weight_text!r} is no integer, so it is 0")
    policy_text = _annotation(annotations, "hook-delete-policy")
    policies = tuple(part.strip().lower() for part in policy_text.split(",")) if policy_text else _DEFAULT_POLICY
    for policy in policies:
        if policy not in POLICIES:
            remarks.append(f"{name}: unknown hook delete policy {policy!r} is ignored")
    metadata = value.get("metadata")
    return Hook(
        file=name,
        kind=str(value.get("kind", "")),
        name=str(metadata.get("name", "")) if isinstance(metadata, dict) else "",
        events=tuple(events),
        weight=weight,
        policies=tuple(policy for policy in policies if policy in POLICIES),
        text="\n" * line + document,
        annotations=tuple(annotations),
    )


def is_about_hooks(annotation: str) -> bool:
    """Whether an annotation only says when and how a hook is carried out."""
    return any(annotation.startswith(f"{prefix}hook") for prefix in _PREFIXES)


def _annotations(value: Any) -> dict[str, Any]:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _annotation(annotations: Mapping[str, Any], name: str) -> str | None:
    for prefix in _PREFIXES:
        value = annotations.get(prefix + name)
        if value is not None:
            return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
    return None
