"""/cluster/ha: which guests are kept running, and the rules where. The manager itself is a daemon."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _ha
from proxmox_mpc.simulator.answers.guests._placement import Placement
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.ha import Request

_KINDS = {"vm": "qemu", "ct": "lxc"}
_NOUNS = {"vm": "VM", "ct": "container"}
_PATH = "/cluster/ha/resources"

RESOURCES = Collection(
    file=_ha.RESOURCES,
    key="sid",
    all=_PATH,
    one=_PATH + "/{sid}",
    create_at=_PATH,
    defined="resource ID '{name}' already defined",
    absent="no such resource '{name}'",
    absent_update="no such resource '{name}'",
    absent_delete="cannot delete service '{name}', not HA managed!",
    creating="create resource failed: ",
    updating="update resources config failed: ",
    shows_key=True,
)


def _sid(call: Call) -> str:
    """`vm:100`, whether it was sent so or as a bare VMID."""
    given = call.text("sid")
    kind, colon, vmid = given.partition(":")
    if not colon:
        guest = call.cluster.guests.get(int(given))
        if guest is None:
            die(f"unable to detect SID from VMID - VM/CT {given} does not exist")
        return f"{'vm' if guest.is_qemu else 'ct'}:{given}"
    if kind not in _KINDS:
        die(f"unknown section type '{kind}'")
    if not vmid.isdigit():
        die("invalid VMID")
    return given


def _no_groups(call: Call) -> None:
    if "group" in call.params and call.cluster.version == "9.1":
        die("invalid parameter 'group': ha groups have been migrated to rules")


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in ("sid", "digest", "delete", "type")}


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    names = sorted(RESOURCES.sections(call))
    return [
        _section.show(call, RESOURCES, n)
        for n in names
        if call.text("type", n.partition(":")[0]) == n.partition(":")[0]
    ]


@answers("GET", RESOURCES.one)
def read(call: Call) -> Any:
    sid = _sid(call)
    if sid not in RESOURCES.sections(call):
        die(RESOURCES.absent.format(name=sid))
    return _section.show(call, RESOURCES, sid)


@answers("POST", _PATH)
def create(call: Call) -> None:
    sid = _sid(call)
    kind, _, vmid = sid.partition(":")
    if call.text("type", kind) != kind:
        die("types does not match")
    _no_groups(call)
    guest = call.cluster.guests.get(int(vmid))
    if guest is None:
        die(f"resource '{sid}' does not exist in cluster")
    if guest.kind != _KINDS[kind]:
        die(f"resource '{sid}' - guest with ID {vmid} is not a {_NOUNS[kind]}")
    _section.create(call, RESOURCES, sid, {"type": kind, **_given(call)})


@answers("PUT", RESOURCES.one)
def update(call: Call) -> None:
    _no_groups(call)
    _section.update(call, RESOURCES, _sid(call), _given(call))


@answers("DELETE", RESOURCES.one)
def delete(call: Call) -> None:
    sid = _sid(call)
    if RESOURCES.sections(call).pop(sid, None) is None:
        die((RESOURCES.absent_delete or "").format(name=sid))
    if call.flag("purge", True):
        forget_in_rules(call, sid)


def _move(command: str) -> None:
    @answers("POST", f"{RESOURCES.one}/{command}")
    def move(call: Call) -> Any:
        """Any node can be asked for; the manager passes over one that is not there (ha-resources, 9.1)."""
        sid, node, cluster = _sid(call), call.text("node"), call.cluster
        if sid not in RESOURCES.sections(call):
            die(f"resource '{sid}' is not HA managed")
        answer: dict[str, Any] = {"sid": sid, "requested-node": node}
        places = Placement(cluster)
        if blocking := places.blockers(sid, node):
            return answer | {"blocking-resources": [{"sid": b, "cause": "resource-affinity"} for b in blocking]}
        if mates := places.mates(sid):
            answer["comigrated-resources"] = mates
        if cluster.has_ha_manager:
            cluster.ha.requests[sid] = Request(command, node)
        return answer


for _command in ("migrate", "relocate"):
    _move(_command)


# --- rules ------------------------------------------------------------------------------------------

_RULES = "/cluster/ha/rules"
_INEFFECTIVE = "rule is ineffective as there are less than two resources"
_COMMON = frozenset("type rule resources comment disable".split())


def _check_rule(call: Call, name: str, section: Section) -> None:
    prefix = "create ha rule failed: " if call.method.verb == "POST" else "update HA rules failed: "
    resources = split_list(section["resources"])
    unmanaged = [r for r in resources if r not in RESOURCES.sections(call)]
    nodes = [n.partition(":")[0] for n in split_list(section.get("nodes", ""))]
    if unmanaged and call.method.verb == "POST":
        die(f"{prefix}cannot use unmanaged resource(s) {', '.join(unmanaged)}.")
    if missing := [n for n in nodes if n not in call.cluster.nodes]:
        die(f"{prefix}cannot use non-existent node(s) {', '.join(missing)}.")
    complaint = ""
    if section["type"] == "resource-affinity" and len(resources) < 2:
        complaint = _INEFFECTIVE
    for other, rule in RULES.sections(call).items():
        both = set(resources) & set(split_list(rule["resources"]))
        if other != name and both and section["type"] == rule["type"] == "node-affinity":
            complaint = f"resource '{min(both)}' is already used in another node affinity rule"
    if complaint:
        die(f"{prefix}400 Rule '{name}' is invalid.\nresources: {complaint}")


RULES = Collection(
    file="ha/rules.cfg",
    key="rule",
    all=_RULES,
    one=_RULES + "/{rule}",
    create_at=_RULES,
    defined="HA rule '{name}' already defined",
    absent="no such ha rule '{name}'",
    absent_update="HA rule '{name}' does not exist",
    absent_delete=None,
    creating="create ha rule failed: ",
    updating="update HA rules failed: ",
    needed={"node-affinity": ("nodes", "resources"), "resource-affinity": ("affinity", "resources")},
    kinds={
        "node-affinity": _COMMON | frozenset({"nodes", "strict"}),
        "resource-affinity": _COMMON | frozenset({"affinity"}),
    },
    shows_key=True,
    check=_check_rule,
)


def _rule(call: Call, name: str) -> Section:
    order = list(RULES.sections(call)).index(name) + 1
    shown = {**_section.show(call, RULES, name), "order": order}
    if shown["type"] == "resource-affinity" and len(split_list(shown["resources"])) < 2:
        shown["errors"] = {"resources": [_INEFFECTIVE]}
    return shown


def forget_in_rules(call: Call, sid: str) -> None:
    """A resource that is gone leaves the rules that named it."""
    for rule in RULES.sections(call).values():
        rule["resources"] = ",".join(r for r in split_list(rule["resources"]) if r != sid)


@answers("GET", _RULES)
def rules(call: Call) -> Any:
    rows = [_rule(call, name) for name in RULES.sections(call)]
    wanted = call.text("resource")
    return [
        row
        for row in rows
        if call.text("type", row["type"]) == row["type"] and (not wanted or wanted in split_list(row["resources"]))
    ]


@answers("GET", RULES.one)
def rule(call: Call) -> Any:
    if call.text("rule") not in RULES.sections(call):
        die(RULES.absent.format(name=call.text("rule")))
    return _rule(call, call.text("rule"))


@answers("POST", _RULES)
def create_rule(call: Call) -> None:
    given = {k: v for k, v in call.params.items() if k != "rule"}
    _section.create(call, RULES, call.text("rule"), given)


@answers("PUT", RULES.one)
def update_rule(call: Call) -> None:
    given = {k: v for k, v in call.params.items() if k not in ("rule", "digest", "delete")}
    _section.update(call, RULES, call.text("rule"), given)


@answers("DELETE", RULES.one)
def delete_rule(call: Call) -> None:
    RULES.sections(call).pop(call.text("rule"), None)
