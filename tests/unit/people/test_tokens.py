"""Tokens: made here, or worth nothing."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.errors import UsageError
from proxmox_mpc.people import limits, personal_tokens
from proxmox_mpc.people.errors import NotLoggedIn
from proxmox_mpc.people.session_tokens import Claims, SessionTokens
from proxmox_mpc.store import SecretKey

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINE = SessionTokens((b"a" * 32,), timedelta(minutes=15))
CLAIMS = Claims("id-amy", "login", 3)
HEADER = {"alg": "HS256", "typ": "at+jwt"}
GOOD = {
    "sub": "id-amy", "sid": "login", "ver": 3, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60,
    "iss": "proxmox-mpc", "aud": "proxmox-mpc-api",
}  # fmt: skip


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(header: Any, claims: Any, key: bytes | None = None) -> str:
    """A token that somebody else writes, signed with a key (ours, if none is given)."""
    text = f"{part(header)}.{part(claims)}"
    signature = hmac.new(MINE._key(0) if key is None else key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_an_access_token_says_what_it_was_made_for_until_it_expires() -> None:
    token = MINE.access(CLAIMS, NOW)
    assert MINE.read_access(token, NOW + timedelta(minutes=14, seconds=59)) == CLAIMS
    with pytest.raises(NotLoggedIn, match="expired"):
        MINE.read_access(token, NOW + timedelta(minutes=15))


def test_the_tests_own_tokens_would_be_good() -> None:
    assert MINE.read_access(forged(HEADER, GOOD), NOW) == CLAIMS


@pytest.mark.parametrize(
    "token",
    [
        f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(GOOD)}.",
        f"{part({'alg': 'None', 'typ': 'at+jwt'})}.{part(GOOD)}.",
        forged({"alg": "HS512", "typ": "at+jwt"}, GOOD),
        forged({"alg": "RS256", "typ": "at+jwt"}, GOOD),
        forged({"typ": "at+jwt"}, GOOD),
        forged({"alg": "HS256", "typ": "JWT"}, GOOD),
        forged({"alg": "HS256"}, GOOD),
        forged({**HEADER, "crit": ["exp"], "b64": False}, GOOD),
        forged({**HEADER, "jwk": {"kty": "oct", "k": "eA"}, "kid": "../../dev/null"}, GOOD, b"x"),
        forged(HEADER, GOOD, b""),
        forged(HEADER, GOOD, b"a" * 32),
        *(forged(HEADER, {**GOOD, name: value}) for name, value in [
            ("iss", "somebody"), ("aud", "another"), ("aud", ["proxmox-mpc-api"]), ("sub", None), ("sub", 1),
            ("sid", {}), ("ver", "3"), ("ver", True), ("exp", "never"), ("exp", 1e300), ("exp", True), ("exp", -1),
            ("iat", GOOD["iat"] + 60), ("iat", None),
        ]),
        *(forged(HEADER, {k: v for k, v in GOOD.items() if k != name}) for name in GOOD),
        forged(HEADER, [1]), forged(HEADER, "x"), forged(HEADER, None), forged([], GOOD), forged(None, GOOD),
        "", ".", "..", "...", "a.b.c", "é.é.é", "\ud800.a.b", "x" * 5000, "[" * 3000,
    ],
)  # fmt: skip
def test_what_is_not_exactly_ours_is_refused(token: str) -> None:
    with pytest.raises(NotLoggedIn):
        MINE.read_access(token, NOW)


@given(st.text(max_size=200))
def test_no_text_gets_in_nor_breaks_anything(text: str) -> None:
    for read in (
        lambda: MINE.read_access(text, NOW),
        lambda: MINE.read_refresh(text),
        lambda: MINE.read_refresh(f"pmpr_{text}"),
    ):
        with pytest.raises(NotLoggedIn):
            read()
    assert personal_tokens.id_of(text) is None


@given(st.data())
def test_no_letter_of_a_token_can_be_another(data: st.DataObject) -> None:
    token = MINE.access(CLAIMS, NOW)
    at = data.draw(st.integers(0, len(token) - 2))  # the last letter of base64 has bits that mean nothing
    letter = data.draw(st.sampled_from("abcdefghijABCDEFGHIJ0123456789-_.").filter(lambda c: c != token[at]))
    with pytest.raises(NotLoggedIn):
        MINE.read_access(token[:at] + letter + token[at + 1 :], NOW)


def test_several_keys_verify_and_the_newest_signs() -> None:
    old, new = SessionTokens((b"o" * 32,), timedelta(minutes=1)), SessionTokens((b"n" * 32,), timedelta(minutes=1))
    both = SessionTokens((b"n" * 32, b"o" * 32), timedelta(minutes=1))
    assert both.read_access(old.access(CLAIMS, NOW), NOW) == new.read_access(both.access(CLAIMS, NOW), NOW) == CLAIMS
    assert both.read_refresh(old.refresh("login")[0])[0] == new.read_refresh(both.refresh("login")[0])[0] == "login"
    with pytest.raises(NotLoggedIn):
        old.read_access(new.access(CLAIMS, NOW), NOW)


def test_keys_come_from_the_settings_or_the_store_and_are_long_enough() -> None:
    key = SecretKey(["a passphrase for tests"])
    derived, named = SessionTokens.of((), 15, key), SessionTokens.of(("another long passphrase",), 15, key)
    assert derived.keys != named.keys
    assert SessionTokens.of((), 15, key).keys == derived.keys
    assert not any(octets.hex() in repr(derived) or str(octets) in repr(derived) for octets in derived.keys)
    with pytest.raises(UsageError, match="SECRET_KEY is too short"):
        SessionTokens.of(("short",), 15, key)


def test_a_refresh_token_is_of_one_login_and_an_access_token_is_none() -> None:
    token, kept = MINE.refresh("login")
    assert MINE.read_refresh(token) == ("login", kept)
    assert token not in kept
    assert MINE.refresh("login")[0] != token
    for other in (token.replace("login", "lagin"), token[:-1], MINE.access(CLAIMS, NOW), token + ".x"):
        with pytest.raises(NotLoggedIn):
            MINE.read_refresh(other)
    with pytest.raises(NotLoggedIn):
        MINE.read_access(token, NOW)


def test_a_personal_token_shows_typing_errors_and_fits_its_own_hash_only() -> None:
    id, token = personal_tokens.new()
    assert personal_tokens.id_of(token) == id
    assert personal_tokens.fits(token, personal_tokens.digest(token))
    assert not personal_tokens.fits(personal_tokens.new()[1], personal_tokens.digest(token))
    for at in range(5, len(token)):
        assert personal_tokens.id_of(token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]) is None
    assert personal_tokens.id_of(token + "\n") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("a socket", "a socket", True),
    ],
)
def test_addresses_that_one_may_choose_among_are_counted_together(one: str, other: str, same: bool) -> None:
    assert (limits.of_address(one) == limits.of_address(other)) is same
