"""Which function answers which method and path.

An answer is a function of one `Call`; it returns the value of `data`, and may be async. It is registered by
`@answers("GET", "/nodes/{node}/qemu")` with the path as the API facts spell it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxmox_mpc.simulator._call import Call

Answer = Callable[["Call"], Any]

_answers: dict[tuple[str, str], Answer] = {}


def answers(verb: str, *paths: str) -> Callable[[Answer], Answer]:
    """Register the decorated function as the answer to `verb` on each of `paths`."""

    def register(answer: Answer) -> Answer:
        for path in paths:
            if (verb, path) in _answers:
                raise ValueError(f"two answers for {verb} {path}")
            _answers[verb, path] = answer
        return answer

    return register


def answer_for(verb: str, path: str) -> Answer | None:
    """The function that answers `verb` on `path`, or None when it is not simulated by hand."""
    return _answers.get((verb, path))
