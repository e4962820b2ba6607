"""What a guest's manifest leaves open is decided, and what it refers to is checked, before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import DeniedError
from proxmox_mpc.kinds import _guest_bridges, _guest_ha, _guest_place, _guest_safety, _slots
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._guest_ha import STATE
from proxmox_mpc.kinds._guest_rows import fresh_rows, is_meant
from proxmox_mpc.kinds._kind import CONVERTED, NAME, NAMESPACE, REPLACES, Key, Live, Resource
from proxmox_mpc.kinds._mark import Mark
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver
    from proxmox_mpc.pve import Facts, Problem


async def complete(
    guest: GuestDriver, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
) -> Resource:
    source = await _template(guest, view, resource) if live is None else None
    origin = await _source_fields(guest, view, source)
    present = live.fields if live else origin
    fields = _slots.assign(guest.api, guest.schema, resource, present, applied)
    if live is not None and ("template" in fields or "template" in (applied or {})):
        fields = _slots.keep_boot_disk(guest.api, fields, present)
    fields[NAME] = resource.key.name
    fields[NAMESPACE] = resource.key.namespace
    resource = replace(resource, fields=fields)
    if live is None:
        await _check_node(guest, view, resource)
    await _check_storages(guest, view, resource, live)
    _check_sizes(guest, resource, present)
    await _check_mappings(guest, view, resource, live)
    _guest_ha.check(view, resource, live)
    await _guest_bridges.check(guest, view, resource, live)
    await guest.api.check(view, resource, live)
    gone = (applied or {}).keys() - resource.fields.keys()
    _check_mistakes(guest, resource, {path: value for path, value in present.items() if path not in gone}, live)
    if live is not None:
        resource = _guest_ha.where_it_is(resource, live, applied)
        if resource.key in view.planned and "node" not in resource.fields and STATE not in live.facts:
            resource = await _guest_place.at_home(guest, view, resource, live)
        if remark := _guest_safety.remark(live):
            resource = replace(resource, remarks=(*resource.remarks, remark))
        await _check_changes(guest, view, resource, live)
        return resource
    await _check_vmid(guest, view, resource)
    chosen = await _guest_place.place(guest, view, resource, origin, source)
    choices = {"node": chosen.node, "source": source["vmid"] if source else None}
    reasons = {"node": {"text": str(chosen), **asdict(chosen)}} if chosen.why else {}
    resource = replace(resource, choices=choices, reasons=reasons)
    await _check_parameters(guest, view, resource, origin)
    return resource


async def _check_mappings(guest: GuestDriver, view: View, resource: Resource, live: Live | None) -> None:
    """PVE takes a mapping that there is not, and then cannot start the guest; who may use one sees it in the list."""
    for path, value in resource.fields.items():
        key = _guest_place.mapping(guest, path, value)
        if key is None or (live and live.fields.get(path) == value) or key in view.planned:
            continue
        if value not in (known := sorted(row["id"] for row in await _guest_place.mappings(view, key.kind))):
            hint = f"there: {', '.join(known)}" if known else f"declare a {key.kind}"
            raise resource.invalid(f"spec.{path}", f"there is no {key.kind} {value!r}", hint)


async def _check_vmid(guest: GuestDriver, view: View, resource: Resource) -> None:
    wanted, own = resource.fields.get("vmid"), resource.choices.get(REPLACES, {}).get("vmid")
    for row in await view.rows("qemu", "lxc"):
        if wanted is not None and int(row["vmid"]) == wanted != own:
            name = row.get("name", row["id"])
            raise resource.invalid("spec.vmid", f"VMID {wanted} is taken by {name}", "leave it out for a free one")


async def _check_parameters(guest: GuestDriver, view: View, resource: Resource, origin: Fields) -> None:
    """What the API would refuse at creation is refused now, before anything is changed."""
    mark = Mark("", "", resource.key, 100)
    params: dict[str, Any] = guest.encode({**origin, **resource.fields}, resource.secrets, mark)
    params |= {"node": resource.choices["node"], "vmid": 100, **guest.api.create_params(resource)}
    facts = await view.pve.api()
    _refuse(guest, resource, facts, facts.check("POST", f"/nodes/{{node}}/{guest.api.type}", params))


async def _check_changes(guest: GuestDriver, view: View, resource: Resource, live: Live) -> None:
    """The same for what would be sent to change it; what is as it should be may be older than this API."""
    mark = Mark("", "", resource.key, 100)
    if not resource.secrets and next(guest.schema.differences(live.fields, resource.fields), None) is None:
        return  # nothing is sent for a guest that is as declared, and most of a plan's are
    now = guest.encode(live.fields, {}, mark)
    settable = (p for p in resource.secrets if (leaf := guest.schema.leaf(p)) is not None and not leaf.wire.hint)
    then = guest.encode({**live.fields, **resource.fields}, {p: resource.secrets[p] for p in settable}, mark)
    changed = {name: text for name, text in then.items() if now.get(name) != text}
    facts = await view.pve.api()
    _refuse(guest, resource, facts, facts.check("PUT", guest.api.path("/config"), {**live.identity, **changed}))


def _refuse(guest: GuestDriver, resource: Resource, facts: Facts, problems: Sequence[Problem]) -> None:
    for problem in problems:
        field = guest.schema.field_of_problem(problem.name)
        is_lacking = problem.text.startswith("is unknown") and field is not None
        text = f"PVE {facts.version} has no {problem.name}" if is_lacking else problem.text
        raise resource.invalid(f"spec.{field or problem.name}", text, f"as PVE's API describes {problem.name}")


def _check_mistakes(guest: GuestDriver, resource: Resource, present: Fields, live: Live | None) -> None:
    """Contradictions that this manifest brings about; those that the guest has already are nobody's business."""
    if live is not None and all(present.get(path) == value for path, value in resource.fields.items()):
        return
    leaves = guest.schema.leaves.items()
    defaults = {p: value for p, leaf in leaves if (value := leaf.wire.default) is not None and "*" not in p}
    before = set(guest.api.mistakes({**defaults, **present}, True)) if live is not None else set()
    for mistake in guest.api.mistakes({**defaults, **present, **resource.fields}, True):
        if mistake not in before:
            raise resource.invalid(f"spec.{mistake.path}", mistake.message, mistake.hint)


