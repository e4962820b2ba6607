"""Cases of Ansible modules, written down in files: what is there, what a playbook says, what must come of it.

`ansible/MODULE.yml` is one case, `ansible/MODULE.MORE.yml` another. Their keys, all but `steps` optional:

    often       run in `make test`, too, not only in `make soak`
    simulator   options of the simulator that the playbook meets; without them it is the demo cluster
    seed        what is planted in it before (docs/simulator.md, "Seed files")
    steps       what the playbook does, in order

A step is either `change: ARGUMENTS` or `read: ARGUMENTS`. A change has to report `changed`, and not to report it when it
is repeated; a module that knows check mode runs in it first, which must not spoil the change itself. What differs is
said so: `checked` and `repeated` (what these runs report; null: there is no such run). A read never changes anything.

    shows       what the result holds at least; of a list, each given item must be there, and an empty one must be empty
    lacks       what it must not hold, as `shows` would say it
    refused     a pattern that the error's text has to hold; the step fails, and the playbook goes on
    module      another module than the file's; a name with dots is one of another collection
    register    a name that later steps may use, as in any playbook

The arguments may use `{{ folder }}` (an empty directory), `{{ web }}` (the address of a web server that shows it) and
`{{ token }}` and `{{ password }}`, by which the simulator lets root in.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.process import simulator
from tests.conformance.web import showing

CASES = Path(__file__).with_name("ansible")
MODULES = Path(sysconfig.get_path("purelib"), "ansible_collections", "community", "proxmox", "plugins", "modules")


@dataclass(frozen=True)
class Task:
    """One task of the playbook, and what it has to report."""

    module: str
    arguments: Mapping[str, Any]
    changed: bool
    in_check_mode: bool = False
    shows: Any = field(default_factory=dict)
    lacks: Any = None
    refused: str = ""
    register: str = ""

    @property
    def name(self) -> str:
        given = ", ".join(f"{k}={v}" for k, v in self.arguments.items())
        return f"{self.module.rpartition('.')[2]}{' in check mode' if self.in_check_mode else ''}: {given}"

    def written(self) -> dict[str, Any]:
        """The task as a playbook says it."""
        said = {"name": self.name, self.module: dict(self.arguments)}
        if self.in_check_mode:
            said["check_mode"] = True
        if self.refused:
            said["ignore_errors"] = True
        if self.register:
            said["register"] = self.register
        return said

    def faults(self, result: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the result."""
        failed, text = bool(result.get("failed")), str(result.get("msg", result.get("exception", "")))
        if failed != bool(self.refused) or not re.search(self.refused, text):
            yield f"should {'be refused: ' + self.refused if self.refused else 'succeed'}, but says: {text}"
        elif not failed and bool(result.get("changed")) != self.changed:
            yield f"should report changed={self.changed}, but reports {result.get('changed')}: {text}"
        elif not holds(result, self.shows):
            yield f"should show {self.shows}, but shows {json.dumps(dict(result))}"
        elif self.lacks is not None and holds(result, self.lacks):
            yield f"should not show {self.lacks}, but shows {json.dumps(dict(result))}"


@dataclass(frozen=True)
class Case:
    """What a file says."""

    name: str
    often: bool
    simulator: list[str]
    seed: dict[str, Any]
    tasks: list[Task]


def names() -> list[str]:
    """All cases: modules, some with a word after a dot."""
    return sorted(path.stem for path in CASES.glob("*.yml"))


def read(name: str) -> Case:
    """Read a case."""
    text = yaml.safe_load((CASES / f"{name}.yml").read_text())
    unknown = set(text) - {"often", "simulator", "seed", "steps"}
    assert not unknown, f"{name}.yml: {unknown}"
    tasks = [task for step in text["steps"] for task in _tasks(name.partition(".")[0], dict(step))]
    return Case(name, text.get("often", False), text.get("simulator", []), text.get("seed", {}), tasks)


def _tasks(module: str, step: dict[str, Any]) -> Iterator[Task]:
    name = step.pop("module", module)
    changes = "change" in step
    arguments = step.pop("change" if changes else "read")
    checked, repeated = step.pop("checked", True), step.pop("repeated", False)
    task = partial(Task, name if "." in name else f"community.proxmox.{name}", arguments)
    if changes and checked is not None and "." not in name and "refused" not in step and _knows_check_mode(name):
        yield task(checked, in_check_mode=True)
    yield task(changes, **step)
    if changes and repeated is not None and "refused" not in step:
        yield task(repeated)


def _knows_check_mode(module: str) -> bool:
    return re.search(r"supports_check_mode\s*=\s*True", (MODULES / f"{module}.py").read_text()) is not None


def holds(found: Any, wanted: Any) -> bool:
    """Whether all of the wanted is in what was found."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(k in found and holds(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and bool(found) == bool(wanted)
            and all(any(holds(f, w) for f in found) for w in wanted)
        )
    return bool(found == wanted)


def play(case: Case, folder: Path) -> list[str]:
    """Run a case against a simulator of its own; answers what went wrong."""
    (folder / "files").mkdir()
    with simulator(*case.simulator, seed=case.seed) as greeting, showing(folder / "files") as web:
        told = {
            "folder": str(folder / "files"),
            "web": web,
            "token": greeting["token"],
            "password": greeting["password"],
        }
        results = run([task.written() for task in case.tasks], access(greeting), folder, told)
    missing = [f"{task.name}\n    was not reached" for task in case.tasks[len(results) :][:1]]
    return [
        f"{task.name}\n    {fault}"
        for task, result in zip(case.tasks, results, strict=False)
        for fault in task.faults(result)
    ] + missing


def access(greeting: Mapping[str, Any]) -> dict[str, str]:
    """Where the modules of the collection look for the cluster and its token, when a task does not say."""
    user, _, rest = greeting["token"].partition("!")
    name, _, secret = rest.partition("=")
    host, _, port = greeting["url"].removeprefix("https://").partition(":")
    return {
        "PROXMOX_HOST": host,
        "PROXMOX_PORT": port,
        "PROXMOX_USER": user,
        "PROXMOX_TOKEN_ID": name,
        "PROXMOX_TOKEN_SECRET": secret,
        "PROXMOX_URL": greeting["url"],
    }


def environment(folder: Path) -> dict[str, str]:
    """What Ansible's programs need to run alone, quietly, and with this Python."""
    # Where these are set, requests checks certificates although it was told not to.
    inherited = {k: v for k, v in os.environ.items() if k not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    return {
        **inherited,
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_PIPELINING": "True",  # no copies of modules on the way to this same machine
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "PYTHONWARNINGS": "ignore",
    }


def run(
    tasks: list[dict[str, Any]], access: Mapping[str, str], folder: Path, told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Run the tasks as one playbook; answers the results of those that were reached."""
    path = folder / "play.yml"
    path.write_text(
        yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}])
    )
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "--extra-vars", json.dumps(dict(told)), str(path)]
    done = subprocess.run(
        command, env={**environment(folder), **access}, capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return [task["hosts"]["localhost"] for task in json.loads(done.stdout)["plays"][0]["tasks"]]
