"""What a template of a Kubernetes chart was rendered to, as Helm 4.2.3 checks it (lint/rules/template.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from proxmox_mpc.charts.encodings.yaml_reading import misfit, read_yaml
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.linting.deprecated import DEPRECATED
from proxmox_mpc.charts.linting.findings import Finding
from proxmox_mpc.charts.values import table_at

_SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_1035_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
# Kinds whose names may hold anything that a path may (Kubernetes 1.36).
_PATH_NAMES = {"certificatesigningrequest", "clusterrole", "clusterrolebinding", "role", "rolebinding"}
_SELECTING = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
_STRUCT = "rules.k8sYamlStruct"


class Unreadable(Exception):
    """A document that is no YAML: Helm looks at nothing behind it, in other templates neither."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def check(path: str, text: str) -> Iterator[Finding]:
    """What is wrong with a rendered template. Raises Unreadable."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    if first.startswith((" ", "\t")):
        told = f"document starts with an illegal indent: {quote(first)}, which may cause parsing problems"
        yield Finding("warning", path, told)
    for part in _SEPARATOR.split(text):
        document = _read(path, part)
        if document:
            yield from _document(path, document)


def _read(path: str, text: str) -> dict[str, Any]:
    try:
        document = read_yaml(text)
        if document is not None and not isinstance(document, dict):
            raise GoError(misfit(document, _STRUCT))
        metadata = document.get("metadata") if document else None
        if metadata is not None and not isinstance(metadata, dict):
            raise GoError(misfit(metadata, "rules.k8sYamlMetadata", "k8sYamlStruct.Metadata"))
    except GoError as error:
        raise Unreadable(Finding("error", path, f"unable to parse YAML: {error}")) from None
    return document or {}


def _document(path: str, document: dict[str, Any]) -> Iterator[Finding]:
    kind, api = str(document.get("kind") or ""), str(document.get("apiVersion") or "")
    metadata = document.get("metadata") or {}
    name = metadata.get("name")
    name = name if isinstance(name, str) else "" if name is None else str(name)
    if wrong := _name(kind, name):
        told = f"metadata.name: Invalid value: {quote(name)}: {wrong}"
        what = f"object name does not conform to Kubernetes naming requirements: {quote(name)}"
        yield Finding("warning", path, f"{what}: {told}")
    if deprecated := DEPRECATED.get((api, kind)):
        yield Finding("warning", path, f"{api} {kind} {deprecated}")
    selector = table_at(document, "spec.selector") or {}
    if kind in _SELECTING and not {"matchLabels", "matchExpressions"} & set(selector):
        told = f"a {kind} must contain matchLabels or matchExpressions, and {quote(name)} does not"
        yield Finding("error", path, told)
    if kind == "List":
        for item in document.get("items") or ():
            annotations = table_at(item, "metadata.annotations") if isinstance(item, dict) else None
            if annotations and "helm.sh/resource-policy" in annotations:
                yield Finding("error", path, "annotation 'helm.sh/resource-policy' within List objects are ignored")


def _name(kind: str, name: str) -> str:
    """What Kubernetes has against a name; nothing when it may be."""
    kind = kind.lower()
    if kind in _PATH_NAMES:
        if name in (".", ".."):
            return f"may not be '{name}'"
        found = next((sign for sign in "/%" if sign in name), "")
        return f"may not contain '{found}'" if found else ""
    if kind == "service":
        return _matched(name, _LABEL_1035, _LABEL_1035_WORDS, 63)
    if kind == "namespace":
        return "must not contain dots" if "." in name else _matched(name, _LABEL, _LABEL_WORDS, 63)
    return _matched(name, _SUBDOMAIN, _SUBDOMAIN_WORDS, 253)


def _matched(name: str, pattern: re.Pattern[str], words: str, longest: int) -> str:
    if not pattern.fullmatch(name):
        return words
    return f"must be no more than {longest} characters" if len(name) > longest else ""
