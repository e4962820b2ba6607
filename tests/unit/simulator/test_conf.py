"""Configuration files are read as PVE reads them, and come back the same."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.simulator.state import conf
from proxmox_mpc.simulator.state.conf import Conf

_KEYS = st.from_regex(r"[a-z][a-z_]{0,8}[0-9]{0,2}", fullmatch=True).filter(lambda k: k != "description")
_VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
_LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
_DESCRIPTIONS = st.lists(_LINES, min_size=1).map("\n".join).map(str.rstrip).filter(bool)


@st.composite
def _sections(draw: st.DrawFn) -> dict[str, str]:
    section = draw(st.dictionaries(_KEYS, _VALUES, max_size=6))
    if draw(st.booleans()):
        section["description"] = draw(_DESCRIPTIONS)
    return section


@given(_sections(), st.dictionaries(_KEYS, _VALUES, max_size=3), st.dictionaries(_KEYS, _sections(), max_size=3))
def test_what_is_written_is_read_back(
    live: dict[str, str], pending: dict[str, str], snapshots: dict[str, dict[str, str]]
) -> None:
    snapshots = {k: v for k, v in snapshots.items() if k != "pending"}
    written = conf.write(Conf(live, pending, snapshots))
    found = conf.read(written)
    assert (found.live, found.pending, found.snapshots) == (live, pending, snapshots)


def test_sections_and_the_encoded_description() -> None:
    found = conf.read(
        "#first line\n#100%25 %C3%BC\ncores: 2\nboot: \n\n[PENDING]\ncores: 4\n\n[special:cloudinit]\nname: x\n\n"
        "[snap1]\n#before\nmemory: 512\nsnaptime: 7\n"
    )
    assert found.live == {"description": "first line\n100% ü", "cores": "2", "boot": " "}
    assert found.pending == {"cores": "4"}
    assert found.specials == {"special:cloudinit": {"name": "x"}}
    assert found.snapshots == {"snap1": {"description": "before", "memory": "512", "snaptime": "7"}}


def test_real_files_come_back_the_same(ground_truth: Path) -> None:
    files = sorted((ground_truth / "configs" / "qemu").glob("*.conf"))
    assert len(files) > 100
    for file in files:
        found = conf.read(file.read_text())
        assert conf.read(conf.write(found)) == found, file.name
