"""One list of firewall rules made of another, step by step, each from where the rules are known to stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._reach import REST, Write
from proxmox_mpc.kinds._rule_lines import line, rule_of
from proxmox_mpc.kinds._run import Run


def rule_writes(path: str) -> list[Write]:
    """The methods that configure a list of rules at this path."""
    sets = {"comment": "rules", REST: "rules"}
    return [Write(verb, f"{path}{tail}", sets) for verb, tail in (("POST", ""), ("PUT", "/{pos}"))]


class RulesMoved(RefusedError):
    """Somebody else changed the rules meanwhile."""

    code = "firewall.rules-moved"


async def order_rules(
    run: Run, path: str, variables: Mapping[str, Any], before: Sequence[str], after: Sequence[str]
) -> None:
    """Make one list of rules of another: what goes first, then what comes, each switched on only in its place.

    A rule is always inserted at the top (POST …/rules, 9.1): it is made switched off, moved, and switched on. Rules are
    known by their position alone, so before each step the list is read again: it must be what the steps so far made of
    it, and its digest goes along. Raises RulesMoved.
    """
    now = list(before)

    async def at(verb: str, position: int, title: str, **params: Any) -> None:
        rows = await run.view.pve.get(path, variables)
        if [line(row) for row in rows] != now:
            hint = "look at the plan of now, and apply again"
            raise RulesMoved("the rules were changed by somebody else meanwhile; no more was done", hint=hint)
        asked = {**variables, "pos": position, "digest": rows[0]["digest"], **params}
        await run.call(verb, f"{path}/{{pos}}", asked, title=title)

    for position in reversed(range(len(now))):
        rule = now[position]
        if now.count(rule) > after.count(rule):
            await at("DELETE", position, f"remove rule {rule}")
            now.pop(position)
    for position, wanted in enumerate(after):
        if now[position : position + 1] == [wanted]:
            continue
        if wanted in now[position:]:
            found = now.index(wanted, position)
            await at("PUT", found, f"move rule {wanted}", moveto=position)
            now.insert(position, now.pop(found))
            continue
        rule_on, rule_off = rule_of(wanted), {**rule_of(wanted), "enable": "0"}
        await run.call("POST", path, {**variables, **(rule_off if position else rule_on)}, title=f"add rule {wanted}")
        if not position:
            now.insert(0, wanted)
            continue
        now.insert(0, line(rule_off))
        # The target counts before the rule is taken out (fw-cluster-rules, 9.1).
        await at("PUT", 0, f"move rule {wanted}", moveto=position + 1)
        now.insert(position, now.pop(0))
        if rule_on["enable"] != "0":
            await at("PUT", position, f"switch on rule {wanted}", enable=1)
        now[position] = wanted
