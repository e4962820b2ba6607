"""/access/users/{userid}/token: API tokens."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.access.users import known_user, token_row
from proxmox_mpc.simulator.state.access import Token

_PATH = "/access/users/{userid}/token/{tokenid}"


def _known(call: Call) -> Token:
    tokens, name = known_user(call).tokens, call.text("tokenid")
    if name not in tokens:
        die(f"no such token '{name}' for user '{call.text('userid')}'")
    return tokens[name]


@answers("GET", "/access/users/{userid}/token")
def listing(call: Call) -> Any:
    return [{"tokenid": name, **token_row(token)} for name, token in known_user(call).tokens.items()]


@answers("GET", _PATH)
def read(call: Call) -> Any:
    return token_row(_known(call))


@answers("POST", _PATH)
def create(call: Call) -> Any:
    user, name = known_user(call), call.text("tokenid")
    if name in user.tokens:
        refuse(tokenid="Token already exists.")
    secret = call.cluster.new_uuid()
    user.tokens[name] = Token(secret, call.text("comment"), call.number("expire"), call.flag("privsep", True))
    # What was sent is echoed as it was sent, so a form's "1" stays text; only the default is a number (9.1).
    info = {"privsep": 1, **call.given(("comment", "expire", "privsep"))}
    return {"full-tokenid": f"{call.text('userid')}!{name}", "info": info, "value": secret}


@answers("PUT", _PATH)
def update(call: Call) -> Any:
    token = _known(call)
    for name in call.items("delete"):
        if name != "comment":
            prefix = "updating token info failed: 400 Parameter verification failed."
            die(f"{prefix}\ndelete: unknown option '{name}'")
        token.comment = ""
    token.comment = call.text("comment", token.comment)
    token.expire = call.number("expire", token.expire)
    token.privsep = call.flag("privsep", token.privsep)
    return {**token_row(token), **call.given(("expire", "privsep"))}


@answers("DELETE", _PATH)
def delete(call: Call) -> None:
    _known(call)
    user, name = call.text("userid"), call.text("tokenid")
    del call.cluster.access.users[user].tokens[name]
    call.cluster.access.forget("token", f"{user}!{name}")
