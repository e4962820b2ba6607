from __future__ import annotations

import time

import pytest

from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.giving import given_values
from proxmox_mpc.charts.set_flags import parse_set, parse_set_json


def test_flags_win_over_files_and_later_ones_over_earlier() -> None:
    assert given_values(
        [("a.yaml", "a: {x: 1, y1: 1}\nb: [1, 2]"), ("b.yaml", "a: {x: 2}\nb: [3]")],
        set_json=['{"a": {"j": 1}}', 'c=[1,2],d={"e":null}'],
        set_=["a.x=3,c[1]=5", "a.j=6"],
        set_string=["a.x=4"],
        set_file=["f=name"],
        set_literal=["l=a,b=c"],
        content=str.upper,
    ) == {
        "a": {"x": "4", "y1": 1.0, "j": 6},
        "b": [3.0],
        "c": [1.0, 5],
        "d": {"e": None},
        "f": "NAME",
        "l": "a,b=c",
    }


def test_integers_stay_integers_where_they_are_wanted() -> None:
    values = given_values([("a", "a: 1")], set_json=["b=2,c=2.0"], set_=["d=3"], integers=True)
    assert [type(value) for value in values.values()] == [int, int, float, int]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"files": [("x.yaml", "a: [")]}, "failed to parse x.yaml: cannot unmarshal yaml document: "),
        ({"set_": ["a"]}, 'failed parsing --set data: key "a" has no value'),
        ({"set_json": ["a={"]}, "failed parsing --set-json data a={: unexpected EOF"),
        ({"set_json": ["{} x"]}, "failed parsing --set-json data {} x: something stands after the object"),
        ({"set_file": ["a=b"]}, "failed parsing --set-file data: open b: no such file or directory"),
    ],
)
def test_what_is_wrong_is_said_with_its_flag(given: dict[str, list[str]], message: str) -> None:
    with pytest.raises(BadValues) as caught:
        given_values(**given)
    assert str(caught.value).startswith(message)


def test_what_a_flag_is_laid_over_is_not_changed() -> None:
    below = {"a": {"b": [1.0]}}
    assert parse_set("a.b[1]=x,a.c=y", below) == {"a": {"b": [1.0, "x"], "c": "y"}}
    assert below == {"a": {"b": [1.0]}}


@pytest.mark.parametrize(
    "text",
    [
        "a" + "[0]" * 100_000 + "=1",
        "a" + "[0].b" * 100_000 + "=1",
        "a." * 100_000 + "b=1",
        ",".join(f"a{n}[65536]=1" for n in range(10_000)),
        "a[" + "9" * 1_000_000 + "]=1",
        "a={" + "x," * 200_000,
        "\\" * 100_001 + "=",
    ],
)
def test_hostile_flags_end_in_an_error_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(BadValues):
        parse_set(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text", ["a=" + "[" * 100_000, "a=" + '{"a":' * 100_000, "a=" + "9" * 1_000_000, "a=" + "[" * 900 + "]" * 900]
)
def test_hostile_json_ends_in_an_error_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(BadValues):
        parse_set_json(text)
    assert time.process_time() - began < 2


def test_integers_of_our_own_charts_are_the_same_however_they_are_given() -> None:
    given = given_values([("a.yaml", "count: 3\nl: [1]")], set_=["m=3,k[0].x=4"], integers=True)
    assert given == {"count": 3, "l": [1], "m": 3, "k": [{"x": 4}]}
    assert {type(given["count"]), type(given["m"]), type(given["k"][0]["x"])} == {int}
    assert type(given_values(set_=["m=3"])["m"]) is not int
