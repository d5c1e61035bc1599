"""`bridge login` and `bridge keys` for partners' and resellers' users, and for clients."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.names import ClientId, ResellerName
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.store import reseller_clients
from bridge.store.engine import reading, writing
from bridge.store.sessions import use_login_link
from bridge.web.auth import principal_of_key
from tests.cli.commands import Installation

PLANS = """
plans:
  resellers:
    factura: {users: [rosa@factura.example, ana@acme.example], plans: {basic: {name: B, units: 9}}}
    other: {users: [omar@other.example]}
"""
CLIENT = ClientId("cl_1")


@pytest.fixture
def agency(house: Installation) -> Installation:
    (house.config / "plans.yaml").write_text(PLANS)
    house.run("migrate")
    put_client(house)
    return house


def put_client(house: Installation, *, is_suspended: bool = False) -> None:
    client = ResellerClient(
        id=CLIENT,
        reseller=ResellerName("factura"),
        details=ClientDetails(legal_name="Papeles"),
        created_at=datetime.now(UTC),
        plan="basic",
        plan_name="B",
        plan_units=9,
        balance=9,
        is_suspended=is_suspended,
    )
    with house.parts() as parts, writing(parts.engine) as db:
        reseller_clients.put_clients(db, [client])


def signed_in(house: Installation, link: str) -> tuple[str, str]:
    with house.parts() as parts, writing(parts.engine) as db:
        used = use_login_link(db, link.rpartition("/")[2], parts.now())
    assert used is not None
    return used.principal, used.behind


def test_a_resellers_user_gets_a_link_by_his_address(agency: Installation) -> None:
    made = agency.json("login", "Rosa@factura.example")
    assert signed_in(agency, made["link"]) == ("reseller:rosa@factura.example", "")
    assert (made["principal"], made["employee"]) == ("reseller:rosa@factura.example", None)


@pytest.mark.parametrize("kind", ["employee", "reseller"])
def test_an_address_that_is_several_needs_to_be_told_which(agency: Installation, kind: str) -> None:
    refused = agency.run("login", "ana@acme.example", code=1).stderr
    assert "ana@acme.example is employee and reseller" in refused
    assert "next: say which one, with --as employee|reseller" in refused
    made = agency.json("login", "ana@acme.example", "--as", kind)
    assert made["principal"] == f"{kind}:ana@acme.example"
    refused = agency.run(*key("ana@acme.example"), code=1).stderr
    assert "--as employee|reseller" in refused
    for words in (key(f"{kind}:ana@acme.example"), key("ana@acme.example", "--as", kind)):
        assert agency.json(*words)["key"]["principal"] == f"{kind}:ana@acme.example"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("eve@x.example",), "and no partner's or reseller's user either"),
        (("eve@x.example", "--as", "partner"), "name him under `users` in partners.yaml"),
        (("rosa@factura.example", "--as", "partner"), "is no partner's user here"),
        (("eve@x.example", "--as", "reseller"), "plans.yaml"),
        (("rosa@factura.example", "--as", "employee"), "not among the employees"),
    ],
)
def test_who_is_nobody_gets_no_link(
    agency: Installation, words: tuple[str, ...], told: str
) -> None:
    assert told in agency.run("login", *words, code=1).stderr
    assert agency.everything()["login_links"] == []


def key(whom: str, *more: str) -> tuple[str, ...]:
    return ("keys", "create", "x", "--for", whom, "--scope", "read", *more)


def test_a_key_of_somebody_outside_ends_with_his_place(agency: Installation) -> None:
    secret = agency.json(*key("rosa@factura.example"))["secret"]
    assert principal(agency, secret) == "reseller:rosa@factura.example"
    agency.rewrite("plans.yaml", "rosa@factura.example, ", "")
    agency.run("migrate")
    with pytest.raises(Exception, match=r"unauthenticated"):
        principal(agency, secret)


def principal(house: Installation, secret: str) -> Any:
    with house.parts() as parts, reading(parts.engine) as db:
        return principal_of_key(db, secret, parts.active().policy, parts.now()).id


def test_nobody_outside_administers(agency: Installation) -> None:
    words = ("--for", "rosa@factura.example", "--scope", "admin")
    refused = agency.run("keys", "create", "x", *words, code=1).stderr
    assert "administers nothing" in refused
    assert "next: leave out --scope admin" in refused
    assert agency.json("keys", "list") == {"keys": []}


def test_a_client_has_a_key_of_his_own(agency: Installation) -> None:
    made = agency.json(*key(f"client:{CLIENT}"))
    assert principal(agency, made["secret"]) == f"client:{CLIENT}"
    assert "there is no client cl_404" in agency.run(*key("client:cl_404"), code=1).stderr
    put_client(agency, is_suspended=True)
    assert "access is blocked" in agency.run(*key(f"client:{CLIENT}"), code=1).stderr


@pytest.mark.parametrize(
    ("by", "behind"),
    [
        ("rosa@factura.example", "reseller:rosa@factura.example"),
        ("luis@acme.example", "employee:luis@acme.example"),
    ],
)
def test_rsl_25_a_link_that_signs_in_as_a_client_names_who_does(
    agency: Installation, by: str, behind: str
) -> None:
    made = agency.json("login", CLIENT, "--as", "client", "--by", by)
    assert signed_in(agency, made["link"]) == (f"client:{CLIENT}", behind)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((CLIENT, "--as", "client"), 2, "--as client and --by go together"),
        (("rosa@factura.example", "--by", "luis@acme.example"), 2, "go together"),
        ((CLIENT, "--as", "client", "--by", "omar@other.example"), 1, "there is no such client"),
        (("cl_404", "--as", "client", "--by", "luis@acme.example"), 1, "there is no such client"),
        ((CLIENT, "--as", "client", "--by", "qa@acme.example"), 1, "only his reseller's people"),
        ((CLIENT, "--as", "client", "--by", "eve@x.example"), 1, "is not among the employees"),
    ],
)
def test_rsl_25_who_may_not_gets_none(
    agency: Installation, words: tuple[str, ...], code: int, told: str
) -> None:
    assert told in agency.run("login", *words, code=code).stderr
    assert agency.everything()["login_links"] == []
