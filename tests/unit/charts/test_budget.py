"""Hostile charts: they end soon, with an error that says where, and take no machine with them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from proxmox_mpc.charts.engine import RenderError, Source, render
from proxmox_mpc.charts.language.go_types import Values
from proxmox_mpc.charts.language.state import Budget

FILE = "c/templates/a.yaml"
SMALL = Budget(seconds=0.3, output=200_000)
SOON_S = 8.0
"""Far more than any of these needs, far less than a hang."""

ENDLESS = {
    "loops in loops": "{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}",
    "a loop that counts": "{{ range 2000000000 }}{{ end }}",
    "a loop that writes": '{{ range until 100000 }}{{ "xxxxxxxxxx" }}{{ end }}',
    "a text that doubles": '{{ $x := "0123456789" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}',
    "a text that doubles by printf": '{{ $x := "0123456789" }}{{ range until 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}',
    "a text that doubles by cat": '{{ $x := "0123456789" }}{{ range until 60 }}{{ $x = cat $x $x }}{{ end }}',
    "a list that doubles": "{{ $x := list 1 2 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}",
    "a wide text": '{{ printf "%1000000d%1000000d%1000000d" 1 1 1 | repeat 100 }}',
    "a repeated text": '{{ repeat 1000000000 "x" }}',
    "a long range": "{{ until 2000000000 }}",
    "an include of itself": '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    "a template of itself": '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    "two includes of each other": '{{ define "a" }}{{ include "b" . }}{{ include "b" . }}{{ end }}'
    '{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    "a tpl of itself": '{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}',
    "keys without end": '{{ range until 500 }}{{ $x := genPrivateKey "ed25519" }}{{ $y := bcrypt "a" }}{{ end }}',
    "a tree of includes": '{{ define "a" }}{{ if lt (int .) 40 }}{{ include "a" (add . 1) }}{{ include "a" (add . 1) }}{{ end }}{{ end }}'
    '{{ include "a" 0 }}',
}
UNREADABLE = {
    "braces": "{{" * 50_000,
    "open actions": "{{ a " * 20_000,
    "parentheses": "{{ " + "(" * 100_000 + " }}",
    "closed parentheses": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "ifs": "{{ if true }}" * 20_000,
    "closed ifs": "{{ if true }}" * 2_000 + "{{ end }}" * 2_000,
    "else ifs": "{{ if 1 }}" + "{{ else if 1 }}" * 5_000 + "{{ end }}",
    "a quote without end": '{{ "' + "x" * 1_000_000,
    "a comment without end": "{{/* " + "x" * 1_000_000,
    "a number without end": "{{ " + "9" * 50_000 + " }}",
    "defines": '{{ define "a" }}' * 20_000,
    "blanks": "{{" + " " * 1_000_000,
    "blanks before nothing": "{{ 1" + " \n" * 200_000 + "- }}",
    "fields": "{{ " + ".a" * 200_000 + " }}{{",
}


def _render(text: str, budget: Budget) -> str:
    return render({FILE: Source(text, Values({"Values": {}}), "c/templates")}, budget=budget)[FILE]


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_would_never_end_ends_with_its_place(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(RenderError) as failed:
        _render(text, SMALL)
    assert time.monotonic() - began < SOON_S
    assert failed.value.file == FILE
    assert failed.value.line == 1


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_refused_with_its_line(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(RenderError) as failed:
        _render(text, SMALL)
    assert time.monotonic() - began < SOON_S
    assert failed.value.file == FILE
    assert failed.value.line >= 1
    assert len(str(failed.value)) < 100_000


def test_long_but_honest_templates_render() -> None:
    assert _render("{{ 1" + " | add 1" * 2000 + " }}", Budget()) == "2001"
    assert _render("{{ range until 100000 }}{{ end }}ok", Budget()) == "ok"
    assert len(_render("x" * 5_000_000, Budget())) == 5_000_000


def test_no_file_and_no_environment_is_within_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")
    (tmp_path / "secret").write_text("hunter2")
    for text in ('{{ env "A_SECRET" }}', '{{ expandenv "$A_SECRET" }}', '{{ readFile "secret" }}'):
        with pytest.raises(RenderError, match="not defined"):
            _render(text, SMALL)
