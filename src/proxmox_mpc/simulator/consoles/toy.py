"""What answers in a drawn terminal: a log-in prompt, and a shell that knows a few harmless words and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_HELP = "This terminal is simulated: it knows clear, echo, exit, help, hostname, uname and whoami."

# A shell forgets no more than this of a line that never ends.
_LONGEST_LINE = 4096


def said(word: str, rest: Sequence[str], host: str, user: str) -> str | None:
    """What one of the words that print something prints; None for any other."""
    answers = {
        "echo": " ".join(rest),
        "help": _HELP,
        "hostname": host,
        "uname": f"Linux {host} x86_64" if rest else "Linux",
        "whoami": user,
    }
    return f"{answers[word]}\n" if word in answers else None


class Toy:
    """A terminal without a machine. `say` is called with what it writes.

    It greets with `banner`, asks for a name and a password (any will do, none is kept), and then is a shell; with
    `user` it is that user's shell at once. Leaving the shell brings the log-in back, or ends it (`on_exit`) where
    there was none.
    """

    def __init__(
        self, host: str, say: Callable[[str], None], *, banner: str = "", user: str = "", on_exit: Callable[[], None]
    ) -> None:
        self._host, self._say, self._on_exit = host, say, on_exit
        self._banner, self._always = banner, user
        self._user, self._line = user, ""
        self._asks = self._command if user else self._name
        self._say(banner + self._prompt)

    def type(self, text: str) -> None:
        """Take what somebody types: letters, `\\r`, backspace, Ctrl-C, Ctrl-D."""
        for letter in text:
            if letter in "\r\n":
                line, self._line = self._line, ""
                self._say("\r\n")
                self._asks(line)
            elif letter in "\b\x7f":
                self._say("\b \b" if self._line and self._echoes else "")
                self._line = self._line[:-1]
            elif letter == "\x03":
                self._line = ""
                self._say(f"^C\r\n{self._prompt}")
            elif letter == "\x04" and not self._line and self._asks == self._command:
                self._command("exit")
            elif letter >= " " and len(self._line) < _LONGEST_LINE:
                self._line += letter
                self._say(letter if self._echoes else "")

    @property
    def _echoes(self) -> bool:
        return self._asks != self._password

    @property
    def _prompt(self) -> str:
        if self._asks == self._name:
            return f"{self._host} login: "
        if self._asks == self._password:
            return "Password: "
        return f"{self._user}@{self._host}:~{'#' if self._user == 'root' else '$'} "

    def _name(self, line: str) -> None:
        if line.strip():
            self._user, self._asks = line.strip().split()[0], self._password
        self._say(self._prompt)

    def _password(self, line: str) -> None:
        self._asks = self._command
        self._say(f"Simulated system {self._host}\r\n{self._prompt}")

    def _command(self, line: str) -> None:
        word, *rest = line.split() or [""]
        if word in ("exit", "logout"):
            self._leave()
            return
        if word == "clear":
            self._say("\x1b[H\x1b[2J" + self._prompt)
            return
        output = said(word, rest, self._host, self._user) if word else ""
        self._say((f"{word}: command not found\n" if output is None else output).replace("\n", "\r\n") + self._prompt)

    def _leave(self) -> None:
        if self._always:
            self._say("logout\r\n")
            self._on_exit()
            return
        self._user, self._asks = "", self._name
        self._say(f"\x1b[H\x1b[2J{self._banner}{self._prompt}")
