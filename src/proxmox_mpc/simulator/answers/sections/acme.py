"""/cluster/acme: how certificates are ordered: plugins that answer challenges, and accounts. Nobody is contacted."""

from __future__ import annotations

import base64
import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_PATH = "/cluster/acme/plugins"
_COMMON = "type disable nodes"

PLUGINS = Collection(
    file="acme/plugins",
    key="id",
    all=_PATH,
    one=_PATH + "/{id}",
    create_at=_PATH,
    defined="ACME plugin ID '{name}' already exists",
    absent="ACME plugin '{name}' not defined",
    absent_update="ACME plugin ID '{name}' does not exist",
    absent_delete=None,
    needed={"dns": ("api",)},
    kinds={
        "dns": frozenset(f"{_COMMON} api data validation-delay".split()),
        "standalone": frozenset(_COMMON.split()),
    },
)
_BUILTIN = "standalone"


def _fill(call: Call) -> dict[str, Section]:
    """All plugins; the built-in one comes back when it is deleted."""
    sections = PLUGINS.sections(call)
    sections.setdefault(_BUILTIN, {"type": "standalone"})
    return sections


def _decode(text: str) -> str:
    """Base64 as Perl reads it: odd characters do not count, an incomplete end is dropped."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0])
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + "=" * (-len(letters) % 4)).decode("latin-1")


def _show(call: Call, name: str) -> Section:
    row = {**_section.show(call, PLUGINS, name), "plugin": name}
    return row | {"data": _decode(row["data"])} if "data" in row else row


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    rows = [_show(call, name) for name in sorted(_fill(call))]
    return [row for row in rows if call.text("type", row["type"]) == row["type"]]


@answers("GET", _PATH + "/{id}")
def read(call: Call) -> Any:
    if call.text("id") not in _fill(call):
        die(PLUGINS.absent.format(name=call.text("id")))
    return _show(call, call.text("id"))


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in ("id", "digest", "delete")}


@answers("POST", _PATH)
def create(call: Call) -> None:
    _fill(call)
    _section.create(call, PLUGINS, call.text("id"), _given(call))


@answers("PUT", _PATH + "/{id}")
def update(call: Call) -> None:
    _fill(call)
    _section.update(call, PLUGINS, call.text("id"), _given(call))


@answers("DELETE", _PATH + "/{id}")
def delete(call: Call) -> None:
    _fill(call).pop(call.text("id"), None)


# --- accounts ---------------------------------------------------------------------------------------

_ACCOUNTS = "/cluster/acme/account"
_DIRECTORIES = {
    "Let's Encrypt V2": "https://acme-v02.api.letsencrypt.org/directory",
    "Let's Encrypt V2 Staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}


def _accounts(call: Call) -> dict[str, Section]:
    return call.cluster.files.setdefault("acme/accounts", {})


def _account(call: Call) -> str:
    name = call.text("name", "default")
    if name not in _accounts(call):
        refuse(name=f"ACME account config file '{name}' does not exist.")
    return name


def _contacts(call: Call) -> list[str]:
    return [f"mailto:{address}" for address in call.items("contact")]


@answers("GET", _ACCOUNTS)
def accounts(call: Call) -> Any:
    return [{"name": name} for name in sorted(_accounts(call))]


@answers("GET", _ACCOUNTS + "/{name}")
def account(call: Call) -> Any:
    return _accounts(call)[_account(call)]


@answers("POST", _ACCOUNTS)
def add_account(call: Call) -> str:
    name = call.text("name", "default")
    if name in _accounts(call):
        refuse(name=f"ACME account config file '{name}' already exists.")
    directory = call.text("directory", _DIRECTORIES["Let's Encrypt V2"])
    made: Section = {
        "account": {"contact": _contacts(call), "status": "valid"},
        "directory": directory,
        "location": f"{directory.rpartition('/')[0]}/acct/{call.cluster.next_pid()}",
    }
    made |= {"tos": call.text("tos_url")} if "tos_url" in call.params else {}

    def register(work: Work) -> None:
        work.log("Generating ACME account key..", "Registering ACME account..")
        work.log(f"Registration successful, account URL: '{made['location']}'")
        _accounts(call)[name] = made

    return call.fork("acmeregister", name, register)


@answers("PUT", _ACCOUNTS + "/{name}")
def change_account(call: Call) -> str:
    name = _account(call)

    def change(work: Work) -> None:
        if "contact" in call.params:
            _accounts(call)[name]["account"]["contact"] = _contacts(call)

    return call.fork("acmeupdate", name, change)


@answers("DELETE", _ACCOUNTS + "/{name}")
def remove_account(call: Call) -> str:
    name = _account(call)

    def deactivate(work: Work) -> None:
        _accounts(call).pop(name, None)

    return call.fork("acmedeactivate", name, deactivate)


@answers("GET", "/cluster/acme/directories")
def directories(call: Call) -> Any:
    return [{"name": name, "url": url} for name, url in _DIRECTORIES.items()]


_TERMS = "https://letsencrypt.org/documents/LE-SA-v1.6-August-18-2025.pdf"


@answers("GET", "/cluster/acme/tos")
def terms(call: Call) -> str | None:
    """The terms of the directories that are known; others have none."""
    return _TERMS if call.text("directory") in ("", *_DIRECTORIES.values()) else None


@answers("GET", "/cluster/acme/meta")
def meta(call: Call) -> Any:
    tos = terms(call)
    return {"termsOfService": tos, "website": "https://letsencrypt.org", "externalAccountRequired": 0} if tos else {}


@answers("GET", "/cluster/acme/challenge-schema")
def challenges(call: Call) -> Any:
    """The providers of DNS challenges, without the fields that each of them wants."""
    known = call.routes.method("POST", _PATH).parameters.facts("api")["enum"]
    return [{"id": name, "name": name, "type": "dns", "schema": {"fields": {}}} for name in known]
