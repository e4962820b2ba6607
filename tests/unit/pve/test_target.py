import pytest

from proxmox_mpc.errors import UsageError
from proxmox_mpc.pve import CaTrust, FingerprintTrust, Password, Target, Token

TOKEN = Token("root@pam!ci", "hidden-secret")


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        ("pve1", "https://pve1:8006"),
        ("pve1.example.org", "https://pve1.example.org:8006"),
        ("PVE1:443", "https://pve1:443"),
        (" https://pve1/ ", "https://pve1:8006"),
        ("https://pve1:8006/api2/json", "https://pve1:8006"),
        ("10.0.0.1", "https://10.0.0.1:8006"),
        ("10.0.0.1:8007", "https://10.0.0.1:8007"),
        ("fd00::1", "https://[fd00::1]:8006"),
        ("[fd00::1]:8007", "https://[fd00::1]:8007"),
        ("http://127.0.0.1:18006", "http://127.0.0.1:18006"),
        ("http://localhost:18006", "http://localhost:18006"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_endpoints_are_understood_as_people_write_them(written: str, endpoint: str) -> None:
    assert Target.parse_endpoint(written) == endpoint


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "empty"),
        ("pve 1", "spaces"),
        ("ftp://pve1", "'ftp' is neither https nor http"),
        ("https://", "names no host"),
        ("pve1:port", "port"),
        ("pve1:99999", "port"),
        ("pve1:0", "port"),
        ("10.0.0.300", "not a host name"),
        ("-pve", "not a host name"),
        ("pve1/cluster", "path"),
        ("https://root:pw@pve1", "user and password"),
        ("http://pve1:8006", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("[fd00::1", "ipv6"),
    ],
)
def test_nonsense_is_refused_with_its_reason(written: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        Target.parse_endpoint(written)
    assert why in caught.value.message.lower()
    assert "HOST" in caught.value.hint


def test_a_target_tidies_its_endpoints() -> None:
    target = Target(("pve1", "https://pve1:8006/", "pve2"), TOKEN)
    assert target.endpoints == ("https://pve1:8006", "https://pve2:8006")


def test_a_target_needs_an_endpoint() -> None:
    with pytest.raises(UsageError, match="no endpoint"):
        Target((), TOKEN)


def test_secrets_are_never_shown() -> None:
    target = Target(("pve1",), TOKEN)
    assert "hidden-secret" not in repr(target) + str(target) + repr(Password("a@pam", "hidden-secret"))


@pytest.mark.parametrize("id", ["root", "root@pam", "root!ci", "@pam!ci", "root@pam!", "a b@pam!x"])
def test_a_token_id_must_be_one(id: str) -> None:
    with pytest.raises(UsageError, match="not a token id"):
        Token(id, "x")


def test_a_user_needs_a_realm() -> None:
    with pytest.raises(UsageError) as caught:
        Password("root", "x")
    assert "root@pam" in caught.value.hint


@pytest.mark.parametrize("wrong", ["", "AA:BB", "zz" * 32, "aa" * 20])
def test_a_fingerprint_must_be_one(wrong: str) -> None:
    with pytest.raises(UsageError, match="not a SHA-256 fingerprint"):
        FingerprintTrust(wrong)


def test_fingerprints_are_read_in_any_writing() -> None:
    colons = ":".join(["AB"] * 32)
    assert FingerprintTrust(f"{colons}, {'cd' * 32}").digests() == (b"\xab" * 32, b"\xcd" * 32)


def test_a_ca_file_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"no-such\.pem"):
        CaTrust("/no-such.pem").pem()
