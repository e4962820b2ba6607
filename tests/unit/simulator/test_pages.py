"""What the documentation says of the simulator is read off the simulator."""

from __future__ import annotations

import pytest
from tools import generate_simulated_api

from proxmox_mpc.simulator import answers
from proxmox_mpc.simulator._routes import routes


def test_the_page_of_the_simulated_api_is_current() -> None:
    """Make it anew with `make pages`."""
    assert generate_simulated_api.PAGE.read_text() == generate_simulated_api.render()


@pytest.mark.parametrize("version", generate_simulated_api.VERSIONS)
def test_every_method_is_simulated(version: str) -> None:
    answers.load()
    table = routes(version)
    derived = [
        f"{verb} {path}"
        for path, verbs in table.paths.items()
        for verb in verbs
        if generate_simulated_api.how(table.method(verb, path)) in ("schema", "refused")
    ]
    assert derived == []
