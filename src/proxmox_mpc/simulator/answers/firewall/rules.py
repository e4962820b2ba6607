"""Firewall rules, of a scope or of a security group: lists that grow at the front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.firewall import _checks, _scope
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import Rule

_FIELDS = "action type enable macro proto source dest sport dport icmp-type iface log comment".split()
_REQUIRED = frozenset({"action", "type"})


def _show(call: Call, rules: list[Rule], position: int, *, as_text: bool) -> dict[str, Any]:
    rule = rules[position]
    shown: dict[str, Any] = dict(rule)
    shown["enable"] = int(rule.get("enable", "0"))
    # One rule shows its position as text, a list as a number (fw-cluster-rules, 9.1).
    shown["pos"] = str(position) if as_text else position
    shown["digest"] = digest(rules)
    if version := _checks.resolved_version(call, rule):
        shown["ipversion"] = version
    if rule["type"] != "group" and (wrong := _checks.reference_errors(call, rule)):
        shown["errors"] = wrong
    return shown


def _at(call: Call, rules: list[Rule]) -> int:
    position = call.number("pos")
    if position >= len(rules):
        die(f"no rule at position {position}")
    return position


def _given(call: Call) -> Rule:
    return {k: call.text(k) for k in _FIELDS if k in call.params and (call.text(k) or k == "comment")}


def register(collection: list[str], one: list[str], home: Callable[[Call], list[Rule]], in_group: bool) -> None:
    """Answer all calls of one kind of rule list; `home` finds the list."""

    @answers("GET", *collection)
    def listing(call: Call) -> Any:
        rules = home(call)
        return [_show(call, rules, i, as_text=False) for i in range(len(rules))]

    @answers("POST", *collection)
    def create(call: Call) -> None:
        """Always at the front; `pos` and `digest` are ignored (facts, 9.1)."""
        rule = {k: v for k, v in _given(call).items() if v}
        rules = home(call)
        _checks.check(call, rule, in_group)
        rule.setdefault("enable", "0")
        rules.insert(0, rule)

    @answers("GET", *one)
    def read(call: Call) -> Any:
        rules = home(call)
        return _show(call, rules, _at(call, rules), as_text=True)

    @answers("PUT", *one)
    def update(call: Call) -> None:
        rules = home(call)
        _scope.check_digest(call, rules)
        position = _at(call, rules)
        if "moveto" in call.params:
            # The target counts before the rule is taken out, so moving down lands one earlier.
            rule = rules.pop(position)
            target = call.number("moveto")
            rules.insert(target - 1 if target > position else target, rule)
            return
        changed = {**rules[position], **_given(call)}
        for key in call.items("delete"):
            if key not in _FIELDS:
                refuse(delete=f"no such property ('{key}')")
            if key in _REQUIRED:
                refuse(delete=f"unable to delete required property '{key}'")
            if key != "enable":
                changed.pop(key, None)
        changed = {k: v for k, v in changed.items() if v}
        _checks.check(call, changed, in_group)
        rules[position] = changed

    @answers("DELETE", *one)
    def delete(call: Call) -> None:
        rules = home(call)
        _scope.check_digest(call, rules)
        if not rules and not in_group:
            # The section is gone with its last rule, and Perl stumbles over that (fw-cluster-rules, 9.1).
            where = "/usr/share/perl5/PVE/API2/Firewall/Rules.pm line 462"
            die(f"Can't use an undefined value as an ARRAY reference at {where}.")
        del rules[_at(call, rules)]


def _of_group(call: Call) -> list[Rule]:
    groups, name = _scope.of_cluster(call).groups, call.text("group")
    if name not in groups:
        die(f"no such security group '{name}'")
    return groups[name].rules


_GROUP = _scope.CLUSTER + "/groups/{group}"
register(
    [*_scope.paths("/rules"), _scope.VNET + "/rules"],
    [*_scope.paths("/rules/{pos}"), _scope.VNET + "/rules/{pos}"],
    lambda call: _scope.find(call).rules,
    False,
)
register([_GROUP], [_GROUP + "/{pos}"], _of_group, True)