async def _template(guest: GuestDriver, view: View, resource: Resource) -> dict[str, Any] | None:
    wanted = resource.fields.get("template")
    if wanted is None:
        return None
    coming = view.planned.get(Key("Guest", "", str(wanted)))
    if coming is not None and CONVERTED in coming.fields:
        return {"vmid": None, "coming": coming}
    rows = await view.rows(guest.api.type)
    named = [row for row in rows if is_meant(row, str(wanted))]
    templates = [row for row in named if row.get("template")]
    if named and not templates:
        # It may have become one a moment ago.
        templates = [row for row in await fresh_rows(view) if is_meant(row, str(wanted)) and row.get("template")]
    if not templates:
        if named:
            hint = "make it one in PVE: Convert to template"
            raise resource.invalid("spec.template", f"{wanted!r} is a guest, not a template", hint)
        known = sorted(str(row.get("name")) for row in rows if row.get("template"))
        hint = f"templates here: {', '.join(known)}" if known else "this cluster has no template yet"
        raise resource.invalid("spec.template", f"there is no template {wanted!r}", hint)
    node = resource.fields.get("node")
    near = [row for row in templates if row["node"] == node] or templates
    if len(near) > 1:
        ids = ", ".join(f"{row['vmid']} on {row['node']}" for row in near)
        raise resource.invalid("spec.template", f"{wanted!r} could be {ids}", "name it by its VMID")
    return near[0]


async def _source_fields(guest: GuestDriver, view: View, source: Mapping[str, Any] | None) -> Fields:
    if source is None:
        return {}
    if (coming := source.get("coming")) is not None:
        drive = {_slots.CLOUD_INIT: _slots.DEFAULT_SLOT} if "cloudInit.storage" in coming.fields else {}
        return {
            **drive,
            **{path: value for path, value in coming.fields.items() if guest.schema.leaf(path) is not None},
        }
    where = {"node": source["node"], "vmid": source["vmid"]}
    key = f"{guest.api.type}/{source['vmid']}"
    return await guest.decode(view, await view.once(key, lambda: view.pve.get(guest.api.path("/config"), where)))


async def _check_storages(guest: GuestDriver, view: View, resource: Resource, live: Live | None) -> None:
    known = await view.rows("storage")
    planned = {key.name for key in view.planned if key.kind == "Storage"}
    node = live.identity["node"] if live else resource.fields.get("node")
    for path, storage in resource.fields.items():
        if not path.endswith(".storage") or (live and live.fields.get(path) == storage) or storage in planned:
            continue
        if not known:
            raise DeniedError(
                f"{resource.key}: this login sees no storage at all",
                hint="it needs Datastore.Audit and more; proxmox-cli test-connection shows what it has",
            )
        anywhere = {row["storage"] for row in known}
        here = {row["storage"] for row in known if row["node"] == node} if node else anywhere
        if storage not in here:
            where = f" on {node}" if node and storage in anywhere else ""
            hint = f"storages{f' on {node}' if node else ''}: {', '.join(sorted(here))}"
            raise resource.invalid(f"spec.{path}", f"there is no storage {storage!r}{where}", hint)


def _check_sizes(guest: GuestDriver, resource: Resource, present: Fields) -> None:
    for path in resource.fields:
        item, _, name = path.rpartition(".")
        if name != "storage" or item.partition(".")[0] not in guest.api.disk_lists:
            continue
        given = {known.rpartition(".")[2] for known in resource.fields if known.rpartition(".")[0] == item}
        new = f"{item}.volume" not in present and not given & {"size", "volume", "path", "importFrom"}
        if new:
            raise resource.invalid(f"spec.{item}", "a new volume needs a size", "write size: 32G")
    for path, size in resource.fields.items():
        old = present.get(path)
        is_disk = path.partition(".")[0] in guest.api.disk_lists and path.endswith(".size")
        if is_disk and isinstance(size, int) and isinstance(old, int) and size < old:
            shown = guest.schema.show(path, old), guest.schema.show(path, size)
            raise resource.invalid(
                f"spec.{path}",
                f"a disk cannot shrink, and this one has {shown[0]} (the manifest says {shown[1]})",
                f"write size: {shown[0]}, or move the data to a new, smaller disk",
            )


async def _check_node(guest: GuestDriver, view: View, resource: Resource) -> None:
    online, node = await view.nodes(), resource.fields.get("node")
    if node is not None and node not in online:
        raise resource.invalid("spec.node", f"there is no node {node!r} online", f"nodes: {', '.join(online)}")
