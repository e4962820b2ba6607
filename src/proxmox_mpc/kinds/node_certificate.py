"""NodeCertificate: what a node's API and web interface prove themselves with, instead of its own certificate."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Collection, each_node
from proxmox_mpc.kinds._field import Part, Prose, field
from proxmox_mpc.kinds._kind import Change, Column, Key, Live, Need, Owned, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_PATH = "/nodes/{node}/certificates"
_CUSTOM, _ACME = f"{_PATH}/custom", f"{_PATH}/acme/certificate"
# The file of an uploaded certificate, or of one that an authority signed.
_FILE = "pveproxy-ssl.pem"


class NodeCertificateSpec(Part):
    """A node's certificate: uploaded with its key, or ordered by ACME. Its name is the node's.

    What ACME needs (account, domains, plugins) stands in the NodeConfig. PVE renews such a certificate by itself.
    """

    certificates: Prose | None = field(
        "certificates", pattern="^-----BEGIN CERTIFICATE-----", help="The certificate and those above it, as PEM."
    )
    key: str | None = field("key", secret=True, help="Its private key as PEM, without a password.")
    acme: bool | None = field(preference=True, default=False, help="Order it by ACME.")
    restart: bool | None = field(
        "restart", hint=True, default=False, help="Restart the node's API server, so that an uploaded one counts."
    )


class CertificateDriver(CollectionDriver):
    """One per node; uploaded or ordered anew when it shall be another."""

    made_otherwise = True

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        texts = {item.key: (item.applied or {}).get("certificates") for item in owned}
        texts |= {resource.key: resource.fields.get("certificates") for resource in wanted}
        return [_as_wanted(live, texts.get(live.key)) for live in await super().observe(view, wanted, owned)]

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        is_acme, is_uploaded = bool(resource.fields.get("acme")), "certificates" in resource.fields
        if is_acme == is_uploaded:
            raise resource.invalid(
                "spec", "a certificate is uploaded or ordered", "write certificates and key, or acme"
            )
        if is_uploaded and live is None and "key" not in {**resource.secrets, **resource.unknown}:
            raise resource.invalid("spec.key", "a certificate needs its key")
        return await super().complete(view, resource, live, applied)

    async def create(self, run: Run, resource: Resource) -> Live:
        return await self._put(run, resource, force=False)

    async def change(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        return await self._put(run, resource, force=True)

    async def _put(self, run: Run, resource: Resource, *, force: bool) -> Live:
        node, title = {"node": resource.key.name}, f"certificate of {resource.key.name}"
        if resource.fields.get("acme"):
            await run.call("POST", _ACME, {**node, "force": force}, title=f"order the {title}", makes=node)
        else:
            own = {path: value for path, value in resource.fields.items() if path not in resource.secrets}
            params = {**node, **self._schema().encode(own, resource.secrets), "force": force}
            await run.call("POST", _CUSTOM, params, title=f"upload the {title}", makes=node)
        return await self._reread(run, resource)

    async def delete(self, run: Run, live: Live) -> None:
        title = f"delete the certificate of {live.key.name}"
        if run.applied.get("acme"):
            await run.call("DELETE", _ACME, live.identity, title=title)
        else:
            restart = bool(run.applied.get("restart"))
            await run.call("DELETE", _CUSTOM, {**live.identity, "restart": restart}, title=title)

    def writes(self) -> Sequence[Write]:
        return [Write("POST", _CUSTOM, {"force": "certificates"}), Write("POST", _ACME, {"force": "acme"})]


def _as_wanted(live: Live, text: Value | None) -> Live:
    """The live object with the text that is wanted, if it is the same certificate: chains are told in several ways."""
    if not isinstance(text, str) or _fingerprint(text) != live.facts.get("fingerprint"):
        return live
    return replace(live, fields={**live.fields, "certificates": text})


def _fingerprint(text: str) -> str:
    """SHA-256 of the first certificate of a chain, as PVE writes it; nothing for what is none."""
    end = "-----END CERTIFICATE-----"
    try:
        der = ssl.PEM_cert_to_DER_cert(text.partition(end)[0] + end)
    except ValueError:
        return ""
    return hashlib.sha256(der).digest().hex(":").upper()


def _until(live: Live) -> str:
    ends = live.facts.get("notafter")
    return f"{datetime.fromtimestamp(int(ends), UTC):%Y-%m-%d}" if ends else ""


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {"certificates": row.get("pem")}


KIND = regular(
    "NodeCertificate",
    "nodecertificates",
    ("cert",),
    NodeCertificateSpec,
    Collection(
        f"{_PATH}/info",
        _CUSTOM,
        "filename",
        make=_CUSTOM,
        name="{node}",
        scopes=each_node,
        mine=lambda row: row["filename"] == _FILE,
        row=_row,
    ),
    columns=(
        Column.name(),
        Column("SUBJECT", lambda live: live.facts.get("subject", "")),
        Column("ISSUER", lambda live: live.facts.get("issuer", "")),
        Column("UNTIL", _until),
    ),
    driver=CertificateDriver,
    needs=lambda resource: [Need(Key("NodeConfig", "", resource.key.name), "metadata.name")],
    # Nobody can read its key, nor who ordered it.
    exported=lambda live: False,
    order=48,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeCertificate
metadata: { name: pve1 }
spec: { acme: true }
""",
)
