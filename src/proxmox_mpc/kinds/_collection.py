"""Regular collections: a list that is read whole, items that are posted, put and deleted.

Most kinds are one of these. A kind declares its `Collection` and has nothing else to write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._difference import Clear, Difference
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._kind import Change, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._mark import Mark, split_short, with_short
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from pydantic import BaseModel

    from proxmox_mpc.pve import Facts

# Objects of one collection that are read one by one are read so many at a time.
_AT_ONCE = 16

Row = Mapping[str, Any]
Scope = Mapping[str, str]
"""The variables of a list's path: `{"node": "pve1"}`; none for a list of the cluster."""


async def _nothing(view: View, resource: Resource, live: Live | None) -> None:
    return None


async def _no_facts(view: View) -> Mapping[str, Mapping[str, Any]]:
    return {}


async def _once(view: View) -> Sequence[Scope]:
    return [{}]


async def each_node(view: View) -> Sequence[Scope]:
    """One list per node that is online."""
    return [{"node": name} for name in await view.nodes()]


@dataclass(frozen=True)
class Collection:
    """One collection of the API.

    `path` lists, `make` (else `path`) creates, `item` reads one, changes and deletes; `key` names a row of the list.
    `name` is how the variables of `item` make the object's name, such as `{node}/{iface}`; without it the name is the
    last variable alone. `by_field` are variables that a field holds instead: an endpoint's type. `posted` are parts of
    the name that POST knows by another parameter, `query` is asked with every list, and what stands `beside` a list is
    put into its rows. `scopes` are the lists that there are, where `path` has variables. With `detailed`, the list
    does not show everything, and each object is read by itself. `mine` picks the rows that are of this kind, `fixed`
    are parameters that all of them have.

    `clear` is how a field is unset: by `delete=NAME`, by sending it empty, or by not sending it; `lasting` are
    parameters that `delete` refuses. `demanded` are values of parameters
    that nobody needs to write. `whole` are parameters that a change must always send, for PUT forgets or demands
    them; `"*"` stands for all. `told_once` is the part of POST's answer that is a secret,
    `apart` are fields that the driver writes by requests of their own. `comment` is the
    parameter that can carry the ownership mark. `row` makes of the API's row what the spec declares, `waits` tells
    whether it is written and not applied yet.
    """

    path: str
    item: str
    key: str
    make: str = ""
    name: str = ""
    by_field: Mapping[str, str] = field(default_factory=dict)
    posted: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    beside: str = ""
    scopes: Callable[[View], Awaitable[Sequence[Scope]]] = _once
    detailed: bool = False
    mine: Callable[[Row], bool] = lambda row: True
    row: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
    waits: Callable[[Row], bool] = lambda row: False
    fixed: Mapping[str, str] = field(default_factory=dict)
    demanded: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    clear: Clear = "delete"
    lasting: frozenset[str] = frozenset()
    comment: str = ""
    told_once: str = ""
    apart: frozenset[str] = frozenset()
    facts: Callable[[View], Awaitable[Mapping[str, Mapping[str, Any]]]] = _no_facts
    check: Callable[[View, Resource, Live | None], Awaitable[None]] = _nothing
    until: int = 1000
    """The first major version that does not have it any more, where its API still knows the path."""
    instead: Callable[[Resource], str] = lambda resource: ""
    """What to declare where the cluster's version has no such collection."""

    @property
    def variables(self) -> list[str]:
        """Those of an object's own path, its own name last."""
        return _names.variables(self.item) or [self.key]

    @property
    def pattern(self) -> str:
        return self.name or f"{{{self.variables[-1]}}}"


