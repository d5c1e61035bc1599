"""Who sees and writes what through the API; the rules are `domain/access.py`'s."""

import re
from collections.abc import Iterator

import pytest

from bridge.domain.events import OwnerChanged
from bridge.domain.messaging import ChatKind
from bridge.domain.names import ConversationId, CrmId, EmployeeId, EventKey
from bridge.domain.people import Role
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind
from bridge.store.keys import Scope
from tests.web.asking import Api, api, service
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORA, OWNER, QA, World

MARTA, KENJI, STRANGER = "+34600111222", "+34600111333", "+491701234567"


@pytest.fixture
def chats(world: World) -> dict[str, ConversationId]:
    world.client("Marta", MARTA, ANA)
    world.client("Kenji", KENJI, BRUNO)
    return {
        "ana": world.writes(MARTA, "hello from Marta"),
        "bruno": world.writes(KENJI, "hello from Kenji"),
        "group": world.writes("12036304", "hello all", kind=ChatKind.GROUP),
    }


def listed(world: World, employee: EmployeeId) -> set[str]:
    return {item["id"] for item in api(world, employee).all("/conversations")}


def test_rol_06_a_salesperson_lists_his_own_chats_only(
    world: World, chats: dict[str, ConversationId]
) -> None:
    assert listed(world, ANA) == {chats["ana"]}
    assert listed(world, BRUNO) == {chats["bruno"]}


@pytest.mark.parametrize("employee", [LUIS, QA])
def test_rol_07_rol_09_managers_and_quality_control_list_all(
    world: World, chats: dict[str, ConversationId], employee: EmployeeId
) -> None:
    assert listed(world, employee) == set(chats.values())


def test_rol_14_without_a_role_nothing_is_listed(
    world: World, chats: dict[str, ConversationId]
) -> None:
    nora = api(world, NORA)
    assert nora.all("/conversations") == []
    assert nora.all("/timeline") == []
    assert nora.all("/notifications") == []


READS = ("", "/messages", "/who-can-see")


@pytest.mark.parametrize("what", READS)
def test_rol_06_a_chat_of_somebody_else_is_not_there(
    world: World, chats: dict[str, ConversationId], what: str
) -> None:
    ana = api(world, ANA)
    assert ana.get(f"/conversations/{chats['ana']}{what}").status == 200
    refused = ana.get(f"/conversations/{chats['bruno']}{what}")
    unknown = ana.get(f"/conversations/cv_nowhere{what}")
    assert (refused.status, refused.json) == (404, unknown.json)


@pytest.mark.parametrize("what", ["/messages", "/dismiss"])
def test_rol_05_nothing_is_written_to_a_chat_of_somebody_else(
    world: World, chats: dict[str, ConversationId], what: str
) -> None:
    body = {"text": "psst"} if what == "/messages" else {}
    refused = api(world, ANA).post(f"/conversations/{chats['bruno']}{what}", body)
    assert refused.status == 404
    said = api(world, LUIS).all(f"/conversations/{chats['bruno']}/messages")
    assert [message["text"] for message in said] == ["hello from Kenji"]


def test_rol_10_quality_control_reads_but_is_told_why_it_may_not_write(
    world: World, chats: dict[str, ConversationId]
) -> None:
    qa = api(world, QA)
    one = qa.get(f"/conversations/{chats['ana']}")
    assert (one.json["can_write"], one.json["reply"]) == (False, None)
    refused = qa.post(f"/conversations/{chats['ana']}/messages", {"text": "hi"})
    assert (refused.status, refused.reason) == (403, "role.quality_control")


def writing_addresses(world: World) -> Iterator[tuple[str, str]]:
    """Every address and method that changes anything, pages included, with its blanks filled."""
    for rule in world.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            if rule.endpoint != "api.nowhere":
                yield method, re.sub(r"<[^>]*>", "1", rule.rule)


HIS_OWN = {
    *("/login/1", "/signin/choose", "/signin/backchannel", "/logout", "/look", "/welcome/skip"),
    *("/account/end-others", "/account/sessions/1/end"),
}


@pytest.mark.parametrize(
    ("employee", "reason"), [(QA, "role.quality_control"), (NORA, "role.none")]
)
def test_rol_10_rol_14_every_route_that_changes_anything_is_refused(
    world: World, employee: EmployeeId, reason: str
) -> None:
    key = world.key(f"employee:{employee}", *Scope)
    browser = world.signed_in(employee)
    token = csrf(browser.get("/conversations").text)
    # A frame of the CRM's page has a session of its own, without which there is no such page.
    addresses = [
        (method, where)
        for method, where in writing_addresses(world)
        if where not in HIS_OWN and not where.startswith("/embed/")
    ]
    assert len(addresses) >= 12
    for method, address in addresses:
        if address.startswith("/api/"):
            headers = {"Authorization": f"Bearer {key}"}
            answer = browser.open(address, method=method, json={}, headers=headers)
        else:
            answer = browser.open(address, method=method, data={"csrf": token})
        # What serves partners' users or clients alone says so to everybody of the house.
        told = reason in answer.text or ReasonCode.WRONG_KIND in answer.text
        assert (answer.status_code, told) == (403, True), address


