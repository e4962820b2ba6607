"""No request, however malformed, makes the simulator stumble, hang, or answer what the schema forbids.

Seeded random calls of every method, on a cluster with something of everything.
"""

from __future__ import annotations

import asyncio
import functools
import json
import random
import re
from typing import Any

import aiohttp
import pytest
from hypothesis import settings

from proxmox_mpc.pve import Cluster, PveError, SystemTrust, Target, Token
from proxmox_mpc.simulator import Simulator
from proxmox_mpc.simulator._routes import Routes, routes
from tests.conformance import returns
from tests.rich import RICH, reads
from tests.unit.simulator.api import Api, running

# Enough to reach every method about twice in a second or two; ten thousand in the long run.
REQUESTS = 10_000 if settings.get_current_profile_name() == "soak" else 1200
# The slowest answer waits for a lock; whatever takes longer hangs.
TIMEOUT_S = 20
# Tasks that wait for somebody to look: ten seconds, on any time scale.
WAITING = {"vncproxy", "vncshell", "spiceproxy", "spiceshell", "termproxy", "qmtunnel", "vzmtunnel"}

JUNK = ["", "0", "1", "-1", "x", "a,b", "k=v", "99999999999", "ä€", "../..", "name=eth0,ip=x", "local:1", "vm:100", ";"]
# Rarer: numbers that no machine holds or that only look like some, and text that would break a file apart.
JUNK += [
    "9" * 400,
    "9" * 5000,
    "-" + "9" * 30,
    "1e400",
    "NaN",
    "\u0663",
    "\u00b2",
    "a\nargs: x",
    "[one]\nmemory: x",
    "a\0b",
    "%s%n",
]
KNOWN: dict[str, list[str]] = {
    "node": ["pve-node1"] * 4 + ["pve-node2"] * 2 + ["pve-node3"] * 2 + ["nope"],
    "vmid": ["9000", "150", "150", "151", "151", "12345"],
    "newid": ["500", "501", "150"],
    "storage": ["local", "local-lvm", "shared-nfs", "nope"],
    "userid": ["root@pam", "amy@pve", "new@pve"],
    "tokenid": ["ci", "other"],
    "groupid": ["ops", "others"],
    "roleid": ["Watcher", "PVEAdmin", "Other"],
    "realm": ["pam", "corp", "sso", "nope"],
    "poolid": ["prod", "prod/web", "nope"],
    "sid": ["vm:150", "ct:151", "vm:9000"],
    "rule": ["apart", "here", "nope"],
    "id": ["nightly", "152-0", "share", "dongle", "flux", "dns1", "sync1", "nope"],
    "name": ["phone", "post", "all", "admins", "Gate", "own", "nope"],
    "group": ["web", "nope"],
    "zone": ["lab", "gone", "nope"],
    "vnet": ["v1", "v2", "nope"],
    "subnet": ["lab-10.9.0.0-24", "10.7.0.0/24"],
    "type": ["simple", "vlan", "evpn", "dns", "bridge", "bond", "vlan", "local", "vm", "in", "group"],
    "iface": ["vmbr0", "eno1", "bond0", "vlan7", "eno1.5"],
    "snapname": ["one", "two", "three", "current"],
    "schedule": ["daily", "*/15", "nonsense"],
    "disk": ["scsi0", "rootfs", "ide9"],
    "size": ["+1G", "10G", "x"],
    "volume": ["local:iso/no.iso", "local-lvm:vm-150-disk-0", "shared-nfs:backup/vzdump-qemu-101-2026_01_02-03_04_05.vma.zst"],
    "ostemplate": ["local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"],
    "target": ["pve-node1", "pve-node3"],
    "content": ["iso", "images", "backup"],
    "command": ["ping", "info quit", "start"],
}  # fmt: skip
FORMATS = {
    "CIDR": "10.0.0.0/24", "ip": "10.0.0.9", "pve-configid": "name1", "mac-addr": "BC:24:11:00:00:01", "disk-size": "1G",
    "pve-node": "pve-node1", "pve-storage-id": "local", "pve-vmid": "150", "address": "192.0.2.9", "ipv4": "10.0.0.7",
}  # fmt: skip
# What a body can be that is none.
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'{"a":null}',
    b"=&=&;;",
    b"\xff\xfe",
    b"a" * 600_000,
    b"--x\r\n\r\nno\r\n--x--",
    b"%zz=%",
]
TYPES = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "a/b; c",
]


