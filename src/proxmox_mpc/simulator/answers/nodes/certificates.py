"""/nodes/{node}/certificates: the simulator's own in the place of the node's, one that somebody uploads, and those that
an ACME directory would sign. No directory is asked: the simulator signs them itself."""

from __future__ import annotations

import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives

_PATH = "/nodes/{node}/certificates"
_CUSTOM = "pveproxy-ssl.pem"
# What an ACME certificate is good for, and how long before its end it may be renewed (9.1).
_LIFETIME, _RENEWAL = datetime.timedelta(days=90), datetime.timedelta(days=30)
_TAKES_S = 10.0


def _kept(call: Call) -> dict[str, Any]:
    """The node's own certificate: `pem`, `key`, and `account` if an ACME directory signed it."""
    return call.cluster.files.setdefault("certificates", {}).setdefault(call.node.name, {})


def _name(name: x509.Name) -> str:
    return "".join(f"/{a.rfc4514_attribute_name}={a.value!s}" for a in name)


def describe(pem: str, filename: str) -> dict[str, Any]:
    """What the API tells of a certificate."""
    found = x509.load_pem_x509_certificate(pem.encode())
    key = found.public_key()
    return {
        "filename": filename,
        "fingerprint": found.fingerprint(hashes.SHA256()).hex(":").upper(),
        "issuer": _name(found.issuer),
        "subject": _name(found.subject),
        "notbefore": int(found.not_valid_before_utc.timestamp()),
        "notafter": int(found.not_valid_after_utc.timestamp()),
        "pem": pem,
        "public-key-type": "rsaEncryption" if isinstance(key, rsa.RSAPublicKey) else "id-ecPublicKey",
        "public-key-bits": key.key_size if hasattr(key, "key_size") else 0,
        "san": _alternatives(found),
    }


def _alternatives(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


@answers("GET", f"{_PATH}/info")
def listing(call: Call) -> Any:
    rows, own = [], call.cluster.certificate
    if own:
        rows = [{**describe(own, "pve-root-ca.pem"), "san": []}, describe(own, "pve-ssl.pem")]
    return [*rows, describe(_kept(call)["pem"], _CUSTOM)] if _kept(call) else rows


# --- uploaded ---------------------------------------------------------------------------------------


@answers("POST", f"{_PATH}/custom")
def upload(call: Call) -> Any:
    pem, kept = call.text("certificates").strip() + "\n", _kept(call)
    if kept and not call.flag("force"):
        refuse(force="Custom certificate exists but 'force' is not set.")
    key = call.text("key") or kept.get("key", "")
    if not key:
        refuse(key="Attempted to upload custom certificate without (existing) key.")
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        refuse(certificates="invalid format - value is not a chain of PEM certificates\n")
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        refuse(key="invalid format - value is not a PEM key without a password\n")
    if _public(chain[0].public_key()) != _public(private.public_key()):
        die("certificate and key do not match")
    call.cluster.files["certificates"][call.node.name] = {"pem": pem, "key": key}
    return describe(pem, _CUSTOM)


def _public(key: Any) -> bytes:
    found: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return found


@answers("DELETE", f"{_PATH}/custom")
def remove(call: Call) -> None:
    call.cluster.files.get("certificates", {}).pop(call.node.name, None)


# --- signed by an ACME directory --------------------------------------------------------------------


def _order(call: Call) -> tuple[str, list[str]]:
    """The account and the domains of the node's configuration."""
    settings = call.cluster.files.get("nodes", {}).get(call.node.name, {})
    parts = _drives.parse(settings.get("acme", ""), "account")
    account = parts.get("account") or "default"
    domains = [d for d in parts.get("domains", "").split(";") if d]
    domains += [_drives.parse(v, "domain")["domain"] for k, v in sorted(settings.items()) if k.startswith("acmedomain")]
    if not domains:
        die("no domains configured for ACME: set `acme` or `acmedomain0` of the node first")
    if account not in call.cluster.files.get("acme/accounts", {}):
        refuse(name=f"ACME account config file '{account}' does not exist.")
    return account, domains


def _sign(now: float, domains: list[str]) -> tuple[str, str]:
    """A certificate for the domains, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    begin = datetime.datetime.fromtimestamp(now, datetime.UTC)
    issuer = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Simulated ACME directory"),
        x509.NameAttribute(NameOID.COMMON_NAME, "S1"),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domains[0][:64])]))
        .issuer_name(x509.Name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(d) for d in domains]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def _ordering(call: Call, account: str, domains: list[str]) -> Any:
    async def work(work: Work) -> None:
        work.log("Loading ACME account details", "Placing ACME order")
        for domain in domains:
            await work.takes(_TAKES_S)
            work.log(f"The validation for {domain} is complete!")
        pem, key = _sign(call.cluster.now(), domains)
        call.cluster.files.setdefault("certificates", {})[call.node.name] = {
            "pem": pem, "key": key, "account": account,
        }  # fmt: skip
        work.log("All domains validated!", "Downloading certificate", "Setting pveproxy certificate and key")
        work.log("Restarting pveproxy")

    return work


@answers("POST", f"{_PATH}/acme/certificate")
def order(call: Call) -> str:
    if _kept(call) and not call.flag("force"):
        refuse(force="Custom certificate exists but 'force' is not set.")
    return call.fork("acmenewcert", "", _ordering(call, *_order(call)))


@answers("PUT", f"{_PATH}/acme/certificate")
def renew(call: Call) -> str:
    kept = _kept(call)
    if not kept:
        die("No current (custom) certificate found, please order a new certificate!")
    ends = describe(kept["pem"], _CUSTOM)["notafter"]
    if ends - call.cluster.now() > _RENEWAL.total_seconds() and not call.flag("force"):
        refuse(force="Certificate does not expire within the next 30 days, and 'force' is not set.")
    return call.fork("acmerenew", "", _ordering(call, *_order(call)))


@answers("DELETE", f"{_PATH}/acme/certificate")
def revoke(call: Call) -> str:
    if "account" not in _kept(call):
        die("No certificate of an ACME directory found")

    async def work(work: Work) -> None:
        work.log("Loading ACME account details", "Revoking old certificate")
        await work.takes(_TAKES_S)
        call.cluster.files["certificates"].pop(call.node.name, None)
        work.log("Deleting certificate files", "Restarting pveproxy to revert to self-signed certificates")

    return call.fork("acmerevoke", "", work)
