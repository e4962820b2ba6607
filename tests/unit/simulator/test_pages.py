"""What the documentation says of the simulator is read off the simulator."""

from __future__ import annotations

from tools import generate_simulated_api


def test_the_page_of_the_simulated_api_is_current() -> None:
    """Make it anew with `make pages`."""
    assert generate_simulated_api.PAGE.read_text() == generate_simulated_api.render()
