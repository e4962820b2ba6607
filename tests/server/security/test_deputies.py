"""What somebody leaves behind for others to set off: hooks of a chart."""

from __future__ import annotations

from tests.server.security.world import World, archive

TRAP = """\
apiVersion: proxmox.io/v1
kind: Job
metadata:
  name: trap
  annotations: { proxmox.io/hook: "test,pre-delete" }
spec:
  steps: [{ action: tag, with: { guests: ["7200"], add: ["trapped"] } }]
"""
CHART = {"Chart.yaml": "apiVersion: proxmox.io/v1\nname: trap\nversion: 1.0.0\n", "templates/job.yaml": TRAP}


def test_a_chart_does_nothing_by_an_admins_hands_that_its_author_could_not(world: World) -> None:
    before = world.theirs()
    given = {"chart": archive(CHART, "trap"), "name": "alpha-trap", "namespace": "team-a"}
    shown = world.ok("install", world.amy, **given)
    world.ok("install", world.amy, **given, agreed=shown["plan"]["hash"])
    tested = world.ok("release_test", name="alpha-trap")
    assert not tested["passed"]
    shown = world.ok("uninstall", name="alpha-trap")
    refused = world.ask("uninstall", world.admin, name="alpha-trap", agreed=shown["plan"]["hash"])
    assert refused.json["code"] == "release.hook-failed", refused.text
    assert world.theirs() == before
    world.ok("uninstall", name="alpha-trap", hooks=False, agreed=shown["plan"]["hash"])
