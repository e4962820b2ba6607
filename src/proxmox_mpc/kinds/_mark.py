"""The ownership mark: a fenced block in a guest's description, or a short line in an object's comment.

It is the one thing that create and clone set atomically, so a lost store never turns owned guests into strangers.
Clones copy descriptions: a mark whose VMID is not its guest's own means *unowned*. People may edit the rest of the
text; the mark is hidden from diffs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxmox_mpc.kinds._kind import Key

INDEX_TAG = "proxmox-mpc"
"""A tag on every owned guest: an index in /cluster/resources, never a proof."""

# An HTML comment: PVE renders notes as Markdown, so the block does not show in its web interface.
_BLOCK = re.compile(r"\n*<!-- proxmox-mpc\n(.*?)\n-->\n*", re.DOTALL)
_SHORT = re.compile(r"\s*\[proxmox-mpc ([^\]\s]+) ([^\]\s]+)\]")


@dataclass(frozen=True)
class Mark:
    """Who owns an object: the application, the resource's key and its uid; guests also name their VMID, and what its
    manifest's policies say never happens to it."""

    uid: str
    application: str
    key: Key
    vmid: int | None = None
    policies: tuple[str, ...] = ()

    def block(self) -> str:
        """The fenced block for a description."""
        lines = {"uid": self.uid, "application": self.application, "kind": self.key.kind}
        lines |= {"name": f"{self.key.namespace}/{self.key.name}", "vmid": str(self.vmid)}
        lines |= {"policies": " ".join(self.policies)} if self.policies else {}
        return "<!-- proxmox-mpc\n" + "\n".join(f"{name}: {value}" for name, value in lines.items()) + "\n-->"

    def short(self) -> str:
        """The short form for a comment of one line."""
        return f"[proxmox-mpc {self.application} {self.uid}]"


def with_block(text: str, mark: Mark) -> str:
    """A description with this mark in place of any other; the person's own text comes first."""
    own = split_block(text)[0]
    return f"{own}\n\n{mark.block()}" if own else mark.block()


def split_block(text: str) -> tuple[str, Mark | None]:
    """A description's own text, and the mark in it; a damaged mark counts as none."""
    match = _BLOCK.search(text)
    if match is None:
        return text.strip("\n"), None
    own = (text[: match.start()] + "\n" + text[match.end() :]).strip("\n")
    pairs = dict(line.split(": ", 1) for line in match[1].splitlines() if ": " in line)
    # Nested pools have slashes of their own; a guest's name has none.
    namespace, slash, name = pairs.get("name", "").rpartition("/")
    if not slash or not pairs.get("vmid", "").isdigit() or "uid" not in pairs:
        return own, None
    key = Key(pairs.get("kind", ""), namespace, name)
    policies = tuple(pairs.get("policies", "").split())
    return own, Mark(pairs["uid"], pairs.get("application", ""), key, int(pairs["vmid"]), policies)


def with_short(text: str, mark: Mark) -> str:
    """A comment of one line with this mark at its end."""
    own = split_short(text, mark.key)[0]
    return f"{own} {mark.short()}".strip()


def split_short(text: str, key: Key) -> tuple[str, Mark | None]:
    """A comment's own text, and the mark in it, for the object that is called `key`."""
    match = _SHORT.search(text)
    if match is None:
        return text, None
    return (text[: match.start()] + text[match.end() :]).strip(), Mark(match[2], match[1], key)
