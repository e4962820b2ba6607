"""/nodes/{node}/hardware, its certificates, and what it could scan or download: facts of a host that do not change."""

from __future__ import annotations

import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers


@answers("GET", "/nodes/{node}/hardware/pci")
def pci(call: Call) -> Any:
    """Without bridges, processors and memory controllers, unless the call names other classes to leave out."""
    left_out = call.items("pci-class-blacklist") or ["05", "06", "0b"]
    rows = [dict(d) for d in call.node.devices if not any(d["class"].startswith(f"0x{c}") for c in left_out)]
    return rows if call.flag("verbose", True) else [{"id": row["id"]} for row in rows]


@answers("POST", "/nodes/{node}/aplinfo")
def download_template(call: Call) -> None:
    """The list of appliances is empty: nothing can be downloaded."""
    refuse(template="no such template")


def _name(name: x509.Name) -> str:
    return "".join(f"/{a.rfc4514_attribute_name}={a.value!s}" for a in name)


@answers("GET", "/nodes/{node}/certificates/info")
def certificates(call: Call) -> Any:
    """The certificate that the simulator itself uses, in the place of the node's and of its authority's."""
    if not call.cluster.certificate:
        return []
    found = x509.load_pem_x509_certificate(call.cluster.certificate.encode())
    key = found.public_key()
    alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [*alternatives.get_values_for_type(x509.DNSName), *alternatives.get_values_for_type(x509.IPAddress)]
    row = {
        "fingerprint": found.fingerprint(hashes.SHA256()).hex(":").upper(),
        "issuer": _name(found.issuer),
        "subject": _name(found.subject),
        "notbefore": _seconds(found.not_valid_before_utc),
        "notafter": _seconds(found.not_valid_after_utc),
        "pem": call.cluster.certificate,
        "public-key-type": "rsaEncryption" if isinstance(key, rsa.RSAPublicKey) else "id-ecPublicKey",
        "public-key-bits": key.key_size if hasattr(key, "key_size") else 0,
        "san": [str(name) for name in names],
    }
    return [{**row, "filename": "pve-root-ca.pem", "san": []}, {**row, "filename": "pve-ssl.pem"}]


def _seconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp())
