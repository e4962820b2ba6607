"""Reads and writes the objects of one collection: what most kinds have for a driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._difference import Difference
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

from proxmox_mpc.kinds._collection import Collection, Row, Scope
from proxmox_mpc.kinds._parameters import check_parameters, check_required

# Objects of one collection that are read one by one are read so many at a time.
_AT_ONCE = 16


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
            check_required(facts, self._schema(), resource, path)
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
        difference = Difference.of(self._schema(), live, resource, changes)
        if await self._send(
            run, live, difference, with_short(difference.then.get(self.collection.comment, ""), run.mark())
        ):
            return await self._reread(run, resource)
        return live

    async def _send(self, run: Run, live: Live, difference: Difference, comment: str) -> bool:
        """Send what differs, and the comment with its mark; False where nothing does."""
        it = self.collection
        difference = difference.without(it.by_field.values())
        if it.comment:
            difference = difference.with_text(it.comment, str(live.facts.get(it.comment) or ""), comment)
        params = difference.params(clear=it.clear, whole=it.whole, lasting=it.lasting)
        if not params:
            return False
        always = {**it.fixed, **{k: v for k, v in it.demanded.items() if k not in params}}
        params |= {name: value for name, value in always.items() if name in it.whole or "*" in it.whole}
        path = self._at(it.item, live.identity)
        params = self.sent(live, params)
        if live.digest and run.view.pve.facts.parameter("PUT", path, "digest") is not None:
            params["digest"] = live.digest
        await run.call("PUT", path, {**self._bare(live.identity), **params}, title=f"change {live.key.name}")
        return True

    async def release(self, run: Run, live: Live) -> None:
        if live.mark is None:
            return
        as_is = Resource(live.key, self._schema().model.model_construct(), live.fields)
        difference = Difference.of(self._schema(), live, as_is, ())
        async with run.lane(self._lane(live.identity)):
            await self._send(run, live, difference, difference.then.get(self.collection.comment, ""))

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
