from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.set_flags import (
    parse_set,
    parse_set_file,
    parse_set_json,
    parse_set_literal,
    parse_set_string,
)

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

MANY = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 500

SET = [
    "a=1,b=2",
    "a",
    "a=",
    "a=1,",
    "a,b=1",
    "a.b=1,a.c=2",
    "a[0]=1",
    "a[2]=x",
    "a[-1]=1",
    "a[x]=1",
    "a[70000]=1",
    "a={1,2,x}",
    "a={",
    "a={}",
    "a={1,2}x",
    "a={1},b=2",
    "a=null",
    "a=true,b=TRUE,c=False",
    "a\\.b=1",
    "a=b\\,c",
    "a=b\\",
    "a[0].b=1,a[1].c=2",
    "a[0][1]=1",
    "a[0]x=1",
    "a[0]",
    "a[",
    "a[0",
    "a[]=1",
    ".a=1",
    "a..b=1",
    "a.=1",
    "=1",
    "==",
    "a=b=c",
    "a=1,a.b=2",
    "a={1},a[0].b=2",
    "a[0]=1,a.b=2",
    "a.b=1,a[0]=1",
    "a=,b=",
    "a.b=",
    "a={a,b=c},d=e",
    "a= 1 , b = 2",
    'a="x"',
    "a.b.c=1,a.b=2",
    "a[0].b[1].c=5",
    "a[1]={x}",
    "a[0]={x,y}[1]",
    "é=ü",
    "a=NULL",
    "a=nUll",
    "",
    ",",
    "a[0],b=1",
    "a[0]=,b=1",
    "a={x,,y}",
    "a={,}",
    "a={\\},x}",
    "a\\=b=1",
    "a[ 0]=1",
    "a[+1]=1",
    "a[0x1]=1",
    "a[1_0]=1",
    "a[99999999999999999999]=1",
    "a.b",
    "a.b.c",
    "a[0].b",
    "a.b,c=1",
    "a.[0]=1",
    "a.b[0]=1,a.b[1]=2",
    "a=1,a[0]=2",
    "a=1,a[0].b=2",
    "a[0]=1,a[0].b=2",
    "a[0]=1,a[0][0]=2",
    "a[0]={1},a[0][0].b=2",
    "a=\ud7ff",
    "a[0].=1",
    "a=1\n",
    "a={1\n,2}",
    "a." * 31 + "=1",
    "a." * 30 + "a=1",
    "a." * 29 + "a=1",
]
LITERAL = [
    "a=1,b=2",
    "a",
    "a=",
    "a.b=x",
    "a[0]=x",
    "a[0].b=x",
    "a[x]=1",
    "a[0]x=1",
    "a=\\,",
    "a\\.b=1",
    "a[0][1]=2",
    "a[-1]=1",
    "a,b=c",
    "a.b.c",
    "=x",
    "",
    ".a=1",
    "a.=1",
    "a[0]",
    "a[",
    "a[0",
]
JSON = [
    'a={"b":1}',
    "a=1,b=2",
    "a=",
    "a= ,b=1",
    'a="x,y",b=[1,2]',
    "a={",
    "a=x",
    "a[0]=1",
    'a[1]={"x":null}',
    "a.b=true",
    "a=1 b=2",
    "a=1  ,  b=2",
    "a=1.5e3",
    '{"a":1}',
    'a="x" "y"',
    "a=[1,",
    'a={"a":1,"a":2}',
    "a=NaN",
    "a=01",
    "a=1x",
    "a[0]=[",
    "a",
    "a=nul",
    'a="\\ud800"',
    "a=12345678901234567890",
    '{"a":',
    '{"a":1}x',
    ' {"a":1}',
    "[1]",
    "a=-",
    'a="\t"',
    "a='x'",
    "a=tru",
    "a=1}",
    'a={"b" 1}',
    "a={b:1}",
    "a=[1 2]",
    "a=1e999",
]


def outcome(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return floats(parse(text))
    except (BadValues, helm.HelmError) as error:
        return str(error)


def floats(value: Any) -> Any:
    """JSON, through which the engine answers, does not say which type a number has."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("text", SET)
def test_set_and_set_string(text: str) -> None:
    assert outcome(parse_set, text) == outcome(helm.parse_set_string, text)
    assert outcome(parse_set_string, text) == outcome(helm.parse_set_string_values, text)


@pytest.mark.parametrize("text", LITERAL)
def test_set_literal(text: str) -> None:
    assert outcome(parse_set_literal, text) == outcome(helm.parse_set_literal, text)


@pytest.mark.parametrize("text", JSON)
def test_set_json(text: str) -> None:
    assert outcome(parse_set_json, text) == outcome(helm.parse_set_json, text)


@pytest.mark.parametrize("text", ["a={}", "a={{},{}}", "a[0]={}", "a=", "a.b={},c=d", "a={{},"])
def test_set_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello\n")
    named = text.replace("{}", str(tmp_path / "f"))

    def content(name: str) -> str:
        try:
            return Path(name).read_text()
        except OSError:
            raise BadValues(f"open {name}: no such file or directory") from None

    assert outcome(lambda one: parse_set_file(one, content), named) == outcome(helm.parse_set_file, named)


FRAGMENTS = st.sampled_from(
    [*"ab.=,[]{}\\0123- é", "a=", "b.c=", "[0]", "[1].", "={x,y}", "null", "true", "65536", "=1,"]
)


@given(st.lists(FRAGMENTS, max_size=16).map("".join))
@settings(max_examples=MANY)
def test_any_text_is_parsed_or_refused_as_helm_does(text: str) -> None:
    assert outcome(parse_set, text) == outcome(helm.parse_set_string, text)
    assert outcome(parse_set_string, text) == outcome(helm.parse_set_string_values, text)
    assert outcome(parse_set_literal, text) == outcome(helm.parse_set_literal, text)


JSON_FRAGMENTS = st.sampled_from(
    [*'ab.=,[]{}\\"0123-e:t \n', "a=", "[0]=", '{"a":', "null", "true", '"b"', "1.5e3", "\\u00e9", ",b="]
)


@given(st.lists(JSON_FRAGMENTS, max_size=16).map("".join))
@settings(max_examples=MANY)
def test_any_json_is_parsed_or_refused_as_helm_does(text: str) -> None:
    assert outcome(parse_set_json, text) == outcome(helm.parse_set_json, text)
