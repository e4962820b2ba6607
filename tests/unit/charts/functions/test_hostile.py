"""Calls that would take memory or time without end are refused before they take any."""

from __future__ import annotations

import contextlib
import time

import pytest

from proxmox_mpc.charts.engine import RenderError, Source, render


def rendered(template: str) -> str:
    return render({"c/templates/a.yaml": Source(template, {}, "c/templates")})["c/templates/a.yaml"]


@pytest.mark.parametrize(
    "template",
    [
        '{{ repeat 1000000000000 "a" }}',
        '{{ repeat 30000 "a" | replace "" (repeat 30000 "b") }}',
        '{{ indent 1000000000 "a" }}',
        '{{ repeat 30000 "\\n" | nindent 30000 }}',
        "{{ until 1000000000 }}",
        "{{ until 30000000 }}",
        "{{ untilStep 0 1000000000 1 }}",
        "{{ seq 1 1000000000 }}",
        "{{ randAlphaNum 1000000000 }}",
        "{{ randBytes 1000000000 }}",
        '{{ until 30000 | join (repeat 30000 ",") }}',
        '{{ repeat 60000 "a " | wrapWith 1 (repeat 60000 "b") }}',
        '{{ regexReplaceAll "a" (repeat 30000 "a") (repeat 30000 "b") }}',
        '{{ regexReplaceAll "(a*)" (repeat 30000 "a") (repeat 30000 "$1") }}',
        '{{ mustRegexMatch "((((a{100}){100}){100}){100})" "a" }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ mustToJson $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" (list $d) }}{{ mustToYaml $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toYamlPretty $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toToml $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepCopy $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepEqual $d $d }}',
        '{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $e := dict }}{{ $_ := set $e "a" $e }}{{ merge $d $e }}',
        '{{ mustFromJson (repeat 1000000 "[") }}',
        '{{ mustFromJson (repeat 1000000 "{\\"a\\":") }}',
        '{{ semver (repeat 100000 "1") }}',
        '{{ semverCompare (repeat 10000 ">1 ") "x" }}',
        '{{ toDate (repeat 200000 "2006 ") (repeat 200000 "2024 ") }}',
        '{{ mustDateModify (repeat 1000000 "0h") now }}x{{ fail "it ended" }}',
    ],
)
def test_it_is_refused_at_once(template: str) -> None:
    began = time.process_time()
    with pytest.raises(RenderError, match=r"a\.yaml"):
        rendered(template)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "template",
    [
        '{{ regexMatch "(a*)*b" (repeat 100000 "a") }}',
        '{{ regexReplaceAll "(a|a)*$" (repeat 50000 "a") "" }}',
        '{{ repeat 100000 "aB" | snakecase | len }}',
        '{{ repeat 100000 "a b" | wrap 10 | len }}',
        '{{ repeat 100000 "word " | toYaml | len }}',
        '{{ repeat 300000 "9" | int64 }}{{ repeat 300000 "9" | atoi }}{{ repeat 300000 "9" | float64 }}',
        '{{ repeat 100000 "9" | toDecimal }}{{ repeat 100000 "9" | duration }}{{ repeat 300000 "7" | toDecimal }}',
        '{{ repeat 1000000 "0h" | durationRound }}',
        "{{ until 20000 | uniq | len }}{{ until 20000 | without (until 3) | len }}",
        '{{ list (until 100) | repeat 1 (printf "%v" .) | len }}',
        '{{ fromToml (repeat 100000 "[") }}{{ fromToml (repeat 20000 "a.") }}',
        '{{ urlParse (repeat 100000 "a") | len }}',
        '{{ b64dec (repeat 300000 "a\\n") | len }}{{ b32dec (repeat 300000 "a") | len }}',
        "{{ mulf 1e308 1e308 1e308 1e308 1e308 1e308 1e308 1e308 1e308 }}{{ addf 1e308 5e-324 }}{{ divf 5e-324 1e308 }}",
        '{{ date (repeat 100000 "2006") now | len }}',
        '{{ dict (repeat 2000 "k") (repeat 100000 "\\n") | toYaml | len }}',
        '{{ buildCustomCert (repeat 1 "") "" | default (regexFind "x" "") }}',
    ],
)
def test_it_ends_soon(template: str) -> None:
    began = time.process_time()
    with contextlib.suppress(RenderError):
        rendered(template)
    assert time.process_time() - began < 2
