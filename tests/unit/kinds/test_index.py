"""The words by which kinds are found are those that the kinds have."""

from __future__ import annotations

import pytest
from tools import generate_coverage, generate_kind_index, generate_kind_pages


def test_the_index_of_kinds_is_current() -> None:
    """Make it anew with `make pages`."""
    assert generate_kind_index.PAGE.read_text() == generate_kind_index.render()


def test_the_page_of_what_can_be_declared_is_current() -> None:
    """Make it anew with `make pages`."""
    assert generate_coverage.PAGE.read_text() == generate_coverage.render()


@pytest.mark.parametrize("version", generate_coverage.VERSIONS)
def test_nearly_everything_can_be_declared_and_the_rest_says_why(version: str) -> None:
    coverage = generate_coverage.Coverage(version)
    assert coverage.reached / coverage.total >= 0.95
    missing = {key: state.missing for key, state in coverage.state.items()}
    assert {f"{key} {name}" for key, names in missing.items() for name, why in names.items() if not why} == set()


def test_the_pages_of_the_kinds_are_current() -> None:
    """Make them anew with `make pages`."""
    assert {
        path.name: path.read_text() for path in generate_kind_pages.FOLDER.glob("*.md")
    } == generate_kind_pages.render()
