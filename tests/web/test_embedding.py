"""One client's chat in a frame of the CRM's page: for its reader, for that client, for a while."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.signin_policy import EmbeddingPolicy
from bridge.store.audit import Deed, Wanted, find
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.schema import LOGIN_LINKS, SESSIONS
from bridge.store.sessions import end_sessions_of
from tests.web.asking import Api, api
from tests.web.asking import service as service_api
from tests.web.browsing import csrf, link
from tests.web.world import ANA, BRUNO, LUIS, NORA, QA, World

PHONE, OTHER = "+34600111222", "+34600333444"
HUBSPOT, FORCE = "https://app.hubspot.com", "https://*.lightning.force.com"


@pytest.fixture
def framed(world: World) -> World:
    embedding = EmbeddingPolicy(allowed_origins=(HUBSPOT, FORCE), session=timedelta(hours=1))
    world.policy = replace(world.policy, embedding=embedding)
    return world


@pytest.fixture
def chat(framed: World) -> ConversationId:
    framed.client("Marta", PHONE, ANA, deal_of=ANA)
    return framed.writes(PHONE, "hello from Marta")


def service(world: World) -> Api:
    return service_api(world, Scope.EMBED)


def url_of(world: World, employee: EmployeeId, **about: str) -> str:
    made = service(world).post("/embed-links", {"employee": employee, **about})
    assert made.status == 201, made.json
    return str(made.json["url"]).removeprefix(world.public_url)


def opened(world: World, address: str) -> tuple[FlaskClient, str]:
    """A frame, and the address of what it shows."""
    browser = world.app.test_client()
    answer = browser.get(address)
    assert answer.status_code == 303, answer.text
    return browser, answer.headers["Location"]


def form_of(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    assert {"csrf", "chat", "key"} <= set(found)
    return found


@pytest.mark.parametrize(
    "about",
    [
        {"conversation": ""},
        {"contact": f"c-{PHONE}"},
        {"contact": f"rc_{PHONE}"},
        {"deal": f"d-{PHONE}"},
        {"deal": f"rd_{PHONE}"},
    ],
)
def test_a_chat_is_read_and_answered_within_a_frame(
    framed: World, chat: ConversationId, about: dict[str, str]
) -> None:
    about = {name: value or chat for name, value in about.items()}
    browser, where = opened(framed, url_of(framed, ANA, **about))
    page = browser.get(where)
    assert page.status_code == 200
    assert "hello from Marta" in page.text
    sent = browser.post(f"{where}/reply", data={**form_of(page.text), "text": "hello, it is Ana"})
    assert sent.status_code == 303
    assert "hello, it is Ana" in browser.get(sent.headers["Location"]).text


def test_the_cookie_belongs_to_this_frame_in_that_page_alone(
    framed: World, chat: ConversationId
) -> None:
    answer = framed.app.test_client().get(url_of(framed, ANA, conversation=chat))
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name = answer.headers["Location"].removeprefix("/embed/chats/")
    assert cookie.startswith(f"__Host-bridge_embed_{name}=")
    for word in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie


def test_only_the_named_pages_may_frame_it_and_nothing_else_is_framed(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    page = browser.get(where)
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {HUBSPOT} {FORCE}" in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in page.headers
    assert page.headers["Referrer-Policy"] == "no-referrer"
    luis = framed.signed_in(LUIS)
    for address in ("/conversations", f"/conversations/{chat}", "/login", "/embedded", "/account"):
        other = luis.get(address)
        assert other.headers["X-Frame-Options"] == "DENY", address
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"], address


def test_without_a_named_page_there_are_no_frames(world: World) -> None:
    world.client("Marta", PHONE, ANA)
    chat = world.writes(PHONE, "hello")
    refused = service(world).post("/embed-links", {"employee": ANA, "conversation": chat})
    assert (refused.status, "allowed_origins" in refused.json["detail"]) == (409, True)
    page = world.app.test_client().get("/embed/anything")
    assert page.status_code == 404
    assert page.headers["X-Frame-Options"] == "DENY"


def test_taken_out_of_the_configuration_frames_are_over(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    framed.policy = replace(framed.policy, embedding=EmbeddingPolicy())
    page = browser.get(where)
    assert (page.status_code, page.headers["X-Frame-Options"]) == (404, "DENY")


def test_another_chat_is_not_there_by_the_same_frame(framed: World, chat: ConversationId) -> None:
    """Though its reader may read it by himself."""
    framed.client("Other", OTHER, ANA)
    other = framed.writes(OTHER, "of somebody else")
    browser, where = opened(framed, url_of(framed, ANA, contact=f"c-{PHONE}"))
    assert browser.get(f"{where}?chat={chat}").status_code == 200
    assert browser.get(f"{where}?chat={other}").status_code == 404
    form = form_of(browser.get(where).text)
    refused = browser.post(f"{where}/reply", data={**form, "chat": other, "text": "x"})
    assert refused.status_code == 404
    for address in ("/conversations", f"/conversations/{chat}", "/account", "/media/of/x/0"):
        assert browser.get(address).headers["Location"] == "/login", address
    assert browser.get("/api/v1/conversations").status_code == 401


def test_a_frames_session_is_none_of_a_person(framed: World, chat: ConversationId) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    name = where.removeprefix("/embed/chats/")
    cookie = browser.get_cookie(f"__Host-bridge_embed_{name}")
    assert cookie is not None
    for other in ("bridge_session", "bridge_client", "bridge_before"):
        thief = framed.app.test_client()
        thief.set_cookie(other, cookie.value)
        assert thief.get("/conversations").status_code == 303
    elsewhere = framed.app.test_client()
    assert elsewhere.get(where).status_code == 401
    elsewhere.set_cookie(f"__Host-bridge_embed_{name}", "guessed")
    assert elsewhere.get(where).status_code == 401
    own = framed.signed_in(ANA)
    assert own.get(where).status_code == 401


def test_a_link_opens_one_frame_within_two_minutes(framed: World, chat: ConversationId) -> None:
    address = url_of(framed, ANA, conversation=chat)
    opened(framed, address)
    replayed = framed.app.test_client().get(address)
    assert (replayed.status_code, replayed.headers.getlist("Set-Cookie")) == (401, [])
    late = url_of(framed, ANA, conversation=chat)
    framed.later(minutes=2)
    assert framed.app.test_client().get(late).status_code == 401
    assert framed.app.test_client().get("/embed/guessed").status_code == 401


def test_an_office_behind_one_address_opens_as_many_frames_as_it_likes(
    framed: World, chat: ConversationId
) -> None:
    """Only what opens none is counted."""
    addresses = [url_of(framed, ANA, conversation=chat) for _ in range(25)]
    guesses = [framed.app.test_client().get("/embed/guessed").status_code for _ in range(22)]
    assert guesses == [401] * 20 + [429] * 2
    for address in addresses:
        opened(framed, address)


def test_a_frames_link_signs_nobody_in_and_a_sign_in_link_opens_no_frame(
    framed: World, chat: ConversationId
) -> None:
    token = url_of(framed, ANA, conversation=chat).removeprefix("/embed/")
    browser = framed.app.test_client()
    form = {"csrf": csrf(browser.get(f"/login/{token}").text)}
    assert browser.post(f"/login/{token}", data=form).status_code == 403
    assert browser.get(f"/embed/{link(framed)}").status_code == 401


def test_a_frame_is_over_after_its_time_and_what_was_typed_is_shown(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    form = form_of(browser.get(where).text)
    framed.later(hours=1)
    assert browser.get(where).status_code == 401
    late = browser.post(f"{where}/reply", data={**form, "text": "typed <b>long</b>"})
    assert (late.status_code, "typed &lt;b&gt;long&lt;/b&gt;" in late.text) == (401, True)


def test_rol_06_who_loses_the_client_loses_the_frame_with_the_next_request(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, contact=f"c-{PHONE}"))
    form = form_of(browser.get(where).text)
    framed.client("Marta", PHONE, BRUNO, deal_of=BRUNO)
    gone = browser.get(where)
    assert (gone.status_code, "hello from Marta" in gone.text) == (200, False)
    assert "No chat yet" in gone.text
    assert browser.post(f"{where}/reply", data={**form, "text": "x"}).status_code == 404


def test_who_may_not_read_sees_that_there_is_none_whether_or_not_there_is(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, BRUNO, contact=f"c-{PHONE}"))
    page = browser.get(where)
    assert "No chat yet" in page.text
    assert "Marta" not in page.text


def test_a_lost_role_and_ended_sessions_close_frames(framed: World, chat: ConversationId) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    framed.change_role(ANA, Role.NONE)
    assert "hello from Marta" not in browser.get(where).text
    framed.change_role(ANA, Role.SALESPERSON)
    assert "hello from Marta" in browser.get(where).text
    with writing(framed.engine) as db:
        end_sessions_of(db, f"employee:{ANA}", framed.now)
    assert browser.get(where).status_code == 401


def test_rol_10_quality_control_reads_in_a_frame_and_writes_nothing(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, QA, conversation=chat))
    page = browser.get(where).text
    assert "hello from Marta" in page
    assert "<textarea" not in page
    ana, hers = opened(framed, url_of(framed, ANA, conversation=chat))
    form = form_of(ana.get(hers).text)
    assert browser.post(f"{where}/reply", data={**form, "text": "x"}).status_code == 403
    assert "x" not in [m["text"] for m in api(framed, LUIS).all(f"/conversations/{chat}/messages")]


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_reply_needs_the_frames_own_token(
    framed: World, chat: ConversationId, token: str
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    form = form_of(browser.get(where).text)
    refused = browser.post(f"{where}/reply", data={**form, "csrf": token, "text": "x"})
    assert refused.status_code == 403


def test_what_can_not_be_sent_comes_back_with_its_reason(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    form = form_of(browser.get(where).text)
    refused = browser.post(f"{where}/reply", data={**form, "text": ""})
    assert (refused.status_code, "Not sent" in refused.text) == (422, True)


def test_the_same_reply_twice_is_one_message(framed: World, chat: ConversationId) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    form = {**form_of(browser.get(where).text), "text": "only once"}
    for _ in range(2):
        assert browser.post(f"{where}/reply", data=form).status_code == 303
    said = [m["text"] for m in api(framed, LUIS).all(f"/conversations/{chat}/messages")]
    assert said.count("only once") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"employee": ANA}, 422),
        ({"employee": ANA, "conversation": "x", "contact": "y"}, 422),
        ({"employee": ANA, "conversation": "unknown"}, 404),
        ({"employee": ANA, "contact": "unknown"}, 404),
        ({"employee": ANA, "deal": "unknown"}, 404),
        ({"employee": ANA, "lead": "un\x00known"}, 404),
        ({"employee": NORA, "contact": f"c-{PHONE}"}, 422),
        ({"employee": "", "contact": f"c-{PHONE}"}, 422),
        ({"employee": ANA, "contact": f"c-{PHONE}", "role": "manager"}, 422),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    framed: World, chat: ConversationId, body: dict[str, str], status: int
) -> None:
    assert service(framed).post("/embed-links", body).status == status


def test_links_need_a_key_of_their_scope_and_a_persons_key_is_for_himself(
    framed: World, chat: ConversationId
) -> None:
    body = {"employee": ANA, "conversation": chat}
    assert service_api(framed, Scope.READ, Scope.SEND).post("/embed-links", body).status == 403
    assert api(framed, BRUNO, Scope.EMBED).post("/embed-links", body).status == 403
    assert api(framed, LUIS, Scope.EMBED).post("/embed-links", body).status == 403
    own = api(framed, ANA, Scope.EMBED).post("/embed-links", {"conversation": chat})
    assert (own.status, own.json["employee"]) == (201, ANA)


def test_a_link_is_on_record_and_no_token_is_stored(framed: World, chat: ConversationId) -> None:
    token = url_of(framed, ANA, contact=f"c-{PHONE}").removeprefix("/embed/")
    again = service(framed)
    body = {"employee": ANA, "conversation": chat}
    first = again.post("/embed-links", body, key="k1")
    second = again.post("/embed-links", body, key="k1")
    assert (first.status, second.status, second.json["url"]) == (201, 201, None)
    opened(framed, f"/embed/{token}")
    with reading(framed.engine) as db:
        stored = str([db.execute(select(t)).all() for t in (LOGIN_LINKS, SESSIONS)])
        lines = find(db, Wanted(deed=Deed.EMBED_LINK_MADE))
    assert token not in stored
    assert {line.object for line in lines} == {f"contacts:rc_{PHONE}", f"conversation:{chat}"}


def test_an_open_frame_is_listed_with_all_sessions_and_can_be_ended(
    framed: World, chat: ConversationId
) -> None:
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    name = where.removeprefix("/embed/chats/")
    assert name in [one["id"] for one in api(framed, LUIS).all("/sessions")]
    assert api(framed, LUIS).post(f"/sessions/{name}/end").status == 200
    assert browser.get(where).status_code == 401


def test_nothing_that_a_client_says_becomes_markup_in_a_frame(framed: World) -> None:
    evil = '<script>alert(1)</script><img src=x onerror=alert(1)>"><svg onload=alert(1)>'
    framed.client(evil, PHONE, ANA)
    chat = framed.writes(PHONE, evil)
    browser, where = opened(framed, url_of(framed, ANA, conversation=chat))
    page = browser.get(where).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
