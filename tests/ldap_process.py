"""A directory, as a process of its own: `python tests/ldap_process.py`, with its entries as LDIF on standard input.

Prints its port. (Its library lives in Twisted, whose loop runs once in a process.)
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import Any

from ldaptor.inmemory import fromLDIFFile
from ldaptor.interfaces import IConnectedLDAPEntry
from ldaptor.protocols.ldap.ldapserver import LDAPServer
from twisted.internet import reactor
from twisted.internet.protocol import ServerFactory
from twisted.python.components import registerAdapter

loop: Any = reactor


class Factory(ServerFactory):
    protocol = LDAPServer

    def __init__(self, root: Any) -> None:
        self.root = root


def serve(root: Any) -> None:
    registerAdapter(lambda factory: factory.root, Factory, IConnectedLDAPEntry)
    port = loop.listenTCP(0, Factory(root), interface="127.0.0.1")
    print(port.getHost().port, flush=True)


if __name__ == "__main__":
    fromLDIFFile(BytesIO(sys.stdin.buffer.read())).addCallback(serve)
    loop.run()
