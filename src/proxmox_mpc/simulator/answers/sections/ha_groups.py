"""/cluster/ha/groups: where guests preferably run, until 8.4. From 9 on rules do that, and every call says so.

The texts of 8.4 were not recorded.
"""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section
from proxmox_mpc.simulator.formats import split_list

_ALL, _ONE = "/cluster/ha/groups", "/cluster/ha/groups/{group}"


def _check_nodes(call: Call, name: str, section: Section) -> None:
    nodes = [entry.partition(":")[0] for entry in split_list(section["nodes"])]
    if missing := [node for node in nodes if node not in call.cluster.nodes]:
        die(f"ha group '{name}': no such cluster node '{missing[0]}'")


GROUPS = Collection(
    file="ha/groups.cfg",
    key="group",
    all=_ALL,
    one=_ONE,
    create_at=_ALL,
    defined="ha group ID '{name}' already defined",
    absent="no such ha group '{name}'",
    absent_update="no such ha group '{name}'",
    absent_delete="delete ha group failed: no such ha group '{name}'",
    creating="create ha group failed: ",
    updating="update ha group failed: ",
    type="group",
    needed={"group": ("nodes",)},
    kinds={"group": frozenset("type nodes nofailback restricted comment".split())},
    shows_key=True,
    check=_check_nodes,
)


def _older(call: Call, words: str) -> None:
    """Refuse where groups are gone."""
    if call.cluster.version != "8.4":
        die(f"cannot {words}: ha groups have been migrated to rules")


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in ("group", "digest", "delete")}


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    _older(call, "index groups")
    return [_section.show(call, GROUPS, name) for name in sorted(GROUPS.sections(call))]


@answers("GET", _ONE)
def read(call: Call) -> Any:
    _older(call, "read group")
    if call.text("group") not in GROUPS.sections(call):
        die(GROUPS.absent.format(name=call.text("group")))
    return _section.show(call, GROUPS, call.text("group"))


@answers("POST", _ALL)
def create(call: Call) -> None:
    _older(call, "create group")
    _section.create(call, GROUPS, call.text("group"), _given(call))


@answers("PUT", _ONE)
def update(call: Call) -> None:
    _older(call, "update group")
    _section.update(call, GROUPS, call.text("group"), _given(call))


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    _older(call, "delete group")
    name = call.text("group")
    for sid, resource in call.cluster.files.get("ha/resources.cfg", {}).items():
        if resource.get("group") == name:
            die(f"delete ha group failed: ha group is used by service '{sid}'")
    if GROUPS.sections(call).pop(name, None) is None:
        die((GROUPS.absent_delete or "").format(name=name))
