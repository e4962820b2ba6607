from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxmox_mpc.charts.encodings.yaml_reading import read_yaml_map
from proxmox_mpc.charts.language.function import GoError
from tests.oracle.yaml_texts import TEXTS

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

# Bare tags, which nobody writes, are left out: libyaml and Go's port of it do not agree where `!a,b` ends.
LONGER = (
    "\n  ·\n    ·: ·- ·&a ·*a·<<: ·yes·0x·0b·0o·1e·null·---\n·\n...\n·!!int ·!!str ·!!float ·'b'·{a: b}·[c, d]·\r\n·é·\\x41·\\n"
    "· #·true·.5·a: ·\na: ·\nb: ·\n- ·\n  c: ·\n  - ·|\n·|-\n·|2\n·>+\n·\n? "
)
FRAGMENTS = st.sampled_from([*"abn:- \n\t{}[],#&*|>'\"%@`?~0129._+xeE\\/", *LONGER.split("·")])


def outcome(read: Any, text: str) -> Any:
    try:
        return floats(read(text))
    except (GoError, helm.HelmError) as error:
        return str(error)


def floats(value: Any) -> Any:
    """JSON, through which the engine answers, does not say that 1 is a float64."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if type(value) is int else value


def ours(text: str) -> Any:
    return read_yaml_map(text, go_type="common.Values")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_means_what_it_means_to_helm(text: str) -> None:
    assert outcome(ours, text) == outcome(helm.values_from_yaml, text)


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 500)
def test_any_text_is_read_or_refused_as_helm_does(text: str) -> None:
    mine, theirs = outcome(ours, text), outcome(helm.values_from_yaml, text)
    if isinstance(theirs, str):
        assert isinstance(mine, str), theirs
    else:
        assert mine == theirs
