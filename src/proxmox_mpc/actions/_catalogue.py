"""All actions there are: each is a file here, called like the action in it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from proxmox_mpc import actions
from proxmox_mpc.actions._action import Action
from proxmox_mpc.errors import NotFoundError


def all_actions() -> list[Action[Any, Any]]:
    """Every action, by name."""
    plain = (module.name for module in iter_modules(actions.__path__) if not module.name.startswith("_"))
    return [find_action(name) for name in sorted(plain)]


def find_action(name: str) -> Action[Any, Any]:
    """The action of a name, as its file is called; hyphens are as good as underscores. Raises NotFoundError."""
    module = name.replace("-", "_")
    if not module.isidentifier() or module.startswith("_") or find_spec(f"{actions.__name__}.{module}") is None:
        raise NotFoundError(f"there is no action {name!r}", hint="an action is called like its verb: wait, guest-exec")
    found: Action[Any, Any] = getattr(import_module(f"{actions.__name__}.{module}"), module)
    return found
