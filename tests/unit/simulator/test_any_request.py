"""No request, however malformed, makes the simulator stumble: seeded random calls of every method."""

from __future__ import annotations

import random
import re
from typing import Any

import aiohttp
import pytest

from proxmox_mpc.simulator._routes import Routes, routes
from tests.unit.simulator.api import running

# Enough to reach every method about twice, in a second or two.
REQUESTS = 1200

JUNK = ["", "0", "1", "-1", "x", "a,b", "k=v", "99999999999", "ä€", "../..", "name=eth0,ip=x", "local:1", "vm:100", ";"]
KNOWN: dict[str, list[str]] = {
    "node": ["pve-node1"] * 8 + ["nope"],
    "vmid": ["9000"] * 4 + ["100", "12345"],
    "storage": ["local", "local-lvm", "nope"],
    "userid": ["root@pam", "amy@pve"],
    "zone": ["lab", "nope"],
    "vnet": ["lab1", "nope"],
    "type": ["simple", "vlan", "evpn", "dns", "bridge", "bond", "vlan", "local", "vm"],
    "iface": ["vmbr0", "eno1", "bond0", "vlan7", "eno1.5"],
    "snapname": ["current", "before"],
    "schedule": ["daily", "*/15", "nonsense"],
}


def value(dice: random.Random, name: str, facts: Any) -> str:
    if name in KNOWN and dice.random() < 0.8:
        return dice.choice(KNOWN[name])
    if facts.get("enum") and dice.random() < 0.8:
        return str(dice.choice(facts["enum"]))
    if facts.get("type") in ("integer", "number", "boolean") and dice.random() < 0.8:
        return str(facts.get("minimum", dice.choice([0, 1])))
    formats = {"CIDR": "10.0.0.0/24", "ip": "10.0.0.9", "pve-configid": "name1", "mac-addr": "BC:24:11:00:00:01"}
    if isinstance(facts.get("format"), str) and facts["format"] in formats and dice.random() < 0.8:
        return formats[facts["format"]]
    return dice.choice(JUNK)


def request(dice: random.Random, table: Routes) -> tuple[str, str, list[tuple[str, str]]]:
    path = dice.choice(sorted(table._facts))
    verb = dice.choice(sorted(table._facts[path]))
    method = table.method(verb, path)
    facts, in_path = method.parameters.facts, re.findall(r"\{([^}]+)\}", path)
    names = [n for n in method.parameters.indexes if n not in in_path]
    wanted = {n for n in names if not facts(n).get("optional") and dice.random() < 0.95}
    wanted |= set(dice.sample(names, min(len(names), dice.randrange(4))))
    filled = re.sub(r"\{([^}]+)\}", lambda m: value(dice, m[1], facts(m[1])).replace("/", "") or "x", path)
    return verb, filled, [(n, value(dice, n, facts(n))) for n in sorted(wanted)]


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_every_method_answers(version: str) -> None:
    dice, table = random.Random(2026), routes(version)
    timeout = aiohttp.ClientTimeout(total=20)
    async with running(pve_version=version) as api, aiohttp.ClientSession(timeout=timeout) as session:
        root = await api.as_user("root@pam", api.sim.password)
        stumbles, answered = [], 0
        for _ in range(REQUESTS):
            verb, path, fields = request(dice, table)
            where = {"params": fields} if verb in ("GET", "DELETE") else {"data": fields}
            async with session.request(verb, f"{api.sim.url}/api2/json{path}", headers=root.headers, **where) as answer:
                text = await answer.text()
                answered += answer.status == 200
                if "simulator:" in text:
                    stumbles.append(f"{verb} {path} {fields} → {text}")
            # What a request switched off or took away must not silence the rest.
            api.sim.faults.clear()
        assert not stumbles, "\n".join(stumbles[:20])
        assert answered > REQUESTS / 5
