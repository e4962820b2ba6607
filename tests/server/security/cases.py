"""What somebody of team-a tries to learn or to change of team-b, action by action."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.actions._action import Action
from proxmox_mpc.actions._guests.choice import GuestsRequest
from tests.server.security.world import CHART, archive, texts, vm

Given = dict[str, Any]
THEIRS = texts(vm("bravo-web", "team-b", 7200))
FOREIGN = texts(vm("alpha-new", "team-b", 7300))
BY_VMID = texts(vm("alpha-web", "team-a", 7200))
HEAD = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: alpha-x, namespace: team-a }\n"


def spec(text: str, kind: str = "VirtualMachine") -> list[dict[str, str]]:
    return texts(HEAD.replace("VirtualMachine", kind) + f"spec: {{ node: pve-node1, {text} }}\n")


STOLEN = [
    *(spec(f"template: {word}") for word in ("bravo-tpl", "7202")),
    spec("disks: [{ volume: 'local-lvm:vm-7200-disk-0' }]"),
    spec("disks: [{ storage: local-lvm, size: 2G, importFrom: 'local-lvm:vm-7200-disk-0' }]"),
    spec("disks: [{ storage: local-lvm, size: 2G, importFrom: /dev/mapper/pve-vm--7200--disk--0 }]"),
    spec("disks: [{ path: /dev/sda }]"),
    spec("args: -incoming tcp:0:4444"),
    spec("hostpci: [{ device: '01:00.0' }]"),
    spec("usb: [{ device: '1-1' }]"),
    spec("serial: [{ device: /dev/ttyS0 }]"),
    spec("cloudInit: { password: { secretRef: shared } }"),
    spec("unprivileged: false, ostemplate: 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'", "Container"),
    spec(
        "mounts: [{ path: /etc, target: /mnt }], ostemplate: 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'",
        "Container",
    ),
]
"""Manifests of their own namespace, by which a guest would get at what is not theirs."""

DESIRED: list[Given] = [{"texts": one, "application": "mine"} for one in (THEIRS, FOREIGN, BY_VMID, *STOLEN)]
DESIRED += [
    {"texts": texts(vm("alpha-web", "team-a", 7100)), "application": name, "prune": True} for name in ("bravo",)
]

CHARTS: list[Given] = [
    {"chart": archive(CHART), "name": "bravo-rel", "namespace": "team-b"},
    {"chart": archive(CHART), "name": "bravo-rel", "namespace": "team-a"},
    {"chart": archive(CHART), "name": "fresh", "namespace": "team-b"},
]
LOOKUP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: looked }
spec: { node: pve-node1, description: {{ toJson (lookup "proxmox.io/v1" "VirtualMachine" "" "") | quote }} }
"""
NAMES: list[Given] = [{"name": "bravo"}, {"name": "bravo-rel"}]
APPLICATIONS: list[Given] = [{"application": "bravo"}, {"application": "bravo-rel"}]
KINDS: list[Given] = [
    {"kind": "vm"},
    {"kind": "vm", "namespace": "team-b"},
    {"kind": "vm", "names": ["bravo-web"]},
    {"kind": "vm", "names": ["7200"]},
    {"kind": "vm", "names": ["team-b/bravo-web"]},
    {"kind": "vm", "selector": "team-b"},
    {"kind": "snapshot"},
    {"kind": "vmtemplate"},
    {"kind": "guests"},
    {"kind": "pool"},
    {"kind": "storage"},
]

