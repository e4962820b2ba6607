from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from proxmox_mpc.pve import Facts, NotSupported, ParametersRejected
from proxmox_mpc.pve.request import Request, build

FACTS = Facts.load("9.1")
CONFIG = "/nodes/{node}/qemu/{vmid}/config"


def config(**params: Any) -> Request:
    return build(FACTS, "PUT", CONFIG, {"node": "pve1", "vmid": 100, **params})


def test_path_variables_leave_the_parameters() -> None:
    request = config(cores=2)
    assert (request.path, request.pairs, request.node) == (
        "/nodes/pve1/qemu/100/config",
        (("cores", "2"),),
        "pve1",
    )


def test_what_is_none_is_left_out() -> None:
    assert config(cores=None, sockets=1).pairs == (("sockets", "1"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "1"), (False, "0"), (4, "4"), ("8", "8")],
)
def test_values_are_written_as_pve_reads_them(value: Any, text: str) -> None:
    assert config(balloon=value).pairs == (("balloon", text),)


@pytest.mark.parametrize(("value", "text"), [(1.5, "1.5"), (2.0, "2"), (0.25, "0.25")])
def test_numbers_have_no_exponent_and_no_trailing_zero(value: float, text: str) -> None:
    assert config(cpulimit=value).pairs == (("cpulimit", text),)


def test_lists_are_joined_where_pve_wants_one_text() -> None:
    assert config(delete=["net0", "net1"]).pairs == (("delete", "net0,net1"),)


def test_lists_are_repeated_where_pve_wants_an_array() -> None:
    request = build(
        FACTS,
        "PUT",
        "/cluster/notifications/endpoints/sendmail/{name}",
        {"name": "mail", "delete": ["comment", "author"]},
    )
    assert request.pairs == (("delete", "comment"), ("delete", "author"))


def test_a_volume_is_one_path_segment() -> None:
    request = build(
        FACTS,
        "GET",
        "/nodes/{node}/storage/{storage}/content/{volume}",
        {"node": "pve1", "storage": "local", "volume": "local:iso/a b.iso"},
    )
    assert request.path == "/nodes/pve1/storage/local/content/local:iso%2Fa%20b.iso"


@given(st.text(min_size=1))
def test_no_path_variable_can_name_another_path(name: str) -> None:
    try:
        request = build(FACTS, "GET", "/pools/{poolid}", {"poolid": name})
    except ParametersRejected:
        return
    url = URL(f"https://pve1:8006/api2/json{request.path}", encoded=True)
    prefix, _, last = url.raw_path.rpartition("/")
    assert prefix == "/api2/json/pools"
    assert unquote(last) == name
    assert not url.query_string
    assert not url.fragment


@given(st.dictionaries(st.sampled_from(["description", "name", "args", "searchdomain"]), st.text()))
def test_texts_survive_the_form(params: dict[str, str]) -> None:
    form = config(**params).encoded()
    assert dict(parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form))) == params
    assert urlsplit(f"/?{form}").query == form


def test_all_problems_come_in_one_error_before_anything_is_sent() -> None:
    with pytest.raises(ParametersRejected) as caught:
        config(coress=2, cores=0, net0="virtio,tag=9999")
    assert set(caught.value.errors) == {"coress", "cores", "net0.tag"}
    assert "did you mean cores?" in str(caught.value)
    assert (caught.value.method, caught.value.path) == ("PUT", CONFIG)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_some_names_would_ask_for_another_object(name: str) -> None:
    with pytest.raises(ParametersRejected) as caught:
        build(FACTS, "DELETE", "/pools/{poolid}", {"poolid": name})
    assert caught.value.errors == {"poolid": "cannot be a name"}


def test_a_method_of_a_newer_version_is_said_to_be_one() -> None:
    with pytest.raises(NotSupported) as caught:
        build(Facts.load("8.4"), "GET", "/cluster/ha/rules", {})
    assert caught.value.hint == "PVE 9.1 has it."


def test_a_wrong_verb_names_the_right_ones() -> None:
    with pytest.raises(NotSupported) as caught:
        build(FACTS, "PUT", "/version", {})
    assert caught.value.hint == "The path takes GET."
