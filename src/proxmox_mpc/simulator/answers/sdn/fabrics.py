"""/cluster/sdn/fabrics: routed underlays, and the nodes that are part of them.

The recorded server had this part switched off: beyond the parameters, the texts follow PVE's sources (facts, 9.1).
"""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sdn import _lock, _objects, _views
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_PATH = "/cluster/sdn/fabrics"
_PROTOCOLS = {"openfabric": "hello_interval csnp_interval", "ospf": "area"}


def _collection(kind: str, noun: str, key: str, one: str, create_at: str, options: str, **special: str) -> Collection:
    return Collection(
        file=f"sdn/fabrics-{kind}.cfg",
        key=key,
        all=f"{_PATH}/{kind}",
        one=one,
        create_at=create_at,
        defined=f"{noun} '{{name}}' already exists in config",
        absent=f"{noun} '{{name}}' does not exist in configuration",
        absent_update=f"{noun} '{{name}}' does not exist in configuration",
        absent_delete=f"deleting {noun} failed: {noun} '{{name}}' does not exist in configuration",
        creating=f"adding {noun} failed: ",
        updating=f"updating {noun} failed: ",
        kinds={p: frozenset(f"type {options} {special.get(p, '')}".split()) for p in _PROTOCOLS},
    )


FABRICS = _collection(
    "fabric", "fabric", "id", f"{_PATH}/fabric/{{id}}", f"{_PATH}/fabric", "ip_prefix ip6_prefix", **_PROTOCOLS
)
NODES = _collection(
    "node",
    "node",
    "node_id",
    f"{_PATH}/node/{{fabric_id}}/{{node_id}}",
    f"{_PATH}/node/{{fabric_id}}",
    "fabric_id interfaces ip ip6",
)


def _given(call: Call, kind: Collection) -> Section:
    left_out = {"digest", "delete", "lock-token", "protocol", "node", kind.key}
    return {k: v for k, v in call.params.items() if k not in left_out}


def _rows(call: Call, kind: Collection, fabric: str = "") -> list[Section]:
    rows = []
    for name, section in _views.choose(call, kind, frozenset({"type", "fabric_id"})).items():
        row = _objects.typed(call, kind.create_at, section)
        row["protocol"] = row.pop("type")
        if kind is NODES:
            row["node_id"] = name.partition("/")[2]
        else:
            row["id"] = name
        home = row["fabric_id"] if kind is NODES else name
        if fabric in ("", home) and call.may(f"/sdn/fabrics/{home}", *_objects.SEES):
            rows.append({**row, "digest": kind.digest(call)})
    return rows


@answers("GET", _PATH)
def index(call: Call) -> Any:
    return [{"subdir": name} for name in ("fabric", "node", "all")]


@answers("GET", _PATH + "/all")
def everything(call: Call) -> Any:
    return {"fabrics": _rows(call, FABRICS), "nodes": _rows(call, NODES)}


@answers("GET", FABRICS.all)
def fabrics(call: Call) -> Any:
    return _rows(call, FABRICS)


@answers("GET", NODES.all, NODES.create_at)
def nodes(call: Call) -> Any:
    return _rows(call, NODES, call.text("fabric_id"))


def _name(call: Call, kind: Collection) -> str:
    """Nodes are stored below their fabric."""
    return f"{call.text('fabric_id')}/{call.text('node_id')}" if kind is NODES else call.text("id")


def _register(kind: Collection) -> None:
    @answers("GET", kind.one)
    def read(call: Call) -> Any:
        key = "node_id" if kind is NODES else "id"
        rows = [r for r in _rows(call, kind, call.text("fabric_id")) if r[key] == call.text(key)]
        if not rows:
            die(kind.absent.format(name=call.text(key)))
        return rows[0]

    @answers("POST", kind.create_at)
    def create(call: Call) -> None:
        _lock.check(call, kind.creating)
        if kind is NODES and call.text("fabric_id") not in FABRICS.sections(call):
            die(kind.creating + FABRICS.absent.format(name=call.text("fabric_id")))
        _section.create(call, kind, _name(call, kind), {"type": call.text("protocol"), **_given(call, kind)})

    @answers("PUT", kind.one)
    def update(call: Call) -> None:
        _lock.check(call, kind.updating)
        _section.update(call, kind, _name(call, kind), _given(call, kind))

    @answers("DELETE", kind.one)
    def delete(call: Call) -> None:
        _lock.check(call)
        name = _name(call, kind)
        if name not in kind.sections(call):
            die((kind.absent_delete or "").format(name=name.rpartition("/")[2]))
        if kind is FABRICS and any(n["fabric_id"] == name for n in NODES.sections(call).values()):
            die(f"deleting fabric failed: fabric '{name}' still has nodes")
        del kind.sections(call)[name]


_register(FABRICS)
_register(NODES)
