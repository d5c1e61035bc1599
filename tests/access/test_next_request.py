"""What changes counts on the very next request, on every surface, in both directions (ROL-11)."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge.domain.names import ConversationId, EmployeeId, conversation_id
from bridge.domain.people import Role
from bridge.domain.records import ClientState, ContactState
from bridge.pipeline import following
from bridge.pipeline.following import FollowedConfig, take_folder
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope, create_key
from bridge.store.schema import CONVERSATIONS, DECISIONS, MEDIA
from bridge.store.sessions import open_session
from bridge.web import api, media, pages
from bridge.web.cookies import SESSION, name_of
from tests.access.planting import FRESH, Chat, Planted
from tests.access.surfaces import astray, eyes_of
from tests.pipeline import world as pipeline
from tests.pipeline.world import CHAT, client
from tests.web.world import ANA, BRUNO, LUIS, QA, SALES, Key, World

MARTA = "+34600111222"
OWNER_IDS = {ANA: "101", BRUNO: "102"}


@dataclass
class Front:
    """Pages and API on the parts of a house."""

    parts: Parts

    def __post_init__(self) -> None:
        self._app = Flask("bridge.web", static_folder=None)
        api.register(self._app, self.parts, Key())
        pages.register(self._app, self.parts, Key())
        media.register(self._app, self.parts, Key())

    def key(self, principal: str) -> str:
        with writing(self.parts.engine) as db:
            return create_key(
                db,
                name="test",
                principal=principal,
                scopes=tuple(Scope),
                now=self.parts.now(),
                expires_at=None,
            )[1]

    def signed_in(self, employee: EmployeeId) -> FlaskClient:
        with writing(self.parts.engine) as db:
            token = open_session(db, f"employee:{employee}", self.parts.now())
        browser = self._app.test_client()
        https = self.parts.public_url.startswith("https://")
        browser.set_cookie(name_of(SESSION, https=https), token)
        return browser


def met(parts: Parts) -> list[Planted]:
    """The chats that are there, each with the ids by which its first message is asked for."""
    with reading(parts.engine) as db:
        chats = db.execute(select(CONVERSATIONS.c.id, CONVERSATIONS.c.contact)).all()
        files = {row.conversation: row.message for row in db.execute(select(MEDIA))}
        first = {
            row.conversation: row
            for row in db.execute(
                select(DECISIONS)
                .where(DECISIONS.c.kind == "MessageReceived")
                .order_by(DECISIONS.c.id.desc())
            )
        }
    return [
        Planted(
            chat=_PLAIN,
            conversation=chat,
            contact=contact,
            message=first[chat].message,
            event_key=first[chat].event_key,
            event=str(first[chat].id),
            file=files.get(chat),
        )
        for chat, contact in chats
    ]


_PLAIN = Chat(
    client=ClientState.KNOWN,
    channel=SALES,
    owner=None,
    contact=ContactState.ACTIVE,
    age=FRESH,
    deals=(),
    leads=(),
    claimed_by=None,
    participant=None,
    is_unanswered=True,
    has_messages=True,
)


def clients_of_ana(house: pipeline.World, count: int) -> list[ConversationId]:
    """They wrote, and she was told; names and texts hold what the surfaces search for."""
    made = [client(number) for number in range(count)]
    for _, contact in made:
        contact["properties"]["firstname"] = "needle user"
    house.seed(contacts=[contact for _, contact in made])
    for phone, _ in made:
        house.client_writes(phone, "haystack")
        house.client_writes(phone, "", type="image", contentUri="http://127.0.0.1:9/photo.jpg")
    house.settle()
    return [conversation_id(CHAT, "chan-sales", phone) for phone, _ in made]


@pytest.fixture
def front(small: pipeline.World) -> Front:
    return Front(small.parts)


def new_owner(house: pipeline.World, owner: EmployeeId, webhooks: int) -> None:
    """Somebody gives the first client to somebody else, in the CRM's own pages."""
    house.person_changes("contacts", "100000", hubspot_owner_id=OWNER_IDS[owner])
    house.hears(pipeline.CRM, webhooks, seconds=60)
    house.drain(f"in:{pipeline.CRM}")


def test_rol_11_an_owner_changed_in_the_crm_moves_the_chat_on_every_surface_at_once(
    small: pipeline.World, front: Front
) -> None:
    """By a signed webhook, to Bruno and back; cookies, keys and addresses are those of before."""
    moved, stays = clients_of_ana(small, 2)
    planted = met(front.parts)
    assert all(one.file for one in planted)  # their links were handed out before
    ana, bruno = eyes_of(front, ANA), eyes_of(front, BRUNO)
    luis, qa = eyes_of(front, LUIS), eyes_of(front, QA)
    assert (astray(ana, planted, {moved, stays}), astray(bruno, planted, ())) == ([], [])
    with small.hooks():
        new_owner(small, BRUNO, webhooks=1)
        assert (astray(ana, planted, {stays}), astray(bruno, planted, {moved})) == ([], [])
        new_owner(small, ANA, webhooks=2)
    assert (astray(ana, planted, {moved, stays}), astray(bruno, planted, ())) == ([], [])
    for eyes in (luis, qa):
        assert astray(eyes, planted, {moved, stays}) == []


