import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.pve import Upid
from tests.unit.pve import ground_truth

_word = st.text(string.ascii_letters + string.digits + "._-@!", min_size=1, max_size=20)
_hex8 = st.integers(0, 0xFFFFFFFF)

upids = st.builds(
    Upid,
    node=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True),
    pid=_hex8,
    pstart=st.integers(0, 0xFFFFFFFFF),
    starttime=_hex8,
    type=_word,
    id=st.one_of(st.just(""), _word),
    user=_word,
)


@given(upids)
def test_what_is_written_is_read_again(upid: Upid) -> None:
    assert Upid.parse(str(upid)) == upid


@given(st.text(max_size=80))
def test_other_texts_are_refused_with_one_error(text: str) -> None:
    try:
        upid = Upid.parse(text)
    except InvalidInput:
        return
    assert str(upid).upper() == text.upper()


@pytest.mark.parametrize(
    ("text", "id", "user"),
    [
        ("UPID:pve1:00000EA8:000AD51A:6B0111ED:imgcopy::root@pam:", "", "root@pam"),
        ("UPID:pve1:00000EA8:000AD51A:6B0111ED:qmstart:100:root@pam!build:", "100", "root@pam!build"),
        ("UPID:a-b:0000000A:00000001:6B0111ED:realmsync:joe@ldap:joe@ldap:", "joe@ldap", "joe@ldap"),
    ],
)
def test_ids_may_be_empty_or_hold_an_at_and_users_may_be_tokens(text: str, id: str, user: str) -> None:
    upid = Upid.parse(text)
    assert (upid.id, upid.user) == (id, user)
    assert str(upid) == text


@ground_truth.needs("golden")
def test_every_recorded_task_name_is_understood() -> None:
    names = {
        data
        for exchange in ground_truth.golden()
        if isinstance(body := exchange.raw["response"].get("body"), dict)
        and isinstance(data := body.get("data"), str)
        and data.startswith("UPID:")
    }
    assert len(names) > 200
    assert {str(Upid.parse(name)) for name in names} == names
