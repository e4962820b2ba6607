"""Functions on values of any kind: what Helm's give, ours give."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxmox_mpc.charts.engine import RenderError, Source, render
from tests.oracle.helm import helm_python, written
from tests.oracle.helm import shown as through_json

# What has given YAML writers trouble: other values' words and signs, spaces at edges, breaks, and long lines to fold.
FRAGMENTS = st.sampled_from(
    [
        *"ab:-#,?[]{} \n\t'\"\\&*!|>%@`=~._+/0189éß\u2028\x85\xa0\x00\x7f\ufeff😀",
        *(
            "yes",
            "null",
            "0x1f",
            "0o7",
            "1e3",
            ".inf",
            "12:30",
            "2001-01-01",
            "<<",
            "---",
            "- ",
            ": ",
            " #",
            "\r\n",
            "\n\n",
        ),
        *("it's ", "word " * 9, "x" * 90, "HTTPServer", "_foo", "2Bar"),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=8).map("".join)
SCALARS = st.one_of(
    TEXTS, st.booleans(), st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)

KEYS = st.sampled_from("abc")
MAPS = st.dictionaries(
    KEYS,
    st.recursive(
        st.sampled_from(["", "x", 0, 1, 2.5, True, False]),
        lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
        max_leaves=6,
    ),
    max_size=3,
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1.5, 1e6, 1e19, -1e30, True, None, [1], "0x1f", "017", "1_000", "1.0", "inf", "-1e3"]),
    st.text("0123456789.-+eExXobB_ap ", max_size=6),
    st.floats(allow_nan=False, allow_infinity=False),
)
OF_A_NUMBER = (
    "int",
    "int64",
    "float64",
    "toDecimal",
    "floor",
    "ceil",
    "add1",
    "toString",
    "typeOf",
    "empty",
    "duration",
)
OF_TWO_NUMBERS = ("add", "sub", "mul", "max", "min", "maxf", "minf", "default")

WRITERS = ("toYaml", "toYamlPretty", "toJson", "toPrettyJson", "toRawJson", "toToml", "toString", "quote", "squote")
# Functions of one text, ones of two, and ones of a number and a text.
OF_ONE = (
    *("trim", "upper", "lower", "title", "untitle", "swapcase", "nospace", "initials", "snakecase", "kebabcase"),
    *("camelcase", "b64enc", "b64dec", "b32enc", "b32dec", "sha256sum", "adler32sum", "atoi", "int64", "float64"),
    *("toDecimal", "floor", "base", "dir", "clean", "ext", "duration", "durationRound", "regexQuoteMeta", "fromJson"),
)
OF_TWO = (
    *("trimAll", "trimPrefix", "trimSuffix", "contains", "hasPrefix", "splitList", "cat", "add", "mul", "max", "addf"),
    *("regexMatch", 'regexReplaceAll "[a-z]+"', "wrapWith 9"),
)
OF_NUMBER = ("trunc", "abbrev", "wrap", "abbrevboth 2", "abbrevboth 9", "substr 0")
EXAMPLES = 5000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 100


def outcomes(expressions: list[str], values: dict[str, Any], folder: Path) -> tuple[Any, Any]:
    """What each expression gives in Helm and here, or the error; the expressions are rendered as files of one chart."""
    files = {f"templates/{number}.txt": f"{{{{ {each} }}}}" for number, each in enumerate(expressions)}
    sources = {f"c/{name}": Source(text, {"Values": floats(values)}, "c/templates") for name, text in files.items()}

    def shown(rendered: dict[str, str]) -> dict[str, str]:
        return {each: rendered.get(f"c/{name}", "") for each, name in zip(expressions, files, strict=True)}

    shutil.rmtree(folder / "templates", ignore_errors=True)
    theirs: Any
    ours: Any
    try:
        with helm_python.Chart.load(written(folder, files)) as chart:
            theirs = shown(chart.render(values, name="rel"))
    except helm_python.HelmError as error:
        theirs = str(error)
    try:
        ours = shown(through_json(render(sources)))
    except RenderError as error:
        ours = through_json(str(error))
    return theirs, ours


def floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if type(value) is int else value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chart")


@given(value=VALUES)
@settings(max_examples=EXAMPLES)
def test_any_value_is_written_as_helm_writes_it(value: Any, folder: Path) -> None:
    expressions = [f'{writer} (dict "value" (first .Values.holder))' for writer in WRITERS]
    theirs, ours = outcomes(expressions, {"holder": [value]}, folder)
    assert ours == theirs


@given(one=TEXTS, other=TEXTS, number=st.integers(-3, 100))
@settings(max_examples=EXAMPLES)
def test_any_text_becomes_what_helm_makes_of_it(one: str, other: str, number: int, folder: Path) -> None:
    expressions = [
        *(f"{name} .Values.one" for name in OF_ONE),
        *(f"{name} .Values.other .Values.one" for name in OF_TWO),
        *(f"{name} (int .Values.number) .Values.one" for name in OF_NUMBER),
    ]
    theirs, ours = outcomes(expressions, {"one": one, "other": other, "number": number}, folder)
    assert ours == theirs


@given(one=MAPS, other=MAPS, third=MAPS)
@settings(max_examples=EXAMPLES)
def test_any_maps_are_merged_as_helm_merges_them(one: Any, other: Any, third: Any, folder: Path) -> None:
    expressions = [
        "merge (deepCopy .Values.one) .Values.other .Values.third | toJson",
        "mergeOverwrite (deepCopy .Values.one) (deepCopy .Values.other) .Values.third | toJson",
        "toJson .Values.other",
        "deepEqual .Values.one .Values.other",
    ]
    theirs, ours = outcomes(expressions, {"one": one, "other": other, "third": third}, folder)
    assert ours == theirs


@given(one=NUMBERS, other=NUMBERS)
@settings(max_examples=EXAMPLES)
def test_anything_counts_as_helm_counts_it(one: Any, other: Any, folder: Path) -> None:
    expressions = [
        *(f"{name} (first .Values.one)" for name in OF_A_NUMBER),
        *(f"{name} (first .Values.one) (first .Values.other)" for name in OF_TWO_NUMBERS),
    ]
    theirs, ours = outcomes(expressions, {"one": [one], "other": [other]}, folder)
    assert ours == theirs