# What a value can be in JSON besides text; each stands as it is.
JSON_VALUES = [
    '"\\ud800"', '"x\\udc00\\ud83d"', '"\\u0000"', "9" * 5000, "1e999", "-0", "NaN", "-Infinity", "true", "null", "[]", "{}",
    "[" * 500 + "]" * 500, "[" * 100_000, '{"a":' * 200 + "1" + "}" * 200, '[["\\ud800"],{"\\ud800":1}]',
]  # fmt: skip
# Nobody is let in by these.
CREDENTIALS: list[dict[str, str]] = [
    {},
    {"Cookie": "PVEAuthCookie="},
    {"Cookie": "PVEAuthCookie=PVE:root@pam:FFFFFFFFFFFFFFFFFFFF::x"},
    {"Cookie": "PVEAuthCookie=PVE:root@pam:-1::%ff%00; ; =; PVEAuthCookie"},
    {"Cookie": "PVEAuthCookie=PVE:root@pam:٣٣::" + "A" * 4000},
    {"Cookie": "PVEAuthCookie=PVE:\udcff:00000000::é"},
    {"Cookie": "PVEAuthCookie=PVE!tfa!%7B%5B:00000000::x"},
    {"Authorization": "PVEAPIToken"},
    {"Authorization": "PVEAPIToken=root@pam!é=é"},
    {"Authorization": "PVEAPIToken=root@pam!!==\udcff"},
    {"Authorization": "PVEAPIToken " + "=" * 4000},
    {"Authorization": "Basic é"},
]
CSRF = ["", ":", "00000000:é", "FFFFFFFFFFFFFFFFFFFF:x", "\udcff:\udcff", "٣:x", "x" * 4000]


def value(dice: random.Random, name: str, facts: Any) -> str:
    if name in KNOWN and dice.random() < 0.8:
        return dice.choice(KNOWN[name])
    if facts.get("enum") and dice.random() < 0.8:
        return str(dice.choice(facts["enum"]))
    if facts.get("type") in ("integer", "number", "boolean") and dice.random() < 0.8:
        return str(facts.get("minimum", dice.choice([0, 1])))
    if isinstance(facts.get("format"), str) and facts["format"] in FORMATS and dice.random() < 0.8:
        return FORMATS[facts["format"]]
    return dice.choice(JUNK)


@functools.cache
def methods(table: Routes) -> list[tuple[str, list[str]]]:
    return sorted((path, sorted(verbs)) for path, verbs in table.paths.items())


def request(dice: random.Random, table: Routes) -> tuple[str, str, str, list[tuple[str, str]]]:
    """A verb, the path's template, the path and parameters."""
    path, verbs = dice.choice(methods(table))
    verb = dice.choice(verbs)
    method = table.method(verb, path)
    facts, in_path = method.parameters.facts, re.findall(r"\{([^}]+)\}", path)
    names = [n for n in method.parameters.indexes if n not in in_path]
    wanted = {n for n in names if not facts(n).get("optional") and dice.random() < 0.95}
    wanted |= set(dice.sample(names, min(len(names), dice.randrange(4))))
    filled = re.sub(r"\{([^}]+)\}", lambda m: value(dice, m[1], facts(m[1])).replace("/", "") or "x", path)
    return verb, path, filled, [(n, value(dice, n, facts(n))) for n in sorted(wanted)]


def sent(dice: random.Random, verb: str, fields: list[tuple[str, str]]) -> dict[str, Any]:
    """The parameters as a client sends them: mostly as they should be, now and then as JSON, now and then as nonsense."""
    roll = dice.random()
    if roll < 0.05:
        return {"data": dice.choice(BODIES), "headers": {"Content-Type": dice.choice(TYPES)}}
    if roll < 0.15 and verb in ("POST", "PUT"):
        members = {json.dumps(name): json.dumps(text) for name, text in fields}
        if members and dice.random() < 0.5:
            members[dice.choice(list(members))] = dice.choice(JSON_VALUES)
        body = ",".join(f"{name}:{text}" for name, text in members.items())
        return {"data": f"{{{body}}}".encode(), "headers": {"Content-Type": "application/json"}}
    return {"params": fields} if verb in ("GET", "DELETE") else {"data": fields}


