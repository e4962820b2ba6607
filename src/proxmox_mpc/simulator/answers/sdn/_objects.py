"""One kind of SDN object as a declaration, and the five calls that all kinds answer the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sdn import _lock, _views
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

# Who may see an object in a list.
SEES = ("SDN.Audit", "SDN.Allocate")
_NEVER_STORED = frozenset({"digest", "delete", "lock-token"})


def _fine(call: Call, name: str, section: Section) -> None:
    """No further checks."""


def _open(call: Call) -> None:
    """Nothing to pass."""


def _same(call: Call, name: str, row: Section) -> Section:
    return row


@dataclass(frozen=True)
class Objects:
    """What tells one kind of object from another.

    `word` is what the errors call it; `top` holds the values that a new object's pending view shows beside `pending`;
    `guarded` answers the path in the access control list. `pass_all` and `pass_one` check the way to the collection
    and to one object before anything else; `name_of` the name under which POST stores. `check_delete` refuses to
    delete what is in use; `dress` adds what a row computes; `belongs` filters rows. `builtin` objects are there without
    being configured, and stay when deleted.
    """

    word: str
    collection: Collection
    guarded: Callable[[str, Section], str]
    top: frozenset[str] = frozenset({"type"})
    pass_all: Callable[[Call], None] = _open
    pass_one: Callable[[Call], None] = _open
    name_of: Callable[[Call], str] | None = None
    check_delete: Callable[[Call, str, Section], None] = _fine
    dress: Callable[[Call, str, Section], Section] = _same
    belongs: Callable[[Call, Section], bool] = lambda call, section: True
    builtin: tuple[tuple[str, Section], ...] = ()

    def fill(self, call: Call) -> None:
        for name, section in self.builtin:
            self.collection.sections(call).setdefault(name, dict(section))


def collection(
    word: str,
    plural: str,
    needed: Mapping[str, tuple[str, ...]],
    kinds: Mapping[str, str],
    check: Callable[[Call, str, Section], None] = _fine,
    **differences: Any,
) -> Collection:
    """A section file of SDN with the texts that all of them share; `kinds` lists the options of each type."""
    path = f"/cluster/sdn/{plural}"
    absent = "sdn '{name}' does not exist"
    return Collection(
        **{
            "file": f"sdn/{plural}.cfg",
            "key": word,
            "all": path,
            "one": f"{path}/{{{word}}}",
            "create_at": path,
            "defined": f"sdn {word} object ID '{{name}}' already defined",
            "absent": absent,
            "absent_update": absent,
            "absent_delete": f"delete sdn {word} object failed: {absent}",
            "creating": f"create sdn {word} object failed: ",
            "updating": f"update sdn {word} object failed: ",
            "needed": needed,
            "kinds": {kind: frozenset(options.split()) | {"type"} for kind, options in kinds.items()},
            "check": check,
            **differences,
        }
    )


def complain(call: Call, word: str, text: str = "", **errors: str) -> NoReturn:
    """Fail with the prefix of the call; named errors read as a parameter check that failed under the lock."""
    verb = {"POST": "create", "PUT": "update", "DELETE": "delete"}[call.method.verb]
    if errors:
        text = "\n".join(["400 Parameter verification failed.", *(f"{k}: {v}" for k, v in errors.items())])
    die(f"{verb} sdn {word} object failed: {text}")


def typed(call: Call, create_at: str, section: Section) -> Section:
    """A stored section with its numbers as numbers."""
    facts = call.routes.method("POST", create_at).parameters
    return {k: v if v == "deleted" else _section.number(facts.facts(k).get("type"), v) for k, v in section.items()}


def _show(call: Call, objects: Objects, name: str, section: Section) -> Section:
    made_at = objects.collection.create_at
    row = typed(call, made_at, section)
    if "pending" in row:
        row["pending"] = typed(call, made_at, row["pending"])
    row[objects.collection.key] = name
    is_plain = not call.flag("pending") and not call.flag("running")
    row["digest"] = objects.collection.digest(call) if is_plain else None
    return objects.dress(call, name, row)


def register(objects: Objects) -> None:
    """Answer the calls of one kind."""
    declared = objects.collection

    def given(call: Call) -> Section:
        return {k: v for k, v in call.params.items() if k not in _NEVER_STORED and k != declared.key}

    @answers("GET", declared.all)
    def listing(call: Call) -> Any:
        objects.pass_all(call)
        objects.fill(call)
        return [
            _show(call, objects, name, section)
            for name, section in _views.choose(call, declared, objects.top).items()
            if objects.belongs(call, section)
            and call.text("type", section["type"]) == section["type"]
            and call.may(objects.guarded(name, section), *SEES)
        ]

    @answers("GET", declared.one)
    def read(call: Call) -> Any:
        objects.pass_one(call)
        objects.fill(call)
        name, found = call.text(declared.key), _views.choose(call, declared, objects.top)
        if name not in found:
            die(declared.absent.format(name=name))
        return _show(call, objects, name, found[name])

    @answers("POST", declared.create_at)
    def create(call: Call) -> None:
        objects.pass_all(call)
        objects.fill(call)
        _lock.check(call, declared.creating)
        name = objects.name_of(call) if objects.name_of else call.text(declared.key)
        _section.create(call, declared, name, given(call))

    @answers("PUT", declared.one)
    def update(call: Call) -> None:
        objects.pass_one(call)
        objects.fill(call)
        _lock.check(call, declared.updating)
        _section.update(call, declared, call.text(declared.key), given(call))

    @answers("DELETE", declared.one)
    def delete(call: Call) -> None:
        objects.pass_one(call)
        objects.fill(call)
        _lock.check(call, f"delete sdn {objects.word} object failed: ")
        name, sections = call.text(declared.key), declared.sections(call)
        if name not in sections:
            if declared.absent_delete is not None:
                die(declared.absent_delete.format(name=name))
            return
        objects.check_delete(call, name, sections[name])
        del sections[name]
