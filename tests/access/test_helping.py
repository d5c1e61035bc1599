"""Signed in as a client, to help him: who may, for how long, what it opens, what stays on record
(RSL-25)."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge.codec import decode
from bridge.domain.names import ClientId, CrmId
from bridge.domain.people import Role
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, CrmLink, ResellerClient
from bridge.pipeline.helping import begin, end_what_is_over
from bridge.pipeline.ledger import Record, evaluate_again
from bridge.store import reseller_clients
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.mirror import directory
from bridge.store.schema import DECISIONS, SESSIONS
from bridge.store.sessions import forget_expired_sessions, open_session
from bridge.web.auth import csrf_token
from bridge.web.pages.visiting import HELP_COOKIE, HOMES, SESSION_COOKIE
from tests.access.channel_side import FACTURA, OMAR, OTHER, PETRA, ROSA, moves_in
from tests.web.asking import Api
from tests.web.browsing import sign_in
from tests.web.world import ANA, BRUNO, LUIS, QA, World

CLIENT, OTHERS, MARTA = ClientId("cl_1"), ClientId("cl_2"), "+34600111222"
HOME = HOMES[PersonKind.RESELLER_USER]
RESELLER, MANAGER = f"reseller:{ROSA}", f"employee:{LUIS}"


def put(world: World, name: ClientId, **changed: Any) -> None:
    with writing(world.engine) as db:
        known = reseller_clients.by_ids(db, [name]).get(name) or ResellerClient(
            id=name,
            reseller=FACTURA,
            details=ClientDetails(legal_name=f"Client {name}"),
            created_at=world.now,
            plan="basic",
            plan_name="Basic",
            plan_units=100,
            balance=42,
        )
        reseller_clients.put_clients(db, [replace(known, **changed)])


@pytest.fixture
def house(any_world: World) -> World:
    moves_in(any_world)
    put(any_world, CLIENT)
    put(any_world, OTHERS, reseller=OTHER)
    return any_world


class Browser:
    """Somebody who is signed in, as himself at first."""

    def __init__(self, world: World, principal: str = RESELLER) -> None:
        with writing(world.engine) as db:
            self.own = open_session(db, principal, world.now)
        self.http: FlaskClient = world.app.test_client()
        self.http.set_cookie(SESSION_COOKIE, self.own)

    @property
    def helping(self) -> str:
        cookie = self.http.get_cookie(HELP_COOKIE)
        return cookie.value if cookie else ""

    def send(self, address: str) -> int:
        """With the token of the session that counts just now."""
        form = {"csrf": csrf_token(self.helping or self.own)}
        return self.http.post(address, data=form).status_code

    def begin(self, client: ClientId = CLIENT) -> int:
        return self.send(f"/clients/{client}/sign-in-as")

    def page(self, address: str = "/plan") -> str:
        return self.http.get(address).text

    def leads_to(self, address: str = "/") -> str:
        return self.http.get(address).headers.get("Location", "")


def recorded(world: World) -> list[str]:
    with reading(world.engine) as db:
        rows = db.execute(select(DECISIONS).order_by(DECISIONS.c.id)).all()
    assert {row.subject for row in rows} <= {f"client:{CLIENT}"}
    assert {row.tenant for row in rows} <= {f"reseller:{FACTURA}"}
    return [decode(Record, bytes(row.record)).reasons[0].detail for row in rows]


def test_rsl_25_a_resellers_user_is_his_client_for_half_an_hour_and_both_names_are_on_record(
    house: World,
) -> None:
    rosa = Browser(house)
    assert rosa.begin() == 303
    page = rosa.page()
    assert "42" in page
    assert f"{ROSA} is signed in as the client Client {CLIENT} until 15:36 UTC" in page
    assert rosa.send("/plan/end") == 303
    assert recorded(house) == [
        f"{RESELLER} is signed in as the client {CLIENT}, until 2026-03-04T15:36+00:00",
        f"{RESELLER} is not signed in as the client {CLIENT} any more: he ended it",
    ]
    assert rosa.helping == ""
    assert rosa.leads_to("/") == HOME


def test_an_admin_sees_who_is_signed_in_as_whom_and_ends_it_with_the_session_behind(
    house: World,
) -> None:
    rosa, luis = Browser(house), Browser(house, MANAGER)
    assert "Signed in as a client" not in luis.page("/sessions")
    assert rosa.begin() == 303
    page = luis.page("/sessions")
    assert "Signed in as a client" in page
    assert f'href="/clients/{CLIENT}"><bdi>Client {CLIENT}</bdi>' in page
    assert rosa.helping not in page
    form = {"csrf": csrf_token(luis.own), "person": RESELLER}
    assert luis.http.post("/sessions/end-all", data=form).status_code == 303
    assert rosa.leads_to("/plan") == "/login"
    assert "Signed in as a client" not in luis.page("/sessions")


def test_rsl_25_it_can_not_be_left_but_by_ending_it(house: World) -> None:
    """Every page of that browser is the client's; neither the helper's own pages, nor his streams,
    nor another client are reached from there."""
    for principal, own in ((RESELLER, HOME), (MANAGER, "/conversations")):
        browser = Browser(house, principal)
        assert browser.begin() == 303
        for address in ("/", own, "/conversations", "/feed", "/dead-letters", "/activity"):
            assert browser.leads_to(address) == "/plan", address
        heard = browser.http.get("/api/v1/notifications/stream?after=0").text
        assert "event: notification" not in heard
        assert "event: counters" not in heard
        assert browser.http.get("/media/of/ms_1/0").status_code == 403
        for address in ("/logout", f"/clients/{CLIENT}/sign-in-as", "/notifications/read"):
            assert browser.send(address) == 403, address
        assert browser.send("/plan/end") == 303
        assert browser.http.get(own).status_code == 200


def test_rsl_25_it_ends_by_itself_and_is_not_made_longer(house: World) -> None:
    rosa = Browser(house)
    rosa.begin()
    house.later(minutes=29, seconds=59)
    assert "Basic" in rosa.page()
    house.later(seconds=1)
    assert rosa.leads_to("/plan") == HOME
    with writing(house.engine) as db:
        forget_expired_sessions(db, house.now)
    end_what_is_over(house.parts)
    end_what_is_over(house.parts)
    assert recorded(house)[1:] == [
        f"{RESELLER} is not signed in as the client {CLIENT} any more: the time was over"
    ]


@pytest.mark.parametrize(
    ("principal", "client", "status"),
    [
        (MANAGER, CLIENT, 303),
        (RESELLER, OTHERS, 404),  # another reseller's
        (RESELLER, ClientId("cl_404"), 404),
        (f"reseller:{OMAR}", CLIENT, 404),
        (f"employee:{QA}", CLIENT, 403),
        (f"employee:{ANA}", CLIENT, 404),
        (f"partner:{PETRA}", CLIENT, 403),
    ],
)
def test_rsl_25_who_may(house: World, principal: str, client: ClientId, status: int) -> None:
    browser = Browser(house, principal)
    assert browser.begin(client) == status
    assert bool(browser.helping) is (status == 303)
    assert len(recorded(house)) == (status == 303)


def test_rsl_25_an_archived_client_is_refused_and_a_suspended_one_is_helped(house: World) -> None:
    put(house, CLIENT, is_suspended=True)
    assert Browser(house).begin() == 303
    put(house, CLIENT, is_archived=True)
    assert Browser(house).begin() == 409


def loses_his_place(world: World) -> None:
    world.policy = replace(world.policy, users={"reseller:factura": ()})


def moves_to_another_reseller(world: World) -> None:
    world.policy = replace(world.policy, users={"reseller:other": (ROSA,)})


@pytest.mark.parametrize(
    "happens",
    [
        lambda world: put(world, CLIENT, is_archived=True),
        loses_his_place,
        moves_to_another_reseller,
    ],
)
def test_rsl_25_it_ends_at_once_with_what_it_stands_on(house: World, happens: Any) -> None:
    rosa = Browser(house)
    rosa.begin()
    happens(house)
    assert "Basic" not in rosa.page()
    assert rosa.leads_to("/plan") in (HOME, "/login")
    end_what_is_over(house.parts)
    assert len(recorded(house)) == 2
    assert "any more: the client is archived or gone" in recorded(house)[1]


def test_rsl_25_a_manager_who_is_none_any_more_is_out(house: World) -> None:
    luis = Browser(house, MANAGER)
    luis.begin()
    house.change_role(LUIS, Role.QUALITY_CONTROL)
    assert luis.leads_to("/plan") == "/conversations"


def test_signing_out_ends_what_was_begun_from_there(house: World) -> None:
    """In another window, say: the helper's own session is over, so is this one."""
    rosa = Browser(house)
    rosa.begin()
    elsewhere = house.app.test_client()
    elsewhere.set_cookie(SESSION_COOKIE, rosa.own)
    elsewhere.post("/logout", data={"csrf": csrf_token(rosa.own)})
    assert rosa.leads_to("/plan") == "/login"