def credentials(dice: random.Random, right: dict[str, str]) -> tuple[dict[str, str], bool]:
    """Mostly the right ones; now and then odd ones, and whether these might be let in all the same."""
    roll = dice.random()
    if roll < 0.05:
        return dice.choice(CREDENTIALS), False
    return ({**right, "CSRFPreventionToken": dice.choice(CSRF)} if roll < 0.08 else right), True


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_every_method_answers(version: str) -> None:
    dice, table = random.Random(2026), routes(version)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with running(pve_version=version, seed=seed_for(version), guests=4) as api:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            root = await api.as_root()
            found = await storm(root, session, dice, table, version)
        found += await unreadable(root, version)
        tasks = [f"{t.upid} → {t.status}" for t in api.sim.cluster.tasks.values() if "simulator:" in (t.status or "")]
    assert not [*found, *tasks], "\n".join([*found, *tasks][:20])


async def storm(
    root: Api, session: aiohttp.ClientSession, dice: random.Random, table: Routes, version: str
) -> list[str]:
    """Send them all; answers what was wrong."""
    sim, wrong, answered = root.sim, list[str](), 0
    for number in range(REQUESTS):
        verb, template, path, fields = request(dice, table)
        how = sent(dice, verb, fields)
        asked = f"{number}: {verb} {path} {fields} {how}"[:1000]
        headers, may_pass = credentials(dice, root.headers)
        how["headers"] = {**headers, **how.get("headers", {})}
        try:
            async with session.request(verb, f"{sim.url}/api2/json{path}", **how) as answer:
                text = await answer.text()
        except (TimeoutError, aiohttp.ClientError) as error:
            wrong.append(f"{asked} → {error!r}")
            continue
        if "simulator:" in text or "Traceback" in text:
            wrong.append(f"{asked} → {text}")
        if answer.status == 200 and not may_pass and not table.method(verb, template).is_open:
            wrong.append(f"{asked} → let in")
        if answer.status == 200 and answer.content_type == "application/json" and "params" in how:
            answered += 1
            wrong += [f"{asked} → {said}" for said in forbidden(version, verb, template, json.loads(text)["data"])]
        # What a request switched off or took away must not silence the rest.
        sim.faults.clear()
        for node in sim.cluster.nodes:
            sim.faults.node_up(node)
        sim.cluster.access.users["root@pam"].enable = True
    assert answered > REQUESTS / 10
    running = sim.cluster.running
    if work := [task for upid, task in running.items() if upid.split(":")[5] not in WAITING]:
        await asyncio.wait(work, timeout=TIMEOUT_S)
    return [*wrong, *(f"{upid} does not end" for upid in running if upid.split(":")[5] not in WAITING)]


async def unreadable(root: Api, version: str) -> list[str]:
    """What can no longer be read, or has a shape that the schema forbids, after all that was done to the cluster."""
    # Its own token may be gone.
    made = await root.do("POST", "/access/users/root@pam/token/reader", privsep=0)
    wrong, token = [], Token(made["full-tokenid"], made["value"])
    async with Cluster(Target((root.sim.url,), token, SystemTrust())) as pve:
        async for path, names, data in reads(pve):
            if not isinstance(data, PveError):
                wrong += [f"{path} {names}: {text}" for text in forbidden(version, "GET", path, data)]
            elif "simulator:" in str(data):
                wrong.append(f"{path} {names}: {data}")
    return wrong


def forbidden(version: str, verb: str, template: str, data: Any) -> list[str]:
    said = returns.complaints(version, verb, template, data)
    return [text for text in said if (verb, template, text) not in returns.excused()]


