"""Two teams on one cluster, and somebody of the first who would like to know of the second."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

from tests.rest import WAIT, Document, Reply, exchange
from tests.server.running import Served

CANARY = "canary-7f3a9c"
"""Stands in all that is the second team's, and in nothing that is asked for."""
PASSWORD = "a password of some length"

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: {{ name: {name}, namespace: {namespace} }}
spec:
  node: pve-node1
  vmid: {vmid}
  memory: 256
  description: {description}
  tags: [{namespace}]
  disks: [{{ storage: local-lvm, size: 1G }}]
"""
CHART = {
    "Chart.yaml": "apiVersion: proxmox.io/v1\nname: shop\nversion: 1.0.0\n",
    "values.yaml": "secret: none\n",
    "templates/vm.yaml": """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: "{{ .Release.Name }}-shop" }
spec: { node: pve-node1, memory: 256, description: "{{ .Values.secret }} {{ randAlphaNum 12 }}" }
""",
}


def vm(name: str, namespace: str, vmid: int, description: str = "of a team") -> str:
    return VM.format(name=name, namespace=namespace, vmid=vmid, description=description)


def pool(name: str) -> str:
    return f"apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: {{ name: {name} }}\n"


def texts(*contents: str) -> list[dict[str, str]]:
    return [{"name": f"{number}.yaml", "content": content} for number, content in enumerate(contents)]


def archive(files: dict[str, str], name: str = "shop") -> str:
    """A chart, always the same to the byte: names of tests are made of it, and all processes have to name them alike."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return base64.b64encode(out.getvalue()).decode()


@dataclass
class World:
    """The server, its admin, and Amy: operator and viewer in team-a alone. Ben may look everywhere, and change nothing."""

    served: Served
    document: Document
    admin: str = field(repr=False)
    amy: str = field(default="", repr=False)
    ben: str = field(default="", repr=False)
    backup: str = ""
    """A backup of the second team's."""

    def ask(self, id: str, token: str, /, **given: Any) -> Reply:
        return self.document.ask(id, given, token, **WAIT)

    def ok(self, id: str, token: str = "", /, **given: Any) -> Any:
        reply = self.ask(id, token or self.admin, **given)
        assert reply.ok, (id, reply.text)
        return reply.json

    def enter(self, name: str, **grants: list[str]) -> str:
        """A user with roles in namespaces; the access token."""
        made = self.ok("user_create", name=name)
        for role, namespaces in grants.items():
            self.ok("grant_add", user=name, role=role, namespaces=namespaces)
        login = self.ok("login", name=name, password=made["secret"])
        given = {"currentPassword": made["secret"], "newPassword": PASSWORD}
        return str(self.ok("password_change", login["accessToken"], **given)["accessToken"])

    def agreed(self, id: str, /, **given: Any) -> Any:
        """What is shown first, and then done."""
        shown = self.ok(id, **given)
        return self.ok(id, **given, agreed=shown.get("hash") or shown["plan"]["hash"])

    def make(self) -> World:
        for letter, name, start in (("a", "alpha", 7100), ("b", "bravo", 7200)):
            space, note = f"team-{letter}", CANARY if letter == "b" else "of-a-team"
            wanted = [
                pool(space),
                *(vm(f"{name}-{n}", space, start + i, note) for i, n in enumerate(("web", "db", "tpl"))),
            ]
            self.ok("apply", texts=texts(*wanted), application=name)
            self.ok("snapshot_create", guests=[str(start)], name="before", description=note)
            backup = self.ok("backup", guests=[str(start)], storage="local", notes=note)
            self.backup = str(backup["items"][0]["result"]["volid"])
            self.agreed(
                "install", chart=archive(CHART), name=f"{name}-rel", namespace=space, values={"set": [f"secret={note}"]}
            )
            self.ok("tag", guests=[str(start)], add=[note])
        self.agreed("guest_template", guests=["7202"])
        self.ok("drift_accept", application="bravo", reason=CANARY)
        self.ok("tag", guests=["7201"], add=["drifted"])
        self.ok("secret_set", name="shared", value=CANARY)
        self.amy = self.enter("amy", operator=["team-a"], viewer=["team-a"])
        self.ben = self.enter("ben", viewer=["*"])
        return self

    def theirs(self) -> str:
        """All that is to be seen of the second team, by who may see it."""
        guests = self.ok("get", kind="vm", namespace="team-b", full=True)["items"]
        known = {
            "guests": [[one["identity"], one["manifest"]] for one in guests],
            "power": [one["status"].get("status") for one in guests],
            "applications": [one for one in self.ok("status")["items"] if one["name"].startswith("bravo")],
            "snapshots": self.ok("snapshot_list", namespace="team-b")["items"],
            "history": [len(self.ok("history", application=name)["items"]) for name in ("bravo", "bravo-rel")],
            "accepted": self.ok("drift_list_accepted", application="bravo")["items"],
            "secrets": self.ok("secret_list"),
        }
        return json.dumps(known, sort_keys=True, indent=1)


def call(world: World, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Reply:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        told["Authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    if data is not None:
        told.setdefault("Content-Type", "application/json")
    return exchange(method, f"{world.served.url}{path}", data, told)
