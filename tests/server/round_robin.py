"""What stands before several servers: connections go to one after the other, by TCP alone."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def round_robin(ports: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Its URL, and the ports that connections went to."""
    listening = socket.create_server(("127.0.0.1", 0))
    went: list[int] = []
    turns = itertools.cycle(ports)

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            went.append(next(turns))
            server = socket.create_connection(("127.0.0.1", went[-1]))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", went
    finally:
        listening.close()
