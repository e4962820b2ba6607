"""Templates made by chance: most parse and many fail on the way, as those of people do."""

from __future__ import annotations

from random import Random

_PIPED = (
    "upper lower quote squote toYaml toJson len not first last typeOf kindOf int float64 toString|default "
    '"d"|printf "%v-%d" 1|printf "%s"|nindent 2|trunc 3|b64enc|eq 1|ne "a"|lt 2|gt 1.5|index .Values.l|dict "k"|list 1|'
    'append (list 1)|join ","|splitList ","|add 1|mul 2.5|ternary 1 2|empty|coalesce nil|has 1|hasKey .Values|'
    'get .Values|include "d"|tpl "{{ . }}"|required "r"|fail|sortAlpha|uniq|reverse|html|js|urlquery|trim|'
    'replace "a" "b"|contains "a"|hasPrefix "s"|regexMatch "a+"|semver|semverCompare ">1"|round 2|floor|max 1|min 2|'
    'fromYaml|fromJson|sha256sum|abbrev 4|substr 0 2|repeat 2|atoi|until|date "2006"|dig "x" "d"|pick .Values|'
    "omit .Values|merge (dict)|deepCopy|toPrettyJson|mustToJson|slice|and 1|or 0"
)
FUNCTIONS = [*_PIPED.split("|")[0].split(), *_PIPED.split("|")[1:]]
OPERANDS = (
    ".Values.a|.Values.f|.Values.big|.Values.m|.Values.l|.Values.s0|.Values.b|.Values.n.deep|.Values.n.deep.er|.Values.e|"
    '.Values.el|.Values.em|.Values.zz|.Values|$x|.|1|-2|2.5|"str"|"a,b"|""|`raw`|nil|true|false|\'c\'|(list 1 "a" nil)|'
    '(dict "x" 1 "y" "z")|(.Values.zz).q|$.Values.m.x|.Release.Name|.Chart.Name'
).split("|")
PIECES = (
    "{{|}}|{{-|-}}| |.Values.a|.|$|$x|$x := |$y = |(|)|\"a\"|`b`|'c'|1|1.5|-3|0x1f|nil|true|if |else|end|range |with |"
    'define "d"|template "d" .|block "e" .|include "d" .|break|continue|upper|list 1 2|eq|and|not|.Values.zz.y|\n|text|'
    '/* c */|,|$i, $e := |.Values.l|#|é|"unclosed|a.b|..|else if |9999999999999999999999|==|:=|{{ end }}|{{ .Values.a }}|'
    "{{ range .Values.l }}|{{ if .Values.b }}|{{ else }}|{{- $x -}}|{{/*"
).split("|")


def pieces(chance: Random) -> str:
    """Tokens in any order: what a lexer and a parser must refuse as Go's do."""
    text = "".join(chance.choice(PIECES) + " " * chance.randint(0, 1) for _ in range(chance.randint(1, 14)))
    return text if chance.random() < 0.4 else f"{{{{ {text.replace('{{', '').replace('}}', '')} }}}}"


def template(chance: Random) -> str:
    """Statements of expressions: what an evaluator must evaluate, or refuse, as Go's does."""
    head = '{{ $x := 5 }}{{ define "d" }}<{{ . }}>{{ end }}'
    return head + "".join(_statement(chance, 0) for _ in range(chance.randint(1, 3)))


def _expression(chance: Random, depth: int) -> str:
    kind = chance.random()
    if kind < 0.35 or depth > 3:
        return chance.choice(OPERANDS)
    inner, function = _argument(chance, depth + 1), chance.choice(FUNCTIONS)
    made = f"{inner} | {function}" if kind < 0.75 else f"{function} {inner}"
    return made if depth == 0 else f"({made})"


def _argument(chance: Random, depth: int) -> str:
    made = _expression(chance, depth)
    return made if made.startswith("(") or " " not in made else f"({made})"


def _statement(chance: Random, depth: int) -> str:
    kind, value = chance.random(), _expression(chance, 0)
    if depth > 2 or kind < 0.45:
        return f"{{{{ {value} }}}}"
    inner = _statement(chance, depth + 1)
    if kind < 0.55:
        return f"{{{{ $x := {value} }}}}{{{{ $x }}}}"
    if kind < 0.65:
        return f"{{{{ if {value} }}}}{inner}{{{{ else }}}}{_statement(chance, depth + 1)}{{{{ end }}}}"
    if kind < 0.75:
        return f"{{{{ with {value} }}}}{inner}{{{{ end }}}}"
    if kind < 0.85:
        return f"{{{{ range {value} }}}}{inner}{{{{ else }}}}E{{{{ end }}}}"
    if kind < 0.92:
        function = chance.choice(FUNCTIONS)
        body = f"{{{{ $i }}}}{{{{ $e }}}}{{{{ $e | {function} }}}}"
        return f"{{{{ range $i, $e := {value} }}}}{body}{{{{ end }}}}"
    return f"text\n{inner}"
