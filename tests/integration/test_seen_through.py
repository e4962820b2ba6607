"""What would be worse half done than not at all is seen through: a container that is down while its volume moves."""

from __future__ import annotations

import pytest

from proxmox_mpc.engine.execute import ApplyFailed, Execution
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from tests.lab import Lab, lab

CT = """\
apiVersion: proxmox.io/v1
kind: Container
metadata: { name: cache }
spec:
  node: pve-node1
  ostemplate: local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst
  memory: 128
  rootfs: { storage: STORAGE, size: 1G }
"""


async def running(it: Lab) -> None:
    await it.apply(CT.replace("STORAGE", "local-lvm"))
    where = (await it.live("container", "cache")).identity
    await it.pve.wait(await it.pve.post("/nodes/{node}/lxc/{vmid}/status/start", where))


async def test_a_container_is_up_again_whether_its_volume_could_be_moved_or_not() -> None:
    async with lab() as it:
        await running(it)
        it.sim.faults.fail_task("move_volume", "no space left on device")
        with pytest.raises(ApplyFailed, match="no space left"):
            await it.apply(CT.replace("STORAGE", "local"), allow=Impact.STOP_START)
        assert (await it.live("container", "cache")).facts["status"] == "running"
        await it.apply(CT.replace("STORAGE", "local"), allow=Impact.STOP_START)
        found = await it.live("container", "cache")
        assert (found.facts["status"], found.fields["rootfs.storage"]) == ("running", "local")


async def test_a_wish_to_stop_waits_until_it_is_up_again() -> None:
    async with lab() as it:
        await running(it)
        plan = await it.plan(CT.replace("STORAGE", "local"), allow=Impact.STOP_START)
        heard: list[str] = []

        def tell(progress: object) -> None:
            heard.append(str(progress))
            if "shutdown" in heard[-1]:
                run.stop.ask()

        run = Execution(it.view(), find_kind, plan, it.journal, lambda: "uid", tell)
        await run.run()
        assert run.stop.asked
        assert (await it.live("container", "cache")).facts["status"] == "running"