def owners_in_one_body(house: pipeline.World, *owners: EmployeeId) -> list[dict[str, Any]]:
    """HubSpot tells of several changes of one contact, of the same millisecond."""
    at = round(house.parts.now().timestamp() * 1000) - 1000
    return [
        {
            "eventId": 900 + number,
            "subscriptionId": 1,
            "portalId": 1,
            "appId": 1,
            "occurredAt": at,
            "subscriptionType": "contact.propertyChange",
            "attemptNumber": 0,
            "objectId": 100000,
            "propertyName": "hubspot_owner_id",
            "propertyValue": OWNER_IDS[owner],
            "changeSource": "CRM_UI",
        }
        for number, owner in enumerate(owners)
    ]


@pytest.mark.parametrize("owners", [(ANA, BRUNO), (BRUNO, ANA), (BRUNO, ANA, BRUNO)])
def test_rol_11_of_two_owners_at_once_the_last_one_told_has_the_chat_alone(
    small: pipeline.World, front: Front, owners: tuple[EmployeeId, ...]
) -> None:
    [chat] = clients_of_ana(small, 1)
    planted = met(front.parts)
    small.later(60)
    small.receives(pipeline.CRM, json.dumps(owners_in_one_body(small, *owners)).encode())
    small.drain(f"in:{pipeline.CRM}")
    has = {owner: {chat} if owner == owners[-1] else set() for owner in (ANA, BRUNO)}
    for owner, readable in has.items():
        assert astray(eyes_of(front, owner), planted, readable) == [], owner


def test_ws_09_the_owners_of_contact_and_open_deal_see_the_chat_both(
    small: pipeline.World, front: Front
) -> None:
    """Two owners at once of another kind; the deal's sees nothing once it is closed."""
    [chat] = clients_of_ana(small, 1)
    planted = met(front.parts)
    deal = {"pipeline": "default", "dealstage": "appointmentscheduled"}
    owned = {"properties": deal | {"hubspot_owner_id": OWNER_IDS[BRUNO]}}
    small.seed(deals=[{"id": "700", "contacts": ["100000"]} | owned])
    ana, bruno = eyes_of(front, ANA), eyes_of(front, BRUNO)
    assert astray(bruno, planted, ()) == []
    with small.hooks():
        for webhooks, stage, readable in ((1, "qualifiedtobuy", {chat}), (2, "closedwon", ())):
            small.person_changes("deals", "700", dealstage=stage)
            small.hears(pipeline.CRM, webhooks, seconds=60)
            small.settle(60)
            assert astray(bruno, planted, readable) == [], stage
            assert astray(ana, planted, {chat}) == [], stage


ROLES = """
employees:
  ana@acme.example: {role: ROLE}
  luis@acme.example: {role: manager}
"""
FOLDER = """
crm: crm-main
accounts:
  crm-main: {connector: crm}
  wa-main: {connector: wazzup}
channels:
  wa-sales: {account: wa-main, messenger: whatsapp, id: ch-sales, label: Sales}
new_clients: {pipeline: default, stage: new}
default: {employee: luis@acme.example}
"""


def reloaded(world: World, folder: Path, role: Role) -> None:
    """The admin edits roles.yaml; the folder is read anew."""
    (folder / "roles.yaml").write_text(ROLES.replace("ROLE", role.value))
    connectors = {name: world._connector(name) for name in ("crm", "wazzup")}
    take_folder(world.engine, folder, connectors, {}, world.now)


def test_rol_13_rol_18_a_role_changed_in_the_middle_of_a_conversation_counts_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)
    (tmp_path / "accounts.yaml").write_text(FOLDER)
    reloaded(world, tmp_path, Role.SALESPERSON)
    world.parts = replace(world.parts, active=FollowedConfig(world.engine, {}, lambda _: None))
    front = Front(world.parts)
    world.client("needle user 1", MARTA, ANA)
    world.client("needle user 2", "+34600999888", BRUNO)
    own, other = (world.writes(phone, "haystack") for phone in (MARTA, "+34600999888"))
    planted, ana = met(front.parts), eyes_of(front, ANA)
    assert astray(ana, planted, {own}) == []
    for role, readable, may_write in (
        (Role.NONE, set[str](), False),
        (Role.MANAGER, {own, other}, True),
        (Role.QUALITY_CONTROL, {own, other}, False),
        (Role.SALESPERSON, {own}, True),
    ):
        reloaded(world, tmp_path, role)
        world.writes(MARTA, "haystack, again")
        assert astray(ana, planted, readable) == [], role
        refused = ana.post(f"/conversations/{own}/messages").status_code == 403
        assert refused is not may_write, role
