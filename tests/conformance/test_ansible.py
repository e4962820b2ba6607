"""Ansible with community.proxmox, as people run it: playbooks over a network, against the simulator.

The cases are files in `ansible/`, named after their modules; `playbooks.py` says how they are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import settings

from tests.conformance import playbooks

SOAKS = settings.get_current_profile_name() == "soak"

Played = dict[str, "Future[list[str]]"]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The cases that were asked for, several at a time, the longest first.

    Most of a playbook's time is Python starting once per task; the rest is sleep, for which there is one worker more.
    """
    asked = {i.callspec.params["case"] for i in request.session.items if "played" in getattr(i, "fixturenames", ())}
    cases = sorted(map(playbooks.read, asked), key=lambda case: -len(case.tasks))
    with ThreadPoolExecutor((os.cpu_count() or 2) + 1) as pool:
        try:
            yield {
                case.name: pool.submit(playbooks.play, case, tmp_path_factory.mktemp(case.name))
                for case in cases
                if SOAKS or case.often
            }
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", playbooks.names())
def test_modules_do_as_they_say(case: str, played: Played) -> None:
    if case not in played:
        pytest.skip("runs in `make soak`: each task of a playbook takes half a second")
    faults = played[case].result()
    assert not faults, "\n".join(faults)


def test_no_module_is_forgotten() -> None:
    bundled = {path.stem for path in playbooks.MODULES.glob("proxmox*.py")}
    assert bundled == {name.partition(".")[0] for name in playbooks.names()}
    assert len(bundled) >= 37
