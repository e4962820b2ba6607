"""What templates find in `.`: `.Chart`, `.Files`, `.Capabilities`, `.Release`, `.Values`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from proxmox_mpc.charts.language.function import Function, Functions, GoError
from proxmox_mpc.charts.language.go_types import Map, Slice, StringMap, Strings, Struct, Values, go_text

if TYPE_CHECKING:
    from proxmox_mpc.charts.chart import Chart

_FILES = Functions()
_VERSIONS = Functions()
_KUBE_VERSION = Functions()
_VALUES = Functions()


class Files(Map):
    """A chart's files by name, as bytes: Helm's engine.files."""

    __slots__ = ()
    go_type = "engine.files"
    methods: ClassVar[Mapping[str, Function]] = _FILES


@_FILES.function("GetBytes", takes="string")
def get_bytes(files: Files, name: str) -> bytes:
    """A file's bytes; none when there is no such file."""
    found: bytes = files.get(name, b"")
    return found


@_FILES.function("Get", takes="string")
def get(files: Files, name: str) -> str:
    """A file's text; empty when there is no such file."""
    return go_text(files.get(name, b""))


@_FILES.function("Glob", takes="string")
def glob(files: Files, pattern: str) -> Files:
    """The files whose names match; `*` stays within a folder, `**` does not."""
    matches = _matcher(pattern)
    return Files({name: data for name, data in files.items() if matches(name)})


@_FILES.function("Lines", takes="string")
def lines(files: Files, name: str) -> Strings:
    """A file's lines."""
    text = go_text(files.get(name, b""))
    if not text:
        return Strings()
    return Strings(text.removesuffix("\n").split("\n"))


@_FILES.function("AsConfig")
def as_config(files: Files) -> str:
    """The files as a ConfigMap's data: base name and text."""
    return _data({_base(name): go_text(data) for name, data in files.items()})


@_FILES.function("AsSecrets")
def as_secrets(files: Files) -> str:
    """The files as a Secret's data: base name and base64."""
    return _data({_base(name): base64.b64encode(data).decode() for name, data in files.items()})


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _data(entries: dict[str, str]) -> str:
    from proxmox_mpc.charts.encodings.yaml_writing import write_yaml

    return write_yaml(entries).removesuffix("\n")


@lru_cache(maxsize=512)
def _matcher(pattern: str) -> Any:
    """Whether a name matches a pattern of github.com/gobwas/glob with `/` between its parts; all when it is broken."""
    import re2

    expression = _expression(pattern)
    return re2.compile(expression if expression is not None else ".*", _dot_matches_newline()).fullmatch


@lru_cache(maxsize=1)
def _dot_matches_newline() -> Any:
    import re2

    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return options


def _expression(pattern: str) -> str | None:
    parts: list[str] = []
    at, end, depth = 0, len(pattern), 0
    while at < end:
        letter = pattern[at]
        at += 1
        if letter == "*":
            if pattern.startswith("*", at):
                while pattern.startswith("*", at):
                    at += 1
                parts.append(".*")
            else:
                parts.append("[^/]*")
        elif letter == "?":
            parts.append("[^/]")
        elif letter == "[":
            close = pattern.find("]", at)
            if close <= at:
                return None
            inside = pattern[at:close].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            parts.append(f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]")
            at = close + 1
        elif letter == "{":
            depth += 1
            parts.append("(?:")
        elif letter == "}" and depth:
            depth -= 1
            parts.append(")")
        elif letter == "," and depth:
            parts.append("|")
        else:
            if letter == "\\" and at < end:
                letter = pattern[at]
                at += 1
            parts.append(letter if letter.isalnum() or letter in "/_- " or ord(letter) > 127 else "\\" + letter)
    return None if depth else "".join(parts)


class Versions(Slice):
    """The API versions that a cluster knows: Helm's common.VersionSet."""

    __slots__ = ()
    go_type = "common.VersionSet"
    methods: ClassVar[Mapping[str, Function]] = _VERSIONS


@_VERSIONS.function("Has", takes="string")
def has(versions: Versions, version: str) -> bool:
    """Whether an API version, or one with a kind behind it, is known."""
    return version in versions


