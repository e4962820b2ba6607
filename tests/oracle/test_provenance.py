from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pysequoia import Tsk

from proxmox_mpc.charts.errors import BadProvenance
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.provenance import sign, verify
from tests.oracle.test_chart_files import write

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

# Keys that were made for these tests, and that nobody trusts.
KEYS = Path(__file__).parents[1] / "cases" / "signing"
PASSPHRASE = "open sesame"
NAMES = ["signer", "other", "rsa", "locked"]


@pytest.fixture
def rings(tmp_path: Path) -> tuple[Path, Path]:
    """A keyring of all secret keys, and one of the public ones."""
    keys = [Tsk.from_bytes((KEYS / f"{name}.asc").read_bytes()) for name in NAMES]
    (tmp_path / "secret.gpg").write_bytes(b"".join(map(bytes, keys)))
    (tmp_path / "public.gpg").write_bytes(b"".join(bytes(key.extract_certificate()) for key in keys))
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    return tmp_path / "secret.gpg", tmp_path / "public.gpg"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = write(tmp_path / "c", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\ndescription: '- x'\n"})
    return Path(helm.package(folder, destination=tmp_path))


def package_of(archive: Path) -> Package:
    return Package(archive.name, archive.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_each_verifies_what_the_other_signs(name: str, rings: tuple[Path, Path], archive: Path) -> None:
    secret, public = rings
    package = package_of(archive)
    (archive.parent / "ours.prov").write_text(
        sign(package, secret.read_bytes(), f"{name}@", PASSPHRASE if name == "locked" else "")
    )
    theirs = helm.verify(archive, public, provenance_file=archive.parent / "ours.prov")
    locked = {"passphrase_file": archive.parent / "passphrase"} if name == "locked" else {}
    provenance = Path(helm.sign(archive, key=f"{name}@", keyring=secret, **locked)).read_text()
    ours = verify(package, provenance, public.read_bytes())
    assert (ours.file_name, ours.file_hash, list(ours.signed_by)) == (
        theirs["file_name"],
        theirs["file_hash"],
        theirs["signed_by"],
    )
    assert f"<{name}@example.org>" in ours.signed_by[0]
    # What is signed is the same text, whoever signs it.
    signed = sign(package, secret.read_bytes(), "signer@")
    assert signed.partition("-----BEGIN PGP SIGNATURE")[0] == provenance.partition("-----BEGIN PGP SIGNATURE")[0]


@pytest.mark.parametrize(
    ("key", "passphrase", "ring"),
    [("Signer", "", 0), ("nobody", "", 0), ("signer", "", 1), ("Rsa Signer <rsa@example.org>", "", 0)],
)
def test_which_key_signs(key: str, passphrase: str, ring: int, rings: tuple[Path, Path], archive: Path) -> None:
    def outcome(run: Any) -> str:
        try:
            run()
        except (helm.HelmError, BadProvenance) as error:
            return str(error)
        return ""

    ours = outcome(lambda: sign(package_of(archive), rings[ring].read_bytes(), key, passphrase))
    assert ours == outcome(lambda: helm.sign(archive, key=key, keyring=rings[ring]))


@pytest.mark.parametrize("passphrase", ["", "wrong"])
def test_a_locked_key_needs_its_passphrase(passphrase: str, rings: tuple[Path, Path], archive: Path) -> None:
    with pytest.raises(BadProvenance, match=r"the key of Locked Signer .* cannot sign: "):
        sign(package_of(archive), rings[0].read_bytes(), "locked", passphrase)


DAMAGE = {
    "changed": lambda text: text.replace("version: 0.1.0", "version: 0.2.0"),
    "sum": lambda text: text.replace("sha256:", "sha256:0"),
    "none": lambda text: "hello",
    "empty": lambda text: "",
    "cut": lambda text: text[:300],
    "unsigned": lambda text: text.partition("-----BEGIN PGP SIGNATURE")[0],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_provenance_that_was_changed(damage: str, rings: tuple[Path, Path], archive: Path) -> None:
    provenance = DAMAGE[damage](sign(package_of(archive), rings[0].read_bytes(), "signer@"))
    (archive.parent / "c.prov").write_text(provenance)
    with pytest.raises(helm.HelmError) as theirs:
        helm.verify(archive, rings[1], provenance_file=archive.parent / "c.prov")
    with pytest.raises(BadProvenance) as ours:
        verify(package_of(archive), provenance, rings[1].read_bytes())
    # Helm goes on to say which algorithm it was.
    assert str(theirs.value).startswith(str(ours.value))


def test_an_archive_that_is_another(rings: tuple[Path, Path], archive: Path) -> None:
    package = package_of(archive)
    provenance = sign(package, rings[0].read_bytes(), "signer@")
    (archive.parent / "c.prov").write_text(provenance)
    archive.write_bytes(package.data + b"x")
    renamed = archive.parent / "d-1.tgz"
    renamed.write_bytes(package.data)
    other = archive.parent / "other.gpg"
    other.write_bytes(bytes(Tsk.from_bytes((KEYS / "other.asc").read_bytes()).extract_certificate()))
    empty = archive.parent / "empty.gpg"
    empty.write_bytes(b"")
    original = archive.parent / "original" / archive.name
    original.parent.mkdir()
    original.write_bytes(package.data)
    for path, ring in [(archive, rings[1]), (renamed, rings[1]), (original, other), (original, empty)]:
        with pytest.raises(helm.HelmError) as theirs:
            helm.verify(path, ring, provenance_file=archive.parent / "c.prov")
        with pytest.raises(BadProvenance) as ours:
            verify(package_of(path), provenance, ring.read_bytes())
        assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("ring", [b"x", b"\x99\x01", b"\xff" * 100, b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx"])
def test_a_keyring_that_is_none(ring: bytes, rings: tuple[Path, Path], archive: Path) -> None:
    provenance = sign(package_of(archive), rings[0].read_bytes(), "signer@")
    with pytest.raises(BadProvenance):
        verify(package_of(archive), provenance, ring)
    with pytest.raises(BadProvenance):
        sign(package_of(archive), ring, "signer")
