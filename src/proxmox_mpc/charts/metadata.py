"""Chart.yaml and Chart.lock: what a chart says about itself and what it needs, checked as Helm 4.2.3 checks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.functions.versions import Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.records import member

# Charts of this product: everything as in v2, but integers stay integers and `kinds/` is read.
OWN_API = "proxmox.io/v1"

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Maintainer:
    """Who looks after a chart."""

    GO_TYPE: ClassVar[str] = "v2.Maintainer"

    name: str = member("name")
    email: str = member("email")
    url: str = member("url")


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another chart that a chart needs. `version` may be a range; `repository` a URL, an @alias or file://."""

    GO_TYPE: ClassVar[str] = "v2.Dependency"

    name: str = member("name", always=True)
    version: str = member("version")
    repository: str = member("repository", always=True)
    condition: str = member("condition")
    tags: tuple[str, ...] = member("tags", "[]string")
    enabled: bool = member("enabled", "bool")
    import_values: tuple[Any, ...] = member("import-values", "[]interface {}")
    alias: str = member("alias")

    @property
    def key(self) -> str:
        """Its name in the chart that needs it, in values too."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Metadata:
    """Chart.yaml."""

    GO_TYPE: ClassVar[str] = "v2.Metadata"

    name: str = member("name")
    home: str = member("home")
    sources: tuple[str, ...] = member("sources", "[]string")
    version: str = member("version")
    description: str = member("description")
    keywords: tuple[str, ...] = member("keywords", "[]string")
    maintainers: tuple[Maintainer, ...] = member("maintainers", "[]*v2.Maintainer", of=Maintainer)
    icon: str = member("icon")
    api_version: str = member("apiVersion")
    condition: str = member("condition")
    tags: str = member("tags")
    app_version: str = member("appVersion")
    deprecated: bool = member("deprecated", "bool")
    annotations: Mapping[str, str] = member("annotations", "map[string]string")
    kube_version: str = member("kubeVersion")
    dependencies: tuple[Dependency, ...] = member("dependencies", "[]*v2.Dependency", of=Dependency)
    type: str = member("type")


@dataclass(frozen=True, slots=True)
class Lock:
    """Chart.lock: the versions that the dependencies' ranges were resolved to, and a digest of both."""

    GO_TYPE: ClassVar[str] = "v2.Lock"

    generated: str = member("generated", "time.Time", always=True)
    digest: str = member("digest", always=True)
    dependencies: tuple[Dependency, ...] = member("dependencies", "[]*v2.Dependency", of=Dependency, always=True)


Described = TypeVar("Described", bound=Metadata)


def checked(metadata: Described) -> Described:
    """Metadata with clean strings; raises BadChart for what no chart may say of itself."""
    clean = replace(
        metadata,
        name=_printable(metadata.name),
        description=_printable(metadata.description),
        home=_printable(metadata.home),
        icon=_printable(metadata.icon),
        condition=_printable(metadata.condition),
        tags=_printable(metadata.tags),
        app_version=_printable(metadata.app_version),
        kube_version=_printable(metadata.kube_version),
        sources=tuple(map(_printable, metadata.sources)),
        keywords=tuple(map(_printable, metadata.keywords)),
    )
    _check_identity(clean)
    if any(one is None for one in clean.maintainers):
        raise _refused("maintainers must not contain empty or null nodes")
    maintainers = tuple(Maintainer(*map(_printable, (one.name, one.email, one.url))) for one in clean.maintainers)
    dependencies: dict[str, Dependency] = {}
    for one in clean.dependencies:
        needed = _checked_dependency(one)
        if needed.key in dependencies:
            raise _refused(f"more than one dependency with name or alias {quote(needed.key)}")
        dependencies[needed.key] = needed
    return replace(clean, maintainers=maintainers, dependencies=tuple(dependencies.values()))


def _check_identity(metadata: Metadata) -> None:
    name = metadata.name
    if not metadata.api_version:
        raise _refused("chart.metadata.apiVersion is required")
    if not name:
        raise _refused("chart.metadata.name is required")
    if name in (".", ".."):
        raise _refused(f"chart.metadata.name {quote(name)} is not allowed")
    if "/" in name:
        raise _refused(f"chart.metadata.name {quote(name)} is invalid")
    if not metadata.version:
        raise _refused("chart.metadata.version is required")
    if not is_version(metadata.version):
        raise _refused(f"chart.metadata.version {quote(metadata.version)} is invalid")
    if metadata.type not in ("", "application", "library"):
        raise _refused("chart.metadata.type must be application or library")


def _checked_dependency(needed: Dependency | None) -> Dependency:
    if needed is None:
        raise _refused("dependencies must not contain empty or null nodes")
    clean = replace(
        needed,
        name=_printable(needed.name),
        version=_printable(needed.version),
        repository=_printable(needed.repository),
        condition=_printable(needed.condition),
        tags=tuple(map(_printable, needed.tags)),
    )
    if clean.alias and not _ALIAS.fullmatch(clean.alias):
        raise _refused(f"dependency {quote(clean.name)} has disallowed characters in the alias")
    return clean


def is_version(text: str) -> bool:
    """Whether a chart may have this version: semantic, a `v` before it and missing parts allowed."""
    try:
        Version.parse(text)
    except GoError:
        return False
    return True


def _printable(text: str) -> str:
    """A string without what cannot be printed; every kind of space becomes a blank."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if letter.isspace() and letter not in "\x1c\x1d\x1e\x1f" else letter if letter.isprintable() else ""
        for letter in text
    )


def _refused(reason: str) -> BadChart:
    return BadChart(f"validation: {reason}")