def test_the_session_is_nothing_in_another_browser(house: World) -> None:
    """Nor beside somebody else's own session."""
    rosa, omar = Browser(house), Browser(house, f"reseller:{OMAR}")
    rosa.begin()
    omar.http.set_cookie(HELP_COOKIE, rosa.helping)
    assert omar.leads_to("/plan") == HOME
    bare = house.app.test_client()
    for name in (HELP_COOKIE, SESSION_COOKIE):
        bare.set_cookie(name, rosa.helping)
        assert bare.get("/plan").headers["Location"] == "/login", name


def test_a_double_click_begins_once(house: World) -> None:
    """The second takes the place of the first, and both are told on the record."""
    rosa = Browser(house)
    rosa.begin()
    first = rosa.helping
    rosa.http.delete_cookie(HELP_COOKIE)
    assert rosa.begin() == 303
    with reading(house.engine) as db:
        assert len(db.execute(select(SESSIONS).where(SESSIONS.c.help.is_not(None))).all()) == 1
    assert rosa.helping not in ("", first)
    assert len(recorded(house)) == 3


def api_of(world: World, principal: str, *scopes: Scope) -> Api:
    return Api(world, world.key(principal, *(scopes or (Scope.READ, Scope.SEND))))


def test_rsl_25_by_api_it_is_a_link(house: World) -> None:
    rosa = api_of(house, RESELLER)
    made = rosa.post(f"/clients/{CLIENT}/sign-in-as", key="once")
    assert (made.status, made.json["minutes"]) == (201, 30)
    again = rosa.post(f"/clients/{CLIENT}/sign-in-as", key="once")
    assert again.json["link"] is None
    browser = house.app.test_client()
    assert sign_in(house, browser, made.json["link"].rpartition("/")[2]) == 303
    assert "is signed in as the client" in browser.get("/plan").text
    assert recorded(house)[0].startswith(f"{RESELLER} is signed in as")
    assert rosa.post(f"/clients/{OTHERS}/sign-in-as").status == 404
    put(house, CLIENT, is_archived=True)
    assert rosa.post(f"/clients/{CLIENT}/sign-in-as").reason == "client_plan.archived"


