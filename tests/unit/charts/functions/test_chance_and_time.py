"""What no second run gives again: it comes from the environment alone, and has the right form."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest

from proxmox_mpc.charts.engine import Source, render
from proxmox_mpc.charts.language.state import Environment

NOON = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC)


def rendered(template: str, seed: int = 1) -> str:
    environment = Environment(now=lambda: NOON, random=random.Random(seed))
    return render({"c/templates/a.yaml": Source(template, {}, "c/templates")}, environment)["c/templates/a.yaml"]


@pytest.mark.parametrize(
    ("template", "form"),
    [
        ("{{ randAlphaNum 40 }}", "[a-zA-Z0-9]{40}"),
        ("{{ randAlpha 40 }}", "[a-zA-Z]{40}"),
        ("{{ randNumeric 40 }}", "[0-9]{40}"),
        ("{{ randAscii 40 }}", "[ -~]{40}"),
        ("{{ randBytes 20 }}", "[a-zA-Z0-9+/]{27}="),
        ("{{ randInt 100 200 }}", "1[0-9]{2}"),
        ("{{ uuidv4 }}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ('{{ shuffle "abcdefghijklmnopqrst" }}', "[a-t]{20}"),
        ('{{ encryptAES "key" "text" }}', "[a-zA-Z0-9+/]{43}="),
    ],
)
def test_chance_comes_from_the_environment(template: str, form: str) -> None:
    assert re.fullmatch(form, rendered(template))
    assert rendered(template, seed=1) == rendered(template, seed=1)
    assert rendered(template, seed=1) != rendered(template, seed=2)


def test_shuffled_letters_are_the_same_letters() -> None:
    assert sorted(rendered('{{ shuffle "häßlich" }}')) == sorted("häßlich")


def test_the_time_comes_from_the_environment() -> None:
    assert rendered('{{ now | date "2006-01-02T15:04:05.000Z07:00" }}') == "2024-02-29T12:30:15.250Z"
    assert rendered('{{ dateInZone "15:04 MST" now "Asia/Tokyo" }}') == "21:30 JST"
    assert rendered('{{ ago (toDate "2006-01-02" "2024-02-29") }}') == "12h30m15s"
    assert rendered('{{ durationRound (toDate "2006-01-02" "2024-01-01") }}') == "1mo"
    assert rendered("{{ now.Unix }} {{ now.Nanosecond }} {{ now.Weekday }}") == "1709209815 250000000 Thursday"
    assert rendered("{{ htmlDate nil }}") == "2024-02-29"


def test_a_password_is_hashed_so_that_it_can_be_checked() -> None:
    import bcrypt

    user, _, hashed = rendered('{{ htpasswd "me" "secret" }}').partition(":")
    assert user == "me"
    assert bcrypt.checkpw(b"secret", hashed.encode())
    assert hashed.startswith("$2a$10$")
