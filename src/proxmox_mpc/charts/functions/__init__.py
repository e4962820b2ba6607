"""The functions that templates may call: Sprig's that Helm exposes, and Helm's own. One file a topic."""

from __future__ import annotations

from functools import cache

from proxmox_mpc.charts.language.function import Functions, together


@cache
def functions() -> Functions:
    """All of them by name; what they are made of is imported when the first template is compiled."""
    from proxmox_mpc.charts.functions.certificates import CERTIFICATES
    from proxmox_mpc.charts.functions.checksums import CHECKSUMS
    from proxmox_mpc.charts.functions.dates import DATES
    from proxmox_mpc.charts.functions.defaults import DEFAULTS
    from proxmox_mpc.charts.functions.dicts import DICTS
    from proxmox_mpc.charts.functions.documents import DOCUMENTS
    from proxmox_mpc.charts.functions.floats import FLOATS
    from proxmox_mpc.charts.functions.letters import LETTERS
    from proxmox_mpc.charts.functions.lists import LISTS
    from proxmox_mpc.charts.functions.naming import NAMING
    from proxmox_mpc.charts.functions.numbers import NUMBERS
    from proxmox_mpc.charts.functions.passwords import PASSWORDS
    from proxmox_mpc.charts.functions.paths import PATHS
    from proxmox_mpc.charts.functions.random_text import RANDOM
    from proxmox_mpc.charts.functions.reflection import REFLECTION
    from proxmox_mpc.charts.functions.regexes import REGEXES
    from proxmox_mpc.charts.functions.texts import TEXTS
    from proxmox_mpc.charts.functions.urls import URLS
    from proxmox_mpc.charts.functions.version_functions import VERSIONS
    from proxmox_mpc.charts.functions.wrapping import WRAPPING

    topics = (
        CERTIFICATES,
        CHECKSUMS,
        DATES,
        DEFAULTS,
        DICTS,
        DOCUMENTS,
        FLOATS,
        LETTERS,
        LISTS,
        NAMING,
        NUMBERS,
        PASSWORDS,
        PATHS,
        RANDOM,
        REFLECTION,
        REGEXES,
        TEXTS,
        URLS,
        VERSIONS,
        WRAPPING,
    )
    return together(topics)
