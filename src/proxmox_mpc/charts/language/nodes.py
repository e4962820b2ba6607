"""What a template is parsed to. `str(node)` is the node as Go prints it: errors quote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.charts.language.quoting import quote


@dataclass(slots=True, eq=False)
class Node:
    """`at` is where it stands in the template's text, in characters."""

    at: int


@dataclass(slots=True, eq=False)
class Text(Node):
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Block(Node):
    """A list of nodes: a body."""

    nodes: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))


@dataclass(slots=True, eq=False)
class Dot(Node):
    def __str__(self) -> str:
        return "."


@dataclass(slots=True, eq=False)
class Nil(Node):
    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True, eq=False)
class Bool(Node):
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(slots=True, eq=False)
class Number(Node):
    """`whole` and `real` are its value as an integer and as a float, None where it has none."""

    text: str
    whole: int | None
    real: float | None
    imaginary: complex | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class String(Node):
    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(slots=True, eq=False)
class Identifier(Node):
    """A function's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Field(Node):
    """`.a.b` of the dot."""

    names: list[str]

    def __str__(self) -> str:
        return "".join("." + name for name in self.names)


@dataclass(slots=True, eq=False)
class Variable(Node):
    """`$x.a.b`; `slot` is where the variable's value is kept."""

    names: list[str]
    slot: int

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(slots=True, eq=False)
class Chain(Node):
    """Fields of something else: `(pipeline).a.b`."""

    inner: Node
    names: list[str]

    def __str__(self) -> str:
        inner = f"({self.inner})" if isinstance(self.inner, Pipe) else str(self.inner)
        return inner + "".join("." + name for name in self.names)


@dataclass(slots=True, eq=False)
class Command(Node):
    """A function or value with its arguments."""

    arguments: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(f"({each})" if isinstance(each, Pipe) else str(each) for each in self.arguments)


@dataclass(slots=True, eq=False)
class Pipe(Node):
    """Commands, each of which gets the result of the one before as its last argument."""

    line: int
    declared: list[Variable] = field(default_factory=list)
    assigns: bool = False
    commands: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        commands = " | ".join(map(str, self.commands))
        if not self.declared:
            return commands
        return ", ".join(map(str, self.declared)) + (" = " if self.assigns else " := ") + commands


@dataclass(slots=True, eq=False)
class Action(Node):
    """A pipeline whose value is printed, unless it declares."""

    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True, eq=False)
class Branch(Node):
    """`if`, `with` or `range`: `word` says which."""

    word: str
    pipe: Pipe
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


@dataclass(slots=True, eq=False)
class TemplateCall(Node):
    """`{{template "name" pipeline}}`, also what is left of a `block` where it stood."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {quote(self.name)}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


@dataclass(slots=True, eq=False)
class Word(Node):
    """A word that stands alone: break, continue, else, end."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(slots=True, eq=False)
class Unit:
    """One text that was parsed. Which file it stood in is the rendering's to know: many charts bring the same text."""

    source: str


@dataclass(slots=True, eq=False)
class Tree:
    """One template: a whole text, whose name is empty, or what a `define` or `block` in it names.

    `slots` counts variables, `$` being the first. `ranged` are the slots that only `range` declares: their values are
    elements as they stand, which Go tells apart from the result of a pipeline when they are nil.
    """

    name: str
    unit: Unit
    root: Block
    slots: int = 1
    ranged: set[int] = field(default_factory=set)

    def place(self, node: Node) -> tuple[int, int]:
        """Line from 1, column in bytes from 0, as Go's errors tell them."""
        before = self.unit.source[: node.at]
        start = before.rfind("\n") + 1
        return before.count("\n") + 1, len(before[start:].encode("utf-8", "surrogateescape"))

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing but blanks: such a definition gives way to another one."""
        return _is_empty(self.root)


def _is_empty(node: Any) -> bool:
    if isinstance(node, Block):
        return all(_is_empty(each) for each in node.nodes)
    return isinstance(node, Text) and not node.text.strip()