def seed_for(version: str) -> dict[str, Any]:
    if version == "9.1":
        return RICH
    newer = ("/cluster/ha/rules", "/cluster/sdn/fabrics")
    return {**RICH, "requests": [r for r in RICH["requests"] if not r["path"].startswith(newer)]}


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_everything_that_can_be_read_has_the_shape_that_the_schema_promises(version: str) -> None:
    async with Simulator(tls=False, seed=seed_for(version), guests=6, pve_version=version) as sim:
        assert sim.refused == []
        token_id, _, secret = sim.token.partition("=")
        wrong, read = [], 0
        async with Cluster(Target((sim.url,), Token(token_id, secret), SystemTrust())) as pve:
            async for path, names, data in reads(pve):
                if not isinstance(data, PveError):
                    read += 1
                    wrong += [f"{path} {names}: {text}" for text in forbidden(version, "GET", path, data)]
    assert read > 400
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Cookie": "PVEAuthCookie=PVE:root@pam:00000000::%C3%A9"}, "Authentication failed!"),
        ({"Cookie": "PVEAuthCookie=PVE:\udcff:00000000::x"}, "Authentication failed!"),
        ({"Authorization": "PVEAPIToken=root@pam!proxmox-mpc=é"}, "Authentication failed!"),
        ({"CSRFPreventionToken": "00000000:é"}, "Permission denied - invalid csrf token"),
    ],
)
async def test_credentials_that_are_no_ascii_are_wrong_ones(api: Api, headers: dict[str, str], reason: str) -> None:
    ticket = (await api.as_root()).headers if "CSRFPreventionToken" in headers else {}
    answer = await Api(api.sim, api.session, {**ticket, **headers}).call("POST", "/pools", poolid="p")
    assert (answer.status, answer.reason) == (401, reason)


@pytest.mark.parametrize(
    "body",
    [
        b'{"poolid":"p","comment":"half a pair: \\ud800"}',
        b'{"poolid":"p","comment":' + b"[" * 100_000,
        b'{"poolid":"p","comment":' + b"9" * 5000 + b"}",
    ],
)
async def test_json_that_nobody_means_poisons_nothing(api: Api, body: bytes) -> None:
    headers = {**api.headers, "Content-Type": "application/json"}
    async with api.session.post(f"{api.sim.url}/api2/json/pools", data=body, headers=headers) as answer:
        assert "simulator:" not in await answer.text()
    assert {row["poolid"] for row in await api.get("/pools")} <= {"p"}


@pytest.mark.parametrize("nested", ['{"a":' * 101 + "1" + "}" * 101, "[" * 500 + "]" * 500])
async def test_json_nested_too_deeply_is_refused(api: Api, nested: str) -> None:
    headers = {**api.headers, "Content-Type": "application/json"}
    body = f'{{"poolid":"p","comment":{nested}}}'
    async with api.session.post(f"{api.sim.url}/api2/json/pools", data=body, headers=headers) as answer:
        assert (answer.status, "maximum nesting level" in await answer.text()) == (500, True)


async def test_what_is_sent_back_in_an_error_is_not_longer_than_clients_read(api: Api) -> None:
    answer = await api.call("GET", f"/nodes/{'9' * 5000}/status")
    assert answer.reason.startswith("hostname lookup '999")
    assert len(answer.body["message"]) > 5000


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2"])
async def test_rules_have_no_such_ports_and_protocols(api: Api, number: str) -> None:
    rule = {"type": "in", "action": "ACCEPT", "proto": number, "dport": number}
    refused = (await api.call("POST", "/cluster/firewall/rules", **rule)).errors
    assert set(refused) == {"proto", "dport"}
    assert await api.get("/cluster/firewall/rules") == []


@pytest.mark.parametrize("moment", ["-9", "9" * 30])
async def test_schedules_begin_at_a_moment_that_calendars_know(api: Api, moment: str) -> None:
    asked = await api.call("GET", "/cluster/jobs/schedule-analyze", schedule="daily", starttime=moment)
    assert "starttime" in asked.errors


async def test_numbers_longer_than_python_reads_are_refused(api: Api) -> None:
    for parameter in ("memory", "cores"):
        refused = await api.call("POST", "/nodes/pve-node1/qemu", vmid=100, **{parameter: "9" * 5000})
        assert parameter in refused.errors
