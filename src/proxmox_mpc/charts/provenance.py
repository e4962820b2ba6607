"""Provenance: a `.prov` beside an archive says what is in it and who signed that, as Helm 4.2.3 makes and reads it.

It is a clear-signed text: Chart.yaml, a line of three dots, and the sha256 of the archive by the name of its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.charts.chart import load_archive
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
from proxmox_mpc.charts.errors import BadProvenance
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.records import write_record

_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\r?\n.*^-----BEGIN PGP SIGNATURE-----\r?\n.*^-----END PGP SIGNATURE-----",
    re.MULTILINE | re.DOTALL,
)
_SEPARATOR = "\n...\n"


@dataclass(frozen=True, slots=True)
class Verified:
    """An archive that is what its signer said it is."""

    file_name: str
    file_hash: str
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    packets: tuple[Any, ...]
    secret: bool
    names: tuple[str, ...]


def sign(package: Package, keyring: bytes, key: str, passphrase: str = "") -> str:
    """The text of the `.prov` of a package, signed with the key of a secret keyring whose name has `key` in it."""
    import pysequoia

    found = _chosen(_keys(keyring), key)
    if not found.secret:
        raise BadProvenance("provided key is not a private key. Try providing a keyring with secret keys")
    try:
        secret = pysequoia.Tsk.from_packets(list(found.packets))
        signer = secret.signer(passphrase) if passphrase else secret.signer()
        signed = pysequoia.sign(signer, _message(package), mode=pysequoia.SignatureMode.CLEAR)
    except RuntimeError as error:
        raise BadProvenance(f"the key of {found.names[0]} cannot sign: {_first_line(error)}") from None
    return signed.decode()


def verify(package: Package, provenance: str, keyring: bytes) -> Verified:
    """Who signed a package. Raises BadProvenance when nobody of the keyring did, or when it is not what was signed."""
    import pysequoia

    if not _SIGNED.search(provenance):
        raise BadProvenance("signature block not found")
    keys = _keys(keyring)
    try:
        certificates = [pysequoia.Cert.from_packets(list(one.packets)) for one in keys]
    except RuntimeError as error:
        raise BadProvenance(f"failed to load keyring: {_first_line(error)}") from None
    asked: list[str] = []

    def store(key_ids: list[str]) -> list[Any]:
        asked.extend(key_ids)
        return certificates

    try:
        checked = pysequoia.verify(bytes=go_bytes(provenance), store=store)
    except RuntimeError:
        known = [packet.fingerprint for one in keys for packet in one.packets if packet.fingerprint]
        unknown = not any(fingerprint.lower().endswith(one.lower()) for fingerprint in known for one in asked)
        raise BadProvenance(
            "openpgp: signature made by unknown entity" if unknown else "openpgp: invalid signature"
        ) from None
    # What was verified is read, never the text that was given.
    _check_sum(package, (checked.bytes or b"").decode("utf-8", "replace"))
    signers = {one.certificate for one in checked.valid_sigs}
    names = (
        name
        for certificate, one in zip(certificates, keys, strict=True)
        for name in one.names
        if certificate.fingerprint in signers
    )
    return Verified(package.name, f"sha256:{package.digest}", tuple(names))


def _message(package: Package) -> bytes:
    metadata = write_yaml(write_record(load_archive(package.data).metadata))
    sums = write_yaml({"files": {package.name: f"sha256:{package.digest}"}})
    return go_bytes(f"{metadata}\n{_SEPARATOR}{sums}\n")


def _check_sum(package: Package, message: str) -> None:
    parts = message.replace("\r\n", "\n").split(_SEPARATOR)
    if len(parts) < 2:
        raise BadProvenance("message block must have at least two parts")
    try:
        sums = read_yaml(parts[1])
    except GoError as error:
        raise BadProvenance(str(error)) from None
    files = sums.get("files") if isinstance(sums, dict) else None
    said = files.get(package.name) if isinstance(files, dict) else None
    if not isinstance(said, str):
        raise BadProvenance(f"provenance does not contain a SHA for a file named {quote(package.name)}")
    found = f"sha256:{package.digest}"
    if said != found:
        raise BadProvenance(f"sha256 sum does not match for {package.name}: {quote(said)} != {quote(found)}")


def _keys(keyring: bytes) -> list[_Key]:
    from pysequoia.packet import PacketPile, Tag

    try:
        packets = list(PacketPile.from_bytes(keyring)) if keyring else []
    except RuntimeError as error:
        raise BadProvenance(f"failed to load keyring: {_first_line(error)}") from None

    def groups() -> Iterator[list[Any]]:
        group: list[Any] = []
        for packet in packets:
            if packet.tag in (Tag.PublicKey, Tag.SecretKey) and group:
                yield group
                group = []
            group.append(packet)
        if group:
            yield group

    return [
        _Key(
            tuple(group),
            group[0].tag == Tag.SecretKey,
            tuple(name for name in (packet.user_id for packet in group) if name),
        )
        for group in groups()
        if group[0].tag in (Tag.PublicKey, Tag.SecretKey)
    ]


def _chosen(keys: list[_Key], wanted: str) -> _Key:
    exact = next((one for one in keys if wanted in one.names), None)
    if exact:
        return exact
    found = [one for one in keys for name in one.names if wanted in name]
    if len(found) > 1:
        raise BadProvenance(f"more than one key contain the id {quote(wanted)}")
    if not found:
        raise BadProvenance("private key not found")
    return found[0]


def _first_line(error: Exception) -> str:
    """The library adds the stack of its own calls."""
    return str(error).partition("\n")[0]