class KubeVersion(Struct):
    """Helm's common.KubeVersion."""

    __slots__ = ()
    go_type = "common.KubeVersion"
    methods: ClassVar[Mapping[str, Function]] = _KUBE_VERSION

    def __init__(self, version: str) -> None:
        major, _dot, minor = version.removeprefix("v").partition(".")
        super().__init__(Version=version, Major=major, Minor=minor.partition(".")[0])

    def __str__(self) -> str:
        """As a function prints it, which Go hands the bare struct; by itself it is printed by its String method."""
        version = self.fields["Version"]
        return f"{{{version} {version} {self.fields['Major']} {self.fields['Minor']}}}"

    @property
    def printed(self) -> str:
        """As `{{ .Capabilities.KubeVersion }}` prints it."""
        return str(self.fields["Version"])


@_KUBE_VERSION.function("String", "GitVersion")
def version_text(version: KubeVersion) -> str:
    """The version: v1.36.0."""
    return version.printed


class BuildInfo(Struct):
    """Helm's version.BuildInfo."""

    __slots__ = ()
    go_type = "version.BuildInfo"

    def __str__(self) -> str:
        return "{" + " ".join(map(str, self.fields.values())) + "}"

    def json_form(self) -> dict[str, Any]:
        """Its members as encoding/json names them; empty ones are left out."""
        names = {
            "Version": "version",
            "GitCommit": "git_commit",
            "GitTreeState": "git_tree_state",
            "GoVersion": "go_version",
            "KubeClientVersion": "kube_client_version",
        }
        return {name: self.fields[field] for field, name in names.items() if self.fields[field]}


class Capabilities(Struct):
    """What the cluster can do. `{{ . }}` shows a pointer's address in Go; ours shows its type."""

    __slots__ = ()
    go_type = "*common.Capabilities"

    def __str__(self) -> str:
        fields = self.fields
        return f"&{{{fields['KubeVersion']} {_spaced(fields['APIVersions'])} {fields['HelmVersion']}}}"


def _spaced(versions: Versions) -> str:
    return "[" + " ".join(versions) + "]"


@_VALUES.function("AsMap")
def as_map(values: Values) -> dict[str, Any]:
    """The values as a plain map."""
    return dict(values)


@_VALUES.function("YAML")
def as_yaml(values: Values) -> str:
    """The values as YAML."""
    from proxmox_mpc.charts.encodings.yaml_writing import write_yaml

    return write_yaml(values)


@_VALUES.function("Table", takes="string")
def table(values: Values, path: str) -> Values:
    """The map under a dotted path."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise GoError(f'"{name}" is not a table')
    return Values(found)


@_VALUES.function("PathValue", takes="string")
def path_value(values: Values, path: str) -> Any:
    """The value under a dotted path, which is no map."""
    if not path:
        raise GoError("YAML path cannot be empty")
    found: Any = values
    *tables, last = path.split(".")
    for name in tables:
        found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise GoError(f'"{last}" is not a value')
    value = found.get(last)
    if value is None or isinstance(value, dict):
        raise GoError(f'"{last}" is not a value')
    return value


Values.methods = _VALUES


def chart_object(chart: Chart, *, is_root: bool) -> dict[str, Any]:
    """`.Chart`: Chart.yaml's members under Go's names."""
    about = chart.metadata
    return {
        "Name": about.name,
        "Home": about.home,
        "Sources": list(about.sources),
        "Version": about.version,
        "Description": about.description,
        "Keywords": list(about.keywords),
        "Maintainers": [{"Name": one.name, "Email": one.email, "URL": one.url} for one in about.maintainers],
        "Icon": about.icon,
        "APIVersion": about.api_version,
        "Condition": about.condition,
        "Tags": about.tags,
        "AppVersion": about.app_version,
        "Deprecated": about.deprecated,
        "Annotations": StringMap(about.annotations),
        "KubeVersion": about.kube_version,
        "Dependencies": [
            {
                "Name": one.key,
                "Version": one.version,
                "Repository": one.repository,
                "Condition": one.condition,
                "Tags": list(one.tags),
                "Enabled": one.enabled,
                "ImportValues": list(one.import_values),
                "Alias": one.alias,
            }
            for one in about.dependencies
        ],
        "Type": about.type,
        "IsRoot": is_root,
    }
