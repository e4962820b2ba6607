"""What a job may still do once its worker died: the rest of what was agreed to, and nothing else."""

from __future__ import annotations

import pytest

from proxmox_mpc.actions._continuing import Overtaken, must_be_within
from proxmox_mpc.actions._views import PlanView, StepView


def plan(*steps: tuple[str, str, str]) -> PlanView:
    """A plan of steps: what is done to which name, at what impact."""
    made = [
        StepView(kind="VirtualMachine", namespace="default", name=name, action=action, impact=impact)
        for action, name, impact in steps
    ]
    return PlanView(context="lab", application="tier", hash="x", empty=not made, steps=made)


AGREED = plan(
    ("create", "web", "none"),
    ("replace", "db", "data loss"),
    ("update", "cache", "restart"),
    ("delete", "old", "data loss"),
    ("adopt", "found", "hot-plug"),
)


@pytest.mark.parametrize(
    "rest",
    [
        (),
        ("create", "web", "none"),
        ("update", "web", "migrate"),  # made, and not yet where it belongs
        ("create", "db", "none"),  # the old one is gone
        ("update", "db", "stop-start"),
        ("replace", "db", "data loss"),
        ("update", "cache", "hot-plug"),
        ("delete", "old", "data loss"),
        ("forget", "old", "none"),
        ("update", "found", "hot-plug"),
    ],
)
def test_the_rest_goes_on(rest: tuple[str, str, str]) -> None:
    must_be_within(AGREED, plan(rest) if rest else plan())


@pytest.mark.parametrize(
    "rest",
    [
        ("create", "another", "none"),
        ("delete", "web", "data loss"),
        ("replace", "web", "data loss"),
        ("replace", "cache", "data loss"),
        ("update", "cache", "stop-start"),
        ("create", "cache", "none"),
        ("delete", "found", "data loss"),
        ("update", "found", "restart"),
    ],
)
def test_what_nobody_agreed_to_is_refused(rest: tuple[str, str, str]) -> None:
    action, name, _ = rest
    with pytest.raises(Overtaken, match=f"now it would {action} VirtualMachine {name}"):
        must_be_within(AGREED, plan(("update", "cache", "restart"), rest))
