"""/cluster/options: datacenter.cfg."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers

# Property strings that the API shows taken apart (cluster-options, 9.1); the others stay text.
_OBJECTS = frozenset(
    "consent-text crs ha migration next-id notify replication tag-style u2f user-tag-access webauthn".split()
) - {"consent-text"}
_LISTS = frozenset({"registered-tags"})


def _tags_in_use(call: Call) -> set[str]:
    found: set[str] = set()
    for guest in call.cluster.guests.values():
        tags = guest.live.get("tags", "").replace(",", ";").replace(" ", ";")
        if tags.strip(";") and (call.is_root or call.may(f"/vms/{guest.vmid}", "VM.Audit")):
            found |= {t.lower() for t in tags.split(";") if t}
    return found


def _options(call: Call) -> dict[str, str]:
    return call.cluster.files.setdefault("datacenter", {}).setdefault("options", {})


@answers("GET", "/cluster/options")
def read(call: Call) -> Any:
    options = _options(call)
    registered = [t for t in options.get("registered-tags", "").split(";") if t]
    shown: dict[str, Any] = {"allowed-tags": sorted(_tags_in_use(call) | set(registered))}
    if not call.may("/", "Sys.Audit"):
        return shown | {k: _show(call, k, options[k]) for k in ("console", "tag-style") if k in options}
    shown |= {"mac_prefix": "BC:24:11", "description": ""}
    shown |= {k: _show(call, k, v) for k, v in options.items()}
    if options.get("description"):
        shown["description"] = options["description"].rstrip("\n") + "\n"
    return shown


def _show(call: Call, name: str, text: str) -> Any:
    if name in _OBJECTS:
        first = {"migration": "type", "replication": "type", "crs": "ha"}.get(name, "")
        parts = [part.partition("=") for part in text.split(",")]
        shown: dict[str, Any] = {(k if eq else first): (v if eq else k) for k, eq, v in parts}
        # Taken apart, switches become numbers and numbers stay text (cluster-options, 9.1).
        string = call.routes.method("PUT", "/cluster/options").parameters.property_string(name)
        for key, value in shown.items():
            if string and string.parts.get(key, {}).get("type") == "boolean":
                shown[key] = int(value in ("1", "on", "yes", "true"))
        if name == "user-tag-access" and "user-allow-list" in shown:
            shown["user-allow-list"] = shown["user-allow-list"].split(";")
        return shown
    if name in _LISTS:
        return [t for t in text.split(";") if t]
    facts = call.routes.method("PUT", "/cluster/options").parameters.facts(name)
    return int(text) if facts.get("type") == "boolean" else text


@answers("PUT", "/cluster/options")
def update(call: Call) -> None:
    """Merges; a key that is set and deleted at once is deleted (cluster-options, 9.1)."""
    limits = dict(part.partition("=")[::2] for part in call.text("next-id").split(",") if part)
    lower, upper = int(limits.get("lower", 100)), int(limits.get("upper", 1_000_000))
    if lower > upper:
        die(f"lower ({lower}) <= upper ({upper}) boundary rule broken")
    options = _options(call)
    options.update({k: v for k, v in call.params.items() if k != "delete"})
    for name in call.items("delete"):
        options.pop(name, None)
