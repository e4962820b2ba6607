"""What the API answers, one file per area; the folders follow the API's paths.

Files with an underscore serve the others in their folder. Everything else registers answers by `@answers`.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil


@functools.cache
def load() -> None:
    """Import every file of this package, so that all answers are registered."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