OTHERS: dict[str, list[Given]] = {
    "get": [*KINDS, *({**one, "full": True} for one in KINDS)],
    "describe": [*KINDS, {"kind": "vm", "names": ["alpha-web"]}],
    "get_declared": [{"texts": one, "full": True} for one in (THEIRS, BY_VMID)],
    "export_manifests": [{}, {"namespace": "team-b"}, {"kinds": ["vm"]}, {"kinds": ["vm"], "selector": "team-b"}],
    "guest_create": [{"kind": "vm", "name": "bravo-web", "namespace": "team-b"}],
    "plan": DESIRED,
    "diff": DESIRED,
    "plan_save": DESIRED,
    "apply": DESIRED,
    "delete": [
        {"texts": THEIRS, "application": "bravo"},
        {"texts": BY_VMID, "application": "bravo"},
        *APPLICATIONS,
        *({"kind": "vm", "names": [word]} for word in ("bravo-web", "7200", "team-b/bravo-web")),
        {"kind": "vm", "namespace": "team-b", "selector": "team-b"},
        {"kind": "snapshot", "names": ["bravo-web/before"]},
        {"kind": "pool", "names": ["team-b"]},
    ],
    "plan_open": [{"content": "{}"}],
    "apply_resume": [{}, *APPLICATIONS],
    "settle": [{}],
    "status": [{}, *APPLICATIONS],
    "history": APPLICATIONS,
    "rollback": [*APPLICATIONS, *({**one, "revision": 1} for one in APPLICATIONS)],
    "drift": [{}, *APPLICATIONS, {"texts": THEIRS}, {"texts": BY_VMID}],
    "drift_accept": [*APPLICATIONS, {"application": "bravo", "resources": ["bravo-db"]}],
    "drift_list_accepted": [{}, *APPLICATIONS],
    "drift_revoke": APPLICATIONS,
    "events": [{}, {"namespace": "team-b"}, {"name": "bravo-web"}, {"kind": "vm", "name": "bravo-web"}],
    "release_list": [{}, {"filter": "b"}],
    "release_get": [*NAMES, {"name": "bravo-rel", "revision": 1, "allValues": True}],
    "release_test": NAMES,
    "uninstall": NAMES,
    "install": CHARTS,
    "upgrade": [*CHARTS, {**CHARTS[0], "install": True}, {**CHARTS[0], "reuseValues": True}],
    "chart_template": [
        {
            "chart": archive({**CHART, "templates/vm.yaml": LOOKUP}),
            "cluster": True,
            "namespace": "team-b",
            "check": True,
        },
        {"chart": archive({**CHART, "templates/vm.yaml": LOOKUP}), "cluster": True},
    ],
    "schedule_create": [
        {"name": f"s-{number}", "action": action, "request": request, "cron": "0 3 * * *"}
        for number, (action, request) in enumerate(
            [
                ("apply", {"application": "bravo", "texts": []}),
                ("secret-rotate-key", {}),
                ("drain", {"node": "pve-node1"}),
            ]
        )
    ],
}
"""By action; verbs on guests are made below."""

MORE: dict[str, Given] = {
    "clone": {"names": ["alpha-copy"]},
    "guest_exec": {"command": ["cat", "/etc/shadow"]},
    "migrate": {"to": "pve-node2"},
    "resize": {"disk": "scsi0", "size": "+1G"},
    "snapshot_create": {"name": "stolen"},
    "snapshot_delete": {"name": "before"},
    "snapshot_rollback": {"name": "before"},
    "tag": {"add": ["mine"]},
    "backup": {"storage": "local"},
}
"""What verbs on guests ask for besides the guests."""


def on_guests(action: Action[Any, Any]) -> list[Given]:
    """A verb on the other team's guests, by every way to say which."""
    ways: list[Given] = [{"guests": [word]} for word in ("bravo-web", "7200", "vm/7201", "team-b/bravo-db")]
    if action.name != "clone":
        ways += [
            {"selector": "team-b"},
            {"namespace": "team-b"},
            {"fieldSelector": "name=bravo-web"},
            {"texts": THEIRS},
        ]
        ways += [{"texts": BY_VMID}]
    if action.name == "restore":
        ways = [
            {"guests": ["7200"], "latest": True, "force": True},
            {"guests": ["bravo-web"], "latest": True, "name": "x"},
        ]
    if action.name == "clone":
        ways += [{"guests": ["alpha-web"], "into": "team-b"}]
    if action.name == "snapshot_list":
        ways.append({"everything": True})
    return [{**way, **MORE.get(action.name, {})} for way in ways]


def cases(action: Action[Any, Any]) -> list[Given]:
    """All attempts by an action; none where nobody has thought of it yet."""
    if issubclass(action.request, GuestsRequest):
        return on_guests(action)
    return OTHERS.get(action.name, [])
