"""The house's own rules, as far as a machine can see them."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from proxmox_mpc import actions
from proxmox_mpc.actions._action import Action
from proxmox_mpc.interfaces import cli
from proxmox_mpc.interfaces.cli._app import SECTIONS, root

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "core", "base", "misc"}
LONGEST = 430
"""Lines; above about 300 a file is looked at, above this it is taken apart."""


def plain(package: object) -> list[str]:
    return sorted(m.name for m in iter_modules(package.__path__) if not m.name.startswith("_"))  # type: ignore[attr-defined]


def test_no_drawers() -> None:
    names = {part.removeprefix("_").removesuffix(".py") for file in SOURCES for part in file.relative_to(ROOT).parts}
    assert not names & FORBIDDEN


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_every_file_says_what_it_is_and_holds_one_idea(file: Path) -> None:
    text = file.read_text()
    assert text == "" or text.lstrip().startswith('"""'), "a file begins with what it is"
    assert text.count("\n") <= LONGEST


def test_every_verb_is_shown_in_the_help_and_documented() -> None:
    verbs = {name.replace("_", "-") for name in plain(cli)}
    assert verbs == {verb for section in SECTIONS.values() for verb in section}
    documented = (ROOT / "docs" / "cli.md").read_text()
    for verb in verbs:
        assert f"`{verb}" in documented, verb
        command = root.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        assert command.get_short_help_str()


@pytest.mark.parametrize("name", plain(actions))
def test_every_action_is_one_file_of_its_name(name: str) -> None:
    action = getattr(import_module(f"proxmox_mpc.actions.{name}"), name)
    assert isinstance(action, Action)
    assert action.name == name
    assert re.fullmatch(r"(GET|POST|PUT|DELETE) /[\w/{}-]+", action.route)
    assert re.fullmatch(r"\w+:(read|write|reveal)", action.permission)
    assert action.summary.endswith(".")
    for field, info in action.request.model_fields.items():
        assert info.description, f"{name}.{field} needs a description: it becomes the help of every face"


def test_routes_are_unique() -> None:
    routes = [getattr(import_module(f"proxmox_mpc.actions.{name}"), name).route for name in plain(actions)]
    assert len(routes) == len(set(routes))


def test_nothing_of_a_machine_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of files to look at")
    for name in listed.stdout.split("\n"):
        file = ROOT / name
        if not name or not file.is_file() or file.suffix in (".png", ".gz"):
            continue
        text = file.read_text(errors="replace")
        assert f"{ROOT}/" not in text, name
        if name.endswith(".lock"):
            assert "index-url" not in text
            assert "://" not in text
