"""Functions by chance: random text, bytes and numbers, unique ids, shuffled letters."""

from __future__ import annotations

import base64
import string
import uuid

from proxmox_mpc.charts.functions.casting import wrapped
from proxmox_mpc.charts.functions.letters import runes
from proxmox_mpc.charts.language.function import Functions, GoError, affordable
from proxmox_mpc.charts.language.state import State

RANDOM_TEXT = Functions()


def _letters(state: State, alphabet: str, count: int) -> str:
    return "".join(state.environment.random.choices(alphabet, k=affordable(max(count, 0))))


@RANDOM_TEXT.function("randAlphaNum", takes="int", state=True)
def rand_alpha_num(state: State, count: int) -> str:
    return _letters(state, string.ascii_letters + string.digits, count)


@RANDOM_TEXT.function("randAlpha", takes="int", state=True)
def rand_alpha(state: State, count: int) -> str:
    return _letters(state, string.ascii_letters, count)


@RANDOM_TEXT.function("randNumeric", takes="int", state=True)
def rand_numeric(state: State, count: int) -> str:
    return _letters(state, string.digits, count)


@RANDOM_TEXT.function("randAscii", takes="int", state=True)
def rand_ascii(state: State, count: int) -> str:
    """Letters from space to tilde."""
    return _letters(state, "".join(map(chr, range(0x20, 0x7F))), count)


@RANDOM_TEXT.function("randBytes", takes="int", state=True)
def rand_bytes(state: State, count: int) -> str:
    if count < 0:
        raise GoError("runtime error: makeslice: len out of range")
    return base64.b64encode(state.environment.random.randbytes(affordable(count))).decode()


@RANDOM_TEXT.function("randInt", takes="int, int", state=True)
def rand_int(state: State, low: int, high: int) -> int:
    """A number from `low` to below `high`."""
    span = wrapped(high - low)
    if span <= 0:
        raise GoError("invalid argument to Intn")
    return wrapped(low + state.environment.random.randrange(span))


@RANDOM_TEXT.function("uuidv4", state=True)
def uuidv4(state: State) -> str:
    return str(uuid.UUID(bytes=state.environment.random.randbytes(16), version=4))


@RANDOM_TEXT.function("shuffle", takes="string", state=True)
def shuffle(state: State, text: str) -> str:
    letters = list(runes(text))
    state.environment.random.shuffle(letters)
    return "".join(letters)
