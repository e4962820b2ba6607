from collections.abc import AsyncIterator, Callable

import pytest

from proxmox_mpc.errors import UsageError
from proxmox_mpc.pve import CaTrust, Cluster, FingerprintTrust, Insecure, UntrustedCertificate
from tests.unit.pve.certificates import Certificate
from tests.unit.pve.fake_pve import FakePve

Connect = Callable[..., Cluster]


@pytest.fixture
async def secure(certificate: Certificate) -> AsyncIterator[FakePve]:
    async with FakePve().serving(certificate) as fake:
        yield fake


async def test_a_self_signed_certificate_is_refused_with_its_fingerprint(
    secure: FakePve, connect: Connect, certificate: Certificate
) -> None:
    async with connect(secure.url) as pve:
        with pytest.raises(UntrustedCertificate) as caught:
            await pve.version()
    error = caught.value
    assert secure.seen == []
    assert error.exit_code == 4
    assert secure.url in error.message
    assert "self-signed" in error.message
    assert certificate.fingerprint in error.message
    assert f"--fingerprint {certificate.fingerprint}" in error.hint
    assert "pvenode cert info" in error.hint


async def test_the_pinned_certificate_is_trusted(secure: FakePve, connect: Connect, certificate: Certificate) -> None:
    async with connect(secure.url, trust=FingerprintTrust(certificate.fingerprint)) as pve:
        assert (await pve.version()).release == "9.1.7"


async def test_another_certificate_than_the_pinned_is_refused_before_the_token_is_shown(
    secure: FakePve, connect: Connect, certificate: Certificate, other_certificate: Certificate
) -> None:
    async with connect(secure.url, trust=FingerprintTrust(other_certificate.fingerprint)) as pve:
        with pytest.raises(UntrustedCertificate) as caught:
            await pve.version()
    assert secure.seen == []
    assert f"expected {other_certificate.fingerprint}" in caught.value.message
    assert f"seen     {certificate.fingerprint}" in caught.value.message
    assert certificate.fingerprint in caught.value.hint


async def test_each_node_may_have_its_own_pinned_certificate(
    secure: FakePve, connect: Connect, certificate: Certificate, other_certificate: Certificate
) -> None:
    pinned = FingerprintTrust(f"{other_certificate.fingerprint},{certificate.fingerprint}")
    async with connect(secure.url, trust=pinned) as pve:
        assert (await pve.version()).major == 9


async def test_a_node_with_a_changed_certificate_is_passed_over(
    secure: FakePve, connect: Connect, certificate: Certificate, other_certificate: Certificate
) -> None:
    async with FakePve().serving(other_certificate) as changed:
        async with connect(changed.url, secure.url, trust=FingerprintTrust(certificate.fingerprint)) as pve:
            assert (await pve.version()).major == 9
        assert changed.seen == []


async def test_a_ca_is_trusted_as_text_and_as_file(secure: FakePve, connect: Connect, certificate: Certificate) -> None:
    for pem in (certificate.file.read_text(), certificate.file, str(certificate.file)):
        async with connect(secure.url, trust=CaTrust(pem)) as pve:
            assert (await pve.version()).major == 9


async def test_another_ca_is_not_enough(secure: FakePve, connect: Connect, other_certificate: Certificate) -> None:
    async with connect(secure.url, trust=CaTrust(other_certificate.file)) as pve:
        with pytest.raises(UntrustedCertificate):
            await pve.version()


async def test_a_certificate_for_another_name_is_refused(
    secure: FakePve, connect: Connect, certificate: Certificate
) -> None:
    by_name = secure.url.replace("127.0.0.1", "localhost")
    async with connect(by_name, trust=CaTrust(certificate.file)) as pve:
        with pytest.raises(UntrustedCertificate, match="localhost"):
            await pve.version()


async def test_insecure_only_by_name(secure: FakePve, connect: Connect) -> None:
    async with connect(secure.url, trust=Insecure()) as pve:
        assert (await pve.version()).major == 9


async def test_a_ca_that_is_none_is_refused_when_the_cluster_is_opened(connect: Connect) -> None:
    with pytest.raises(UsageError, match="CA certificate cannot be used"):
        async with connect(trust=CaTrust("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")):
            pass


async def test_https_to_a_plain_http_port_is_one_clear_error(server: FakePve, connect: Connect) -> None:
    async with connect(server.url.replace("http://", "https://"), trust=Insecure()) as pve:
        with pytest.raises(Exception, match="TLS failed") as caught:
            await pve.version()
    assert caught.type.__name__ == "ClusterUnreachable"