@pytest.mark.parametrize(
    ("principal", "status"),
    [("service:crm-sync", 403), (f"partner:{PETRA}", 403), (f"client:{CLIENT}", 403)],
)
def test_a_link_is_made_for_people_only(house: World, principal: str, status: int) -> None:
    asked = api_of(house, principal).post(f"/clients/{CLIENT}/sign-in-as")
    assert (asked.status, asked.reason) == (status, "principal.wrong_kind")


def test_a_link_that_is_used_too_late_opens_nothing(house: World) -> None:
    made = api_of(house, RESELLER).post(f"/clients/{CLIENT}/sign-in-as").json["link"]
    put(house, CLIENT, is_archived=True)
    assert sign_in(house, house.app.test_client(), made.rpartition("/")[2]) == 403


def linked(world: World) -> str:
    """The client is Marta of the CRM, who wrote; so did somebody else."""
    world.client("Marta", MARTA, ANA)
    chat = world.writes(MARTA, "hello from Marta")
    world.client("Zoe", "+34600999888", BRUNO)
    world.writes("+34600999888", "hello from Zoe")
    link = CrmLink(kind=CrmKind.CONTACT, crm_id=CrmId(f"c-{MARTA}"))
    put(world, CLIENT, link=link)
    return chat


def test_rsl_25_a_client_sees_his_plan_units_ledger_and_messages(house: World) -> None:
    chat = linked(house)
    rosa = Browser(house)
    rosa.begin()
    assert chat in rosa.page("/plan/messages")
    said = rosa.page(f"/plan/messages/{chat}")
    assert "hello from Marta" in said
    assert "Zoe" not in rosa.page("/plan/messages") + said