def test_rol_11_a_new_owner_in_the_crm_moves_the_chat(
    world: World, chats: dict[str, ConversationId]
) -> None:
    world.happens(
        OwnerChanged(
            event_key=EventKey("o1"),
            occurred_at=world.now,
            account=CRM,
            kind=RecordKind.CONTACT,
            record=CrmId(f"c-{MARTA}"),
            owner=OWNER[BRUNO],
        )
    )
    assert listed(world, ANA) == set()
    assert listed(world, BRUNO) == {chats["ana"], chats["bruno"]}


def test_rol_13_rol_18_a_changed_role_counts_at_the_next_request(
    world: World, chats: dict[str, ConversationId]
) -> None:
    luis, ana = api(world, LUIS), api(world, ANA)
    world.change_role(LUIS, Role.NONE)
    world.change_role(ANA, Role.MANAGER)
    assert luis.all("/conversations") == []
    assert luis.get("/dead-letters").status == 403
    assert len(ana.all("/conversations")) == len(chats)


def test_ws_09_the_owner_of_an_open_deal_sees_the_chat(world: World) -> None:
    world.client("Marta", MARTA, LUIS, deal_of=ANA)
    chat = world.writes(MARTA, "hello")
    assert listed(world, ANA) == {chat}
    assert listed(world, BRUNO) == set()


def test_a_lead_opens_the_chat_for_its_owner_only_while_it_is_open(world: World) -> None:
    contact = world.client("Marta", MARTA, LUIS)
    chat = world.writes(MARTA, "hello")
    world.lead(contact, BRUNO)
    assert listed(world, BRUNO) == {chat}
    world.lead(contact, BRUNO, is_open=False)
    assert listed(world, BRUNO) == set()


def test_ws_08_an_unowned_client_is_seen_by_those_who_take_new_clients(world: World) -> None:
    world.client("Kenji", KENJI, None)
    chat = world.writes(KENJI, "hello")
    assert listed(world, ANA) == {chat}
    assert listed(world, BRUNO) == set()


def test_an_owner_read_too_long_ago_hides_the_chat_from_salespeople_only(
    world: World, chats: dict[str, ConversationId]
) -> None:
    world.later(hours=25)
    assert listed(world, ANA) == set()
    assert listed(world, LUIS) == set(chats.values())


def test_who_can_see_names_everybody_with_the_cause(
    world: World, chats: dict[str, ConversationId]
) -> None:
    asked = api(world, LUIS).get(f"/conversations/{chats['ana']}/who-can-see")
    causes = {p["employee"]: (p["can_read"], p["reason"]["code"]) for p in asked.json["people"]}
    assert causes == {
        ANA: (True, "owner.contact"),
        LUIS: (True, "role.manager"),
        QA: (True, "role.quality_control"),
        BRUNO: (False, "owner.mismatch"),
        NORA: (False, "role.none"),
    }


def test_chn_07_without_a_key_401_with_one_200(world: World) -> None:
    refused = Api(world, None).get("/conversations")
    assert (refused.status, refused.reason) == (401, "request.unauthenticated")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert api(world, LUIS).get("/conversations").status == 200


@pytest.mark.parametrize("key", ["brk_guess", "", "x" * 5000, "brk_\u00e9"])
def test_chn_07_a_wrong_key_is_refused(world: World, key: str) -> None:
    assert Api(world, key or "-").get("/conversations").status == 401


def test_a_scope_that_the_key_lacks_is_refused(
    world: World, chats: dict[str, ConversationId]
) -> None:
    reader = api(world, LUIS, Scope.READ)
    assert reader.get(f"/conversations/{chats['ana']}").status == 200
    refused = reader.post(f"/conversations/{chats['ana']}/messages", {"text": "hi"})
    assert (refused.status, refused.reason) == (403, "principal.scope_missing")
    assert reader.get("/keys").status == 403
    sender = api(world, LUIS, Scope.SEND)
    assert sender.get("/conversations").reason == "principal.scope_missing"


def test_an_admin_key_of_a_salesperson_opens_nothing(world: World) -> None:
    for path in ("/keys", "/dead-letters"):
        refused = api(world, ANA, *Scope).get(path)
        assert (refused.status, refused.reason) == (403, "request.forbidden")


def test_a_service_reads_all_and_writes_only_as_an_employee_with_his_rights(
    world: World, chats: dict[str, ConversationId]
) -> None:
    crm_sync = service(world)
    path = f"/conversations/{chats['ana']}/messages"
    assert len(crm_sync.all("/conversations")) == len(chats)
    assert crm_sync.post(path, {"text": "hi"}).json["field"] == "$.employee"
    assert crm_sync.post(path, {"text": "hi", "employee": BRUNO}).status == 404
    assert crm_sync.post(path, {"text": "hi", "employee": QA}).status == 403
    assert crm_sync.post(path, {"text": "hi", "employee": ANA.upper()}).status == 202
    assert crm_sync.all(path)[0]["author"] == ANA


def test_an_employees_key_acts_for_nobody_else(
    world: World, chats: dict[str, ConversationId]
) -> None:
    path = f"/conversations/{chats['ana']}/messages"
    assert api(world, LUIS).post(path, {"text": "hi", "employee": ANA}).status == 403
    assert api(world, LUIS).post(path, {"text": "hi", "employee": LUIS}).status == 202


def test_a_nul_in_an_address_finds_nothing(world: World) -> None:
    assert api(world, LUIS).get("/conversations/cv%00").status == 404
