"""What a rehearsal adds to a plan and an apply: made-up secrets, a bad day, and the time when each step would begin."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random

from proxmox_mpc.actions._planning import ManifestText
from proxmox_mpc.actions._secrets import find_secret
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine import manifests, references
from proxmox_mpc.engine.execute import STEPS_AT_ONCE
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.lanes import LIMITS
from proxmox_mpc.engine.plan import Action, Plan
from proxmox_mpc.kinds._kind import Key

TASKS = ("qmcreate", "vzcreate", "qmclone", "qmconfig", "qmstart", "vzstart", "resize", "qmigrate", "imgdel")
"""Tasks that a random bad day lets fail."""


async def make_up_secrets(live: Session, twin: Session, texts: Sequence[ManifestText]) -> None:
    """Give the twin a made-up value for each secret that manifests name; it counts as the real one when compared.

    So nothing that a secret protects leaves the store, and a secret that is unchanged is no change.
    """
    found = manifests.documents([manifests.Text(text.name, text.content) for text in texts])
    store, rehearsed, context = await live.store(), await twin.store(), await live.context()
    real: dict[str, str] = {}
    for name in sorted(references.names(document.value for document in found)):
        if (key := find_secret(name)) is not None:
            made_up = f"rehearsal-of-{name}"
            await rehearsed.kept_secrets.put(context.name, *key, made_up)
            if (secret := await store.kept_secrets.get(context.name, *key)) is not None:
                real[made_up] = live.fingerprint(secret)
    twin.fingerprint = lambda secret: real.get(secret) or live.fingerprint(secret)


def telling(live: Session, context: str) -> Callable[[Progress], None]:
    """Where progress on a twin goes: nobody shall take for done on the cluster what is done there."""
    whole = Key("Rehearsal", "", context)
    live.report(Progress(whole, "started", action=Action.UPDATE, verb="rehearse"))

    def report(progress: Progress) -> None:
        live.report(Progress(whole, "log", f"{progress.key}: {progress.text or progress.what}", Action.UPDATE))

    return report


def bad_day(seed: int, plan: Plan, nodes: Sequence[str], storages: Sequence[str]) -> list[str]:
    """One to three faults, as they are written for `--fault`; the same for the same seed, plan and cluster."""
    dice = Random(seed)  # noqa: S311 dice, not secrets
    vmids = [int(step.live.identity["vmid"]) for step in plan.work if step.live and "vmid" in step.live.identity]
    makers: list[Callable[[], str]] = [
        lambda: f"fail_task type={dice.choice(TASKS)} error='a failure of seed {seed}'",
        lambda: f"drop method={dice.choice(('POST', 'PUT'))} done=1 times={dice.randint(1, 3)}",
        lambda: f"answer status=596 reason='Connection timed out' method=PUT times={dice.randint(1, 3)}",
        lambda: f"flaky probability=0.05 seed={seed}",
        lambda: "quorum_lost",
    ]
    makers += [lambda: f"node_down name={dice.choice(nodes)}"] if len(nodes) > 2 else []  # one of two costs the quorum
    makers += [lambda: f"storage_full name={dice.choice(storages)}"] if storages else []
    makers += [lambda: f"lock_guest vmid={dice.choice(vmids)} lock=backup"] if vmids else []
    return [make() for make in dice.sample(makers, dice.randint(1, 3))]


def starts(plan: Plan, seconds: Mapping[Key, float], lanes: Mapping[Key, Collection[str]]) -> dict[Key, float]:
    """When each step would begin, in seconds, if each takes so long, in the order in which they begin.

    A step begins once what it needs is done, and there is a place: among all steps, and in each of its lanes.
    """
    left = {step.key: set(step.needs) for step in plan.steps}
    left = {key: needs & left.keys() for key, needs in left.items()}
    order = {step.key: number for number, step in enumerate(plan.steps)}
    begun: dict[Key, float] = {}
    working: list[tuple[float, int, Key]] = []
    held: Counter[str] = Counter()
    now = 0.0
    while left or working:
        for key in sorted((key for key, needs in left.items() if not needs), key=order.__getitem__):
            mine = lanes.get(key, ())
            if len(working) < STEPS_AT_ONCE and all(held[lane] < LIMITS[lane.partition(":")[0]] for lane in mine):
                begun[key] = now
                held.update(mine)
                heapq.heappush(working, (now + seconds.get(key, 0.0), order[key], key))
                del left[key]
        if not working:
            break  # circles were refused by the plan
        now, _, done = heapq.heappop(working)
        held.subtract(lanes.get(done, ()))
        for needs in left.values():
            needs.discard(done)
    return begun