class CollectionDriver(Driver):
    """Reads and writes the objects of one collection."""

    made_otherwise = False
    """Whether an object can also be made without what the collection's POST demands."""

    def __init__(self, kind: str, collection: Collection, schema: Callable[[], Schema]) -> None:
        self.kind = kind
        self.collection = collection
        self._schema = schema

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        names = {resource.key.name for resource in wanted} | {item.key.name for item in owned}
        return await self._all(view, {}, names if self.collection.detailed else None, names)

    async def rows(self, view: View) -> list[Live]:
        return await self._all(view, await self.collection.facts(view))

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        if not self.collection.detailed:
            return list(lives)  # the list shows everything
        facts = {live.key.name: live.facts for live in lives}
        whole = {live.key.name: live for live in await self._all(view, facts, set(facts))}
        return [whole[name] for name in facts if name in whole]

    async def _all(
        self,
        view: View,
        facts: Mapping[str, Mapping[str, Any]],
        detailed: set[str] | None = None,
        names: set[str] | None = None,
    ) -> list[Live]:
        """Every object; those in `detailed` as read by themselves. With `names`, only of lists that can hold them."""
        it = self.collection
        if await self._absent(view):
            return []
        scopes = await it.scopes(view)
        if names is not None:
            scopes = _names.scopes_of(it.pattern, names, scopes)
        lists = await asyncio.gather(*(self._list(view, scope) for scope in scopes))
        found = [
            (row, self._variables(scope, row))
            for scope, rows in zip(scopes, lists, strict=True)
            for row in rows
            if it.mine(row)
        ]
        places = asyncio.Semaphore(_AT_ONCE)

        async def whole(row: Row, variables: Mapping[str, Any]) -> Row:
            if detailed is None or _names.fill(it.pattern, variables) not in detailed:
                return row
            async with places:
                one = {v: variables[v] for v in it.variables}
                return {**row, **await view.pve.get(self._at(it.item, one), self._bare(one))}

        rows = await asyncio.gather(*(whole(row, variables) for row, variables in found))
        return [self._live(row, v, facts) for row, (_, v) in zip(rows, found, strict=True)]

    def _variables(self, scope: Scope, row: Row) -> dict[str, str]:
        """What a row is called: the variables of its path and of its name."""
        it = self.collection
        own = {v: str(row[v]) for v in [*it.variables, *_names.variables(it.pattern)] if v in row}
        return {it.variables[-1]: str(row[it.key]), **own, **scope}

    async def _absent(self, view: View) -> bool:
        """Does the cluster's version not have this collection at all?"""
        it = self.collection
        facts: Facts = await view.pve.api()
        is_gone = (await view.pve.version()).major >= it.until
        scope = (await it.scopes(view) or [{}])[0] if it.by_field else {}
        return is_gone or facts.method("GET", self._at(it.path, scope)) is None

    def _at(self, template: str, variables: Mapping[str, Any]) -> str:
        """A path as the API's schema spells it: variables that a field holds are no variables there."""
        for name in self.collection.by_field:
            template = template.replace(f"{{{name}}}", str(variables[name]))
        return template

    def _bare(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Those that are variables of a path for the API, too."""
        it = self.collection
        return {v: variables[v] for v in it.variables if v in variables and v not in it.by_field}

    async def _list(self, view: View, scope: Scope) -> list[dict[str, Any]]:
        it, path = self.collection, self.collection.path

        async def read() -> list[dict[str, Any]]:
            reply = await view.pve.get_with(self._at(path, scope), {**self._bare(scope), **it.query})
            told = {it.beside: reply.extra[it.beside]} if it.beside and reply.extra.get(it.beside) else {}
            return [{**row, **told} for row in reply.data]

        answer: list[dict[str, Any]] = await view.once(_names.fill(path, scope), read)
        return answer

    def _live(self, row: Row, variables: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> Live:
        it = self.collection
        key = Key(self.kind, "", _names.fill(it.pattern, variables))
        shown = {name: str(value) for name, value in variables.items()}
        config = it.row({p: value for p, value in row.items() if p not in {it.key, *shown, *it.fixed}})
        mark: Mark | None = None
        if it.comment and it.comment in config:
            text, mark = split_short(str(config[it.comment]), key)
            config[it.comment] = text or None
        fields = self._schema().decode(config)
        fields |= {path: shown[variable] for variable, path in it.by_field.items()}
        open_row = {name: value for name, value in row.items() if name not in self._schema().secret_keys}
        told = {**open_row, **facts.get(key.name, {}), **({"waits": True} if it.waits(row) else {})}
        return Live(key, shown, fields, told, mark, str(row.get("digest") or ""), config)

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        it = self.collection
        if (named := _names.parse(it.pattern, resource.key.name)) is None:
            raise resource.invalid("metadata.name", f"the name of a {self.kind} is {_names.shown(it.pattern)}")
        if live is None and "node" in named and named["node"] not in (nodes := await view.nodes()):
            hint = f"nodes: {', '.join(nodes)}"
            raise resource.invalid("metadata.name", f"there is no node {named['node']!r} online", hint)
        if live is None and await self._absent(view):
            release = (await view.pve.version()).release
            raise resource.invalid("kind", f"PVE {release} has no {self.kind}", it.instead(resource))
        own = [path for path in resource.fields if path not in {*it.by_field.values(), *it.apart}]
        path = self._at(it.make or it.path, self._names(resource))
        facts = await view.pve.api()
        check_parameters(facts, self._schema(), resource, own, "POST", path)
        if live is None and not self.made_otherwise:
            _check_required(facts, self._schema(), resource, path)
        await it.check(view, resource, live)
        return resource

    def _names(self, resource: Resource) -> dict[str, Any]:
        found = _names.parse(self.collection.pattern, resource.key.name)
        assert found is not None, "checked when it was completed"
        return {**found, **{v: resource.fields[path] for v, path in self.collection.by_field.items()}}

    def _lane(self, names: Mapping[str, Any]) -> str:
        return f"file:{_names.fill(self.collection.path, names)}"

    async def create(self, run: Run, resource: Resource) -> Live:
        it, names = self.collection, self._names(resource)
        elsewhere = {*resource.secrets, *it.by_field.values(), *it.apart}
        own = {path: value for path, value in resource.fields.items() if path not in elsewhere}
        path = self._at(it.make or it.path, names)
        params: dict[str, Any] = {**self._bare(names), **it.fixed, **{it.posted[n]: names[n] for n in it.posted}}
        last = it.variables[-1]
        if last in params and run.view.pve.facts.parameter("POST", path, last) is None:
            params[it.key] = params.pop(last)
        params |= {**it.demanded, **self._schema().encode(own, resource.secrets)}
        if it.comment:
            params[it.comment] = with_short(str(params.get(it.comment, "")), run.mark())
        async with run.lane(self._lane(names)):
            title = f"create {resource.key.name}"
            await run.call("POST", path, params, title=title, makes=names, told_once=it.told_once)
        return await self._reread(run, resource)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        # One file holds them all, and each write changes its digest: our own take turns, each from a fresh read.
        async with run.lane(self._lane(live.identity)):
            return await self.change(run, await self._reread(run, resource), resource, changes)

    async def change(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        """Send what differs, from a fresh read."""
        it = self.collection
        difference = Difference.of(self._schema(), live, resource, changes).without(it.by_field.values())
        if it.comment:
            text = with_short(difference.then.get(it.comment, ""), run.mark())
            difference = difference.with_text(it.comment, str(live.facts.get(it.comment) or ""), text)
        params = difference.params(clear=it.clear, whole=it.whole, lasting=it.lasting)
        if not params:
            return live
        always = {**it.fixed, **{k: v for k, v in it.demanded.items() if k not in params}}
        params |= {name: value for name, value in always.items() if name in it.whole or "*" in it.whole}
        path = self._at(it.item, live.identity)
        params = self.sent(live, params)
        if live.digest and run.view.pve.facts.parameter("PUT", path, "digest") is not None:
            params["digest"] = live.digest
        await run.call("PUT", path, {**self._bare(live.identity), **params}, title=f"change {resource.key.name}")
        return await self._reread(run, resource)

    def sent(self, live: Live, params: dict[str, Any]) -> dict[str, Any]:
        """What a change sends: all that is wanted, and what others have written into the same object."""
        return params

    async def _reread(self, run: Run, resource: Resource) -> Live:
        names, name = self._names(resource), resource.key.name
        run.view.forget(_names.fill(self.collection.path, names))
        detailed = {name} if self.collection.detailed else None
        return next(live for live in await self._all(run.view, {}, detailed, {name}) if live.key.name == name)

    async def delete(self, run: Run, live: Live) -> None:
        it = self.collection
        async with run.lane(self._lane(live.identity)):
            path = self._at(it.item, live.identity)
            await run.call("DELETE", path, self._bare(live.identity), title=f"delete {live.key.name}")
        run.view.forget(_names.fill(it.path, live.identity))

    def node_of(self, name: str) -> str:
        return (_names.parse(self.collection.pattern, name) or {}).get("node", "")

    def writes(self) -> Sequence[Write]:
        it = self.collection
        named = dict.fromkeys((it.key, *it.variables, *it.posted.values()), NAME)
        sets = {**named, **it.by_field, **dict.fromkeys(it.fixed, "kind")}
        found = []
        for kinds in self._kinds():
            found.append(Write("POST", self._at(it.make or it.path, kinds), sets))
            found.append(Write("PUT", self._at(it.item, kinds), sets))
        return found

    def _kinds(self) -> Iterable[Mapping[str, str]]:
        """The values that variables held by fields can have: the types of endpoints."""
        variable, path = next(iter(self.collection.by_field.items()), ("", ""))
        leaf = self._schema().leaf(path)
        return [{variable: value} for value in get_args(leaf.info.annotation)] if leaf is not None else [{}]


def _check_required(facts: Facts, schema: Schema, resource: Resource, path: str) -> None:
    """Whether everything is there that the API needs to make the object. Raises InvalidInput."""
    method = facts.method("POST", path)
    for name, parameter in method.parameters.items() if method is not None else ():
        leaf = schema.scalars.get(name)
        given = {**resource.fields, **resource.unknown}
        if parameter.required and leaf is not None and leaf.wire.default is None and leaf.path not in given:
            hint = f"proxmox-cli explain {resource.key.kind}.{leaf.path}"
            raise resource.invalid(f"spec.{leaf.path}", f"PVE needs it to make a {resource.key.kind}", hint)


def check_parameters(
    facts: Facts, schema: Schema, resource: Resource, names: Iterable[str], verb: str, path: str
) -> None:
    """Of these fields, those that the cluster's version does not know. Raises InvalidInput at the first one."""
    for name in names:
        leaf = schema.leaf(name)
        if leaf is not None and leaf.key and "*" not in leaf.key and facts.parameter(verb, path, leaf.key) is None:
            raise resource.invalid(f"spec.{name}", f"PVE {facts.version} has no such setting ({leaf.key})")


def regular(
    name: str,
    plural: str,
    short: tuple[str, ...],
    model: type[BaseModel],
    collection: Collection,
    *,
    ignored: frozenset[str] = frozenset(),
    driver: type[CollectionDriver] = CollectionDriver,
    **more: Any,
) -> Kind:
    """The kind of a regular collection; `driver` knows what is irregular, `more` goes to `Kind`."""
    kind: Kind = Kind(
        name=name,
        plural=plural,
        short=short,
        model=model,
        driver=driver(name, collection, lambda: kind.schema),
        ignored=ignored | {"digest"},
        marked=bool(collection.comment),
        tells_secret=bool(collection.told_once),
        **more,
    )
    return kind
