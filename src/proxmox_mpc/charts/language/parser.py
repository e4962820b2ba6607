"""Tokens to nodes, as Go 1.26's text/template/parse/parse.go does, with its errors."""

from __future__ import annotations

from collections.abc import Callable, Container

from proxmox_mpc.charts.language import lexer, nodes
from proxmox_mpc.charts.language.cursor import Cursor, ParseError, Telling
from proxmox_mpc.charts.language.lexer import Token
from proxmox_mpc.charts.language.pipelines import Pipelines, Scope
from proxmox_mpc.charts.language.quoting import quote


def parse(name: str, source: str, functions: Container[str]) -> dict[str, nodes.Tree]:
    """All templates that a text defines, itself under the empty name; raises ParseError, which calls it `name`."""
    tokens = lexer.lex(source)
    try:
        return _Parser(Cursor(name, tokens), source, functions).parse()
    except ParseError:
        return _Parser(Telling(name, tokens), source, functions).parse()


class _Parser:
    def __init__(self, cursor: Cursor, source: str, functions: Container[str]) -> None:
        self.cursor, self.unit = cursor, nodes.Unit(source)
        self.pipelines = Pipelines(cursor, functions)
        self.trees: dict[str, nodes.Tree] = {}
        self.range_depth = 0

    def parse(self) -> dict[str, nodes.Tree]:
        root = nodes.Block(0)
        while self.cursor.peek().kind != lexer.EOF:
            if self.cursor.peek().kind == lexer.LEFT:
                left = self.cursor.at
                self.cursor.next()
                if self.cursor.next_non_space().kind == "define":
                    self.definition()
                    continue
                self.cursor.at = left
            node = self.text_or_action()
            if isinstance(node, nodes.Word) and node.word in ("end", "else"):
                self.cursor.fail(f"unexpected {node}")
            root.nodes.append(node)
        self.add("", root)
        return self.trees

    def definition(self) -> None:
        outer = self.leave_for_tree()
        token = self.cursor.next_non_space()
        if token.kind not in (lexer.STRING, lexer.RAW_STRING):
            self.cursor.unexpected(token, "define clause")
        name = self.cursor.string(token)
        self.cursor.expect(lexer.RIGHT, "define clause")
        root, end = self.items()
        if end.word != "end":
            self.cursor.fail(f"unexpected {end} in define clause")
        self.add(name, root)
        self.return_to(outer)

    def add(self, name: str, root: nodes.Block) -> None:
        ranged = self.pipelines.scope.declared_by_range - self.pipelines.scope.assigned
        tree = nodes.Tree(name, self.unit, root, self.pipelines.scope.slots, ranged)
        known = self.trees.get(name)
        if known is None or known.is_empty:
            self.trees[name] = tree
        elif not tree.is_empty:
            self.cursor.fail(f"template: multiple definition of template {quote(name)}")

    def items(self) -> tuple[nodes.Block, nodes.Word]:
        self.cursor.deeper("template nested too deeply")
        block = nodes.Block(self.cursor.peek_non_space().at)
        while self.cursor.peek_non_space().kind != lexer.EOF:
            node = self.text_or_action()
            if isinstance(node, nodes.Word) and node.word in ("end", "else"):
                self.cursor.depth -= 1
                return block, node
            block.nodes.append(node)
        self.cursor.fail("unexpected EOF")

    def text_or_action(self) -> nodes.Node:
        token = self.cursor.next_non_space()
        if token.kind == lexer.TEXT:
            return nodes.Text(token.at, token.text)
        if token.kind == lexer.LEFT:
            self.cursor.action_line = token.line
            node = self.action()
            self.cursor.action_line = 0
            return node
        self.cursor.unexpected(token, "input")

    def action(self) -> nodes.Node:
        before = self.cursor.at
        token = self.cursor.next_non_space()
        control = _CONTROLS.get(token.kind)
        if control is not None:
            return control(self, token)
        self.cursor.at = before
        self.cursor.peek_non_space()
        token = self.cursor.peek()
        return nodes.Action(token.at, self.pipelines.pipeline("command", lexer.RIGHT))

    def loop_word(self, token: Token) -> nodes.Node:
        following = self.cursor.next_non_space()
        if following.kind != lexer.RIGHT:
            self.cursor.unexpected(following, f"{{{{{token.kind}}}}}")
        if self.range_depth == 0:
            self.cursor.fail(f"{{{{{token.kind}}}}} outside {{{{range}}}}")
        return nodes.Word(token.at, token.kind)

    def else_(self, _token: Token) -> nodes.Node:
        following = self.cursor.peek_non_space()
        if following.kind in ("if", "with"):
            return nodes.Word(following.at, "else")
        return nodes.Word(self.cursor.expect(lexer.RIGHT, "else").at, "else")

    def end(self, _token: Token) -> nodes.Node:
        return nodes.Word(self.cursor.expect(lexer.RIGHT, "end").at, "end")

    def branch(self, token: Token) -> nodes.Node:
        word = token.kind
        kept = len(self.pipelines.scope.variables)
        pipe = self.pipelines.pipeline(word, lexer.RIGHT)
        if word == "range":
            self.range_depth += 1
        body, closing = self.items()
        if word == "range":
            self.range_depth -= 1
        otherwise: nodes.Block | None = None
        if closing.word == "else":
            following = self.cursor.peek()
            if word != "range" and following.kind == word:
                self.cursor.next()
                self.cursor.deeper("template nested too deeply")
                otherwise = nodes.Block(closing.at, [self.branch(following)])
                self.cursor.depth -= 1
            else:
                otherwise, closing = self.items()
                if closing.word != "end":
                    self.cursor.fail(f"expected end; found {closing}")
        del self.pipelines.scope.variables[kept:]
        return nodes.Branch(pipe.at, word, pipe, body, otherwise)

    def block(self, _token: Token) -> nodes.Node:
        token = self.cursor.next_non_space()
        name = self.template_name(token, "block clause")
        pipe = self.pipelines.pipeline("block clause", lexer.RIGHT)
        outer = self.leave_for_tree()
        root, end = self.items()
        if end.word != "end":
            self.cursor.fail(f"unexpected {end} in block clause")
        self.add(name, root)
        self.return_to(outer)
        return nodes.TemplateCall(token.at, name, pipe)

    def template(self, _token: Token) -> nodes.Node:
        token = self.cursor.next_non_space()
        name = self.template_name(token, "template clause")
        pipe = None
        before = self.cursor.at
        if self.cursor.next_non_space().kind != lexer.RIGHT:
            self.cursor.at = before
            pipe = self.pipelines.pipeline("template clause", lexer.RIGHT)
        return nodes.TemplateCall(token.at, name, pipe)

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (lexer.STRING, lexer.RAW_STRING):
            self.cursor.unexpected(token, context)
        return self.cursor.string(token)

    def leave_for_tree(self) -> tuple[Scope, int, int, int]:
        """Begin a definition, which has variables and ranges of its own; what to return to."""
        cursor = self.cursor
        outer = self.pipelines.scope, self.range_depth, cursor.furthest, cursor.action_line
        self.pipelines.scope, self.range_depth = Scope(), 0
        cursor.furthest, cursor.action_line = cursor.at, 0
        return outer

    def return_to(self, outer: tuple[Scope, int, int, int]) -> None:
        self.pipelines.scope, self.range_depth, self.cursor.furthest, self.cursor.action_line = outer


_CONTROLS: dict[str, Callable[[_Parser, Token], nodes.Node]] = {
    "block": _Parser.block,
    "break": _Parser.loop_word,
    "continue": _Parser.loop_word,
    "else": _Parser.else_,
    "end": _Parser.end,
    "if": _Parser.branch,
    "range": _Parser.branch,
    "template": _Parser.template,
    "with": _Parser.branch,
}
