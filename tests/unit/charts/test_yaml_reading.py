from __future__ import annotations

import time

import pytest

from proxmox_mpc.charts.encodings.yaml_documents import MAX_DEPTH
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml, read_yaml_list, read_yaml_map
from proxmox_mpc.charts.language.function import GoError


def test_numbers_are_floats_unless_integers_are_wanted() -> None:
    text = "a: 4\nb: 0x10\nc: 1.0\nd: 18446744073709551615\n4: x"
    assert repr(read_yaml(text)) == "{'a': 4.0, 'b': 16.0, 'c': 1.0, 'd': 1.8446744073709552e+19, '4': 'x'}"
    assert repr(read_yaml(text, integers=True)) == "{'a': 4, 'b': 16, 'c': 1.0, 'd': 1.8446744073709552e+19, '4': 'x'}"


def test_what_an_alias_stands_for_is_a_value_of_its_own() -> None:
    found = read_yaml_map("a: &x {b: [1]}\nc: *x\nd: {<<: *x}")
    found["a"]["b"].append(2.0)
    assert (found["c"], found["d"]) == ({"b": [1.0]}, {"b": [1.0]})


def test_an_empty_document_is_empty() -> None:
    assert (read_yaml(""), read_yaml_map("# nothing"), read_yaml_list("~")) == (None, {}, [])


def test_a_list_is_no_map() -> None:
    with pytest.raises(GoError, match="cannot unmarshal array into Go value of type map"):
        read_yaml_map("- a")
    with pytest.raises(GoError, match=r"cannot unmarshal object into Go value of type \[\]interface \{\}"):
        read_yaml_list("a: b")


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 500))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[" * 100_000, "max depth", id="brackets"),
        pytest.param("{a: " * 100_000, "max depth", id="braces"),
        pytest.param("- " * 100_000, "max depth", id="dashes"),
        pytest.param("? " * 100_000, "max depth", id="keys"),
        pytest.param("".join(" " * n + "a:\n" for n in range(1000)), "max depth", id="indents"),
        pytest.param(BOMB, "excessive aliasing", id="billion-laughs"),
        pytest.param(CHAIN, "max depth", id="aliases-of-aliases"),
        pytest.param("a: &a {b: *a}", "contains itself", id="itself"),
        pytest.param("a: 0x" + "f" * 1_000_000 + "\n? [b]", "invalid map key", id="long-number"),
        pytest.param("a: " + "9" * 1_000_000 + "\n? [b]", "invalid map key", id="long-decimal"),
        pytest.param("a: \udcff\ud800", "Unicode", id="no-utf-8"),
        pytest.param("\udcff", "UTF-8", id="surrogate"),
        pytest.param("a: \x00", "control characters", id="nul"),
    ],
)
def test_hostile_texts_end_in_an_error_at_once(text: str, message: str) -> None:
    began = time.process_time()
    with pytest.raises(GoError, match=message):
        read_yaml(text)
    assert time.process_time() - began < 2


def test_the_deepest_document_that_is_read() -> None:
    assert read_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(GoError, match="line 2: exceeded max depth"):
        read_yaml("[" * MAX_DEPTH + "\n[")
