"""The client against what real servers answered: nothing may surprise it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from proxmox_mpc.pve import (
    AlreadyExists,
    AuthenticationFailed,
    Cluster,
    DigestMismatch,
    GuestMissing,
    Insecure,
    Locked,
    NodeUnreachable,
    NotSupported,
    ObjectMissing,
    ParametersRejected,
    PermissionDenied,
    Protected,
    PveError,
    Retry,
    Target,
    UnexpectedAnswer,
    WrongState,
)
from proxmox_mpc.pve.answers import Answer, read_answer
from proxmox_mpc.pve.request import Request
from tests.unit.pve import ground_truth
from tests.unit.pve.fake_pve import TOKEN, FakePve, FakeTime, raw
from tests.unit.pve.ground_truth import Exchange

# Sentences of the real server, each with the type that callers decide by.
SITUATIONS: list[tuple[int, str, type[PveError]]] = [
    (500, "Configuration file 'nodes/pve1/qemu-server/9999.conf' does not exist", GuestMissing),
    (403, "Permission check failed (/vms/9999, VM.Audit)", PermissionDenied),
    (403, "Permission check failed (pool 'nopool' does not exist)", ObjectMissing),
    (500, "only root can set 'args' config", PermissionDenied),
    (501, "Method 'GET /nosuch' not implemented", NotSupported),
    (500, "hostname lookup 'nosuch' failed - failed to get address info for: nosuch:", NodeUnreachable),
    (500, "no such cluster node 'nosuch'", ObjectMissing),
    (595, "No route to host", NodeUnreachable),
    (596, "Connection timed out", NodeUnreachable),
    (500, "VM 120 is running - destroy failed", WrongState),
    (500, "VM 120 not running", WrongState),
    (500, "CT 1120 already running", WrongState),
    (500, "can't remove VM 121 - protection mode enabled", Protected),
    (500, "unable to create VM 110 - VM 110 already exists on node 'pve1'", AlreadyExists),
    (500, "no options specified", ParametersRejected),
    (500, "checksum mismatch (file change by other user?)", DigestMismatch),
    (500, "detected modified configuration - file changed by other user? Try again.", DigestMismatch),
    (400, "detected modified configuration - file changed by other user? Try again.", DigestMismatch),
    (500, "unable to parse value of 'cores' - type check ('integer') failed - got '+2'", ParametersRejected),
    (500, "VM is locked (backup)", Locked),
    (500, "CT is locked (snapshot)", Locked),
    (500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", Locked),
    (500, "cfs-lock 'storage-local' error: got lock request timeout", Locked),
    (500, "error with cfs lock 'file-user_cfg': got lock request timeout", Locked),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text", "kind"), SITUATIONS, ids=[text for _, text, _ in SITUATIONS])
def test_a_known_sentence_has_its_type(status: int, text: str, kind: type[PveError]) -> None:
    exchange_body = f'{{"data":null,"message":"{text}\\n"}}'.encode()
    answer = Answer(status, text, "application/json", exchange_body)
    with pytest.raises(PveError) as caught:
        read_answer(answer, method="GET", path="/x")
    assert type(caught.value) is kind
    assert caught.value.status == status


def refusal_of(exchange: Exchange) -> PveError | None:
    """What the client raises for an answer, if it raises."""
    try:
        read_answer(exchange.answer, method=exchange.method, path=exchange.path)
    except PveError as error:
        return error
    return None


def typed(exchange: Exchange) -> type[PveError] | None:
    """The type of the error that an answer is; nothing for a value."""
    error = refusal_of(exchange)
    if error is None:
        return None
    assert error.message
    assert error.message == error.message.strip()
    assert ".pm line" not in error.message
    assert error.status == exchange.answer.status
    assert (error.method, error.path) == (exchange.method, exchange.path)
    return type(error)


@ground_truth.needs("golden")
def test_every_golden_answer_is_a_value_or_a_typed_error() -> None:
    kinds = Counter[str]()
    for exchange in ground_truth.golden():
        status, kind = exchange.answer.status, typed(exchange)
        kinds[kind.__name__ if kind else "value"] += 1
        body = exchange.raw["response"].get("body")
        errors = isinstance(body, dict) and body.get("errors")
        if status == 200:
            foreign = exchange.answer.content_type != "application/json"
            assert kind is (UnexpectedAnswer if foreign else None), exchange
        elif status == 400 and errors:
            assert kind in (ParametersRejected, ObjectMissing, AlreadyExists), exchange
        elif status == 401:
            assert kind is AuthenticationFailed, exchange
        elif status == 403:
            assert kind in (PermissionDenied, ObjectMissing), exchange
        elif status == 501:
            assert kind is NotSupported, exchange
        else:
            assert kind is not None, exchange
    assert kinds.total() > 4500
    # What stays without a type of its own are peculiarities of single objects ("no spice port"), not situations.
    assert kinds["PveError"] < 100


@ground_truth.needs("golden")
def test_a_refused_parameter_keeps_its_name_and_text() -> None:
    for exchange in ground_truth.golden():
        body = exchange.raw["response"].get("body")
        if isinstance(body, dict) and body.get("errors"):
            error = refusal_of(exchange)
            assert error is None or error.errors == body["errors"]
            assert (error is None) == (exchange.answer.status == 200)  # /api2/extjs says 200 to everything


@ground_truth.needs("golden")
def test_a_missing_guest_is_always_recognised() -> None:
    missing = [
        exchange
        for exchange in ground_truth.golden()
        if b"Configuration file 'nodes/" in exchange.answer.body and exchange.answer.status >= 500
    ]
    assert len(missing) > 20
    assert {typed(exchange) for exchange in missing} == {GuestMissing}


@ground_truth.needs("recorded")
def test_every_answer_of_older_servers_is_a_value_or_a_typed_error() -> None:
    seen = 0
    for exchange in ground_truth.recorded():
        seen += 1
        kind = typed(exchange)
        if exchange.answer.status == 200:
            assert kind is None, exchange
        elif exchange.answer.status == 401:
            assert kind is AuthenticationFailed, exchange
        elif exchange.raw["body"].get("errors"):
            assert kind in (ParametersRejected, AlreadyExists), exchange
        else:  # their texts were in the reason phrase, which the recordings lost
            assert kind is PveError, exchange
    assert seen > 150


def _distinct() -> Iterator[Exchange]:
    shapes = set[tuple[Any, ...]]()
    for exchange in [*ground_truth.golden(), *ground_truth.recorded()]:
        shape = (exchange.answer.status, exchange.answer.reason, exchange.answer.content_type)
        if shape not in shapes or len(exchange.answer.body) > 20_000:
            shapes.add(shape)
            yield exchange


@ground_truth.needs("golden")
@ground_truth.needs("recorded")
async def test_over_a_real_connection_the_same_comes_out(server: FakePve, time: FakeTime) -> None:
    """Reason phrases, headers and bodies survive the way through the HTTP library."""
    exchanges = list(_distinct())
    assert len(exchanges) > 150
    client = Cluster(Target((server.url,), TOKEN, Insecure()), clock=time.clock(), retry=Retry(tries=1, total_s=0))
    async with client as pve:
        for number, exchange in enumerate(exchanges):
            answer = exchange.answer
            kind = answer.content_type and f"{answer.content_type};charset=UTF-8"
            server.on("GET", f"/{number}", raw(answer.status, answer.body, kind or None, answer.reason or None))
            outcome = await asyncio.gather(pve._sender.send(Request("GET", f"/{number}")), return_exceptions=True)
            assert (type(outcome[0]) if isinstance(outcome[0], BaseException) else None) is typed(exchange)