def test_a_clients_own_key_reads_the_same_and_nothing_else(house: World) -> None:
    chat = linked(house)
    client = api_of(house, f"client:{CLIENT}")
    assert client.get("/plan").json["units"] == 42
    assert client.all("/plan/ledger") == []
    [listed] = client.get("/plan/conversations").items
    assert listed["id"] == chat
    [said] = client.all(f"/plan/conversations/{chat}/messages")
    assert (said["text"], said["direction"]) == ("hello from Marta", "in")
    with reading(house.engine) as db:
        others = db.scalars(select(DECISIONS.c.conversation).distinct()).all()
    [other] = {name for name in others if name} - {chat}
    assert client.get(f"/plan/conversations/{other}/messages").status == 404
    for path in ("/conversations", f"/conversations/{chat}/messages", "/activity", "/keys"):
        assert client.get(path).reason == "principal.wrong_kind"


@pytest.mark.parametrize("change", [{"is_suspended": True}, {"is_archived": True}])
def test_rsl_12_access_is_blocked_at_once(house: World, change: dict[str, bool]) -> None:
    client = api_of(house, f"client:{CLIENT}")
    assert client.get("/plan").status == 200
    put(house, CLIENT, **change)
    assert client.get("/plan").status == 401


def test_a_client_without_a_contact_in_the_crm_has_no_messages(house: World) -> None:
    linked(house)
    for link in (None, CrmLink(kind=CrmKind.COMPANY, crm_id=CrmId("c-1"))):
        put(house, CLIENT, link=link)
        assert api_of(house, f"client:{CLIENT}").get("/plan/conversations").items == []


def test_what_was_decided_about_it_is_decided_again_byte_for_byte(house: World) -> None:
    """From what is stored of it, also when the client is another by then."""
    rosa = Browser(house)
    rosa.begin()
    put(house, CLIENT, is_archived=True)
    end_what_is_over(house.parts)
    active = house.parts.active()
    with reading(house.engine) as db:
        rows = db.execute(select(DECISIONS).order_by(DECISIONS.c.id)).all()
        for row in rows:
            again = evaluate_again(
                kind=row.kind,
                event=bytes(row.event),
                facts=bytes(row.facts),
                policy=active.policy,
                config_hash=row.config_hash,
                directory=directory(db, active.policy.crm),
                directory_hash=row.directory_hash,
            )
            assert again == bytes(row.record), row.kind
    assert len(rows) == 2


def test_whom_a_killed_process_left_signed_in_is_out_and_told_on_the_record(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the session was made and before anybody had its cookie; and killed once more
    while its end is noted: the end is noted once."""
    begin(house.parts, Person(kind=PersonKind.EMPLOYEE, id=LUIS), CLIENT)
    house.later(minutes=30)
    with monkeypatch.context() as broken:
        broken.setattr("bridge.pipeline.helping.decide_within", _killed)
        with pytest.raises(KeyboardInterrupt):
            end_what_is_over(house.parts)
    for _ in range(2):
        end_what_is_over(house.parts)
    assert [line.partition(" the client")[0] for line in recorded(house)] == [
        f"{MANAGER} is signed in as",
        f"{MANAGER} is not signed in as",
    ]
    with reading(house.engine) as db:
        assert db.execute(select(SESSIONS)).all() == []


def _killed(*_: Any) -> Any:
    raise KeyboardInterrupt
