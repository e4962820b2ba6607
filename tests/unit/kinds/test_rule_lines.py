"""Firewall rules as lines: every rule survives being written down, and nonsense is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.kinds._rule_lines import _parse, line, rule_of

WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.:/+-,_", min_size=1, max_size=12)
RULES = st.fixed_dictionaries(
    {"type": st.sampled_from(["in", "out", "forward"]), "action": st.sampled_from(["ACCEPT", "DROP", "REJECT"]),
     "enable": st.sampled_from(["0", "1"])},
    optional={
        "macro": st.sampled_from(["SSH", "HTTP"]), "iface": WORDS, "source": WORDS, "dest": WORDS,
        "proto": st.sampled_from(["tcp", "udp"]), "dport": WORDS, "sport": WORDS,
        "log": st.sampled_from(["info", "debug"]), "comment": st.text("abc #'\"äé", min_size=1).map(str.strip).filter(bool),
    },
)  # fmt: skip


@given(RULES)
def test_a_rule_survives_being_written_down(rule: dict[str, str]) -> None:
    assert rule_of(line(rule)) == rule


@given(RULES)
def test_a_line_is_its_own_canonical_form(rule: dict[str, str]) -> None:
    assert _parse([line(rule)]) == [line(rule)]


def test_a_mapping_means_the_same_as_its_line() -> None:
    mapping = {"type": "in", "action": "ACCEPT", "protocol": "tcp", "destinationPort": 22, "source": "+admins"}
    assert _parse([mapping]) == ["IN ACCEPT -source +admins -p tcp -dport 22"]
    assert _parse([{"group": "web", "enabled": False}]) == ["|GROUP web"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ACCEPT everything", "is not a rule"),
        ("IN ACCEPT -port 22", "there is no option -port"),
        ("IN ACCEPT -dport", "-dport has no value"),
        ({"type": "in", "action": "ACCEPT", "port": 22}, "a rule has no port"),
        ({"type": "inwards", "action": "ACCEPT"}, "'inwards', not one of in, out"),
        ({"type": "in"}, "the rule has no action"),
        (7, "is not a rule"),
    ],
)
def test_nonsense_is_named(written: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        _parse([written])
