"""The mark of chats that may be nobody's follows every write of chats and of owned records."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, select

from bridge.domain.messaging import ChatKind, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    CrmId,
    EmployeeId,
    RecordId,
)
from bridge.domain.records import ClientState, Contact, Conversation, Deal, Lead, Owner
from bridge.store import records
from bridge.store.engine import reading, writing
from bridge.store.migrations.chats_in_full import unowned
from bridge.store.schema import CONVERSATIONS

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
CRM = AccountName("crm-main")
NOBODY, SOMEBODY = Owner(crm_id=None, as_of=NOW), Owner(crm_id=CrmId("o1"), as_of=NOW)
CONTACT = Contact(id=RecordId("rc_1"), crm_id=CrmId("c1"), name="Rosa", owner=NOBODY)
OTHER = replace(CONTACT, id=RecordId("rc_2"), crm_id=CrmId("c2"), owner=SOMEBODY)
DEAL = Deal(
    id=RecordId("rd_1"),
    crm_id=None,
    name="A deal",
    pipeline="default",
    stage="new",
    is_open=True,
    owner=SOMEBODY,
    contacts=(CONTACT.id,),
)
LEAD = Lead(
    id=RecordId("rl_1"), crm_id=None, name="A lead", is_open=True, owner=SOMEBODY, contacts=()
)
CHAT = Conversation(
    id=ConversationId("cv_1"),
    account=AccountName("wa-main"),
    channel=ChannelName("wa-sales"),
    channel_id="ch-sales",
    messenger=Messenger.WHATSAPP,
    chat_id="34600000001",
    kind=ChatKind.DIRECT,
    client=ClientState.KNOWN,
    contact=CONTACT.id,
)
Step = Callable[[Connection], None]


def chat(**changed: object) -> Step:
    return lambda db: records.put_conversations(db, [replace(CHAT, **changed)])  # type: ignore[arg-type]


def contact(owner: Owner) -> Step:
    return lambda db: records.put_contacts(db, CRM, [replace(CONTACT, owner=owner), OTHER])


def deal(**changed: object) -> Step:
    return lambda db: records.put_deals(db, CRM, [replace(DEAL, **changed)])  # type: ignore[arg-type]


def lead(*contacts: RecordId) -> Step:
    return lambda db: records.put_leads(db, CRM, [replace(LEAD, contacts=contacts)])


CASES: dict[str, tuple[list[Step], bool]] = {
    "a stranger": ([chat(client=ClientState.NEW, contact=None)], True),
    "a group": ([chat(client=ClientState.GROUP, contact=None)], False),
    "not identified yet": ([chat(client=ClientState.UNIDENTIFIED, contact=None)], False),
    "then identified": (
        [chat(client=ClientState.UNIDENTIFIED, contact=None), chat(contact=None)],
        True,
    ),
    "claimed": ([chat(claimed_by=EmployeeId("ana@acme.example"))], False),
    "no longer claimed": ([chat(claimed_by=EmployeeId("ana@acme.example")), chat()], True),
    "a contact that is not mirrored": ([chat(), deal()], True),
    "nobody owns the contact": ([chat(), contact(NOBODY)], True),
    "somebody owns the contact": ([chat(), contact(SOMEBODY)], False),
    "he wrote again": ([chat(), contact(SOMEBODY), chat(last_message_at=NOW)], False),
    "he is given back": ([chat(), contact(SOMEBODY), contact(NOBODY)], True),
    "an open deal is owned": ([chat(), contact(NOBODY), deal()], False),
    "a deal is nobody's": ([chat(), contact(NOBODY), deal(owner=NOBODY)], True),
    "the deal is closed": ([chat(), contact(NOBODY), deal(), deal(is_open=False)], True),
    "the deal is another's": ([chat(), contact(NOBODY), deal(), deal(contacts=(OTHER.id,))], True),
    "a lead is owned": ([chat(), contact(NOBODY), lead(CONTACT.id)], False),
    "the lead is unlinked": ([chat(), contact(NOBODY), lead(CONTACT.id), lead()], True),
    "moved to an owned one": (
        [chat(), contact(NOBODY), chat(contact=OTHER.id), contact(NOBODY)],
        False,
    ),
    "moved to somebody unseen": (
        [chat(), contact(SOMEBODY), chat(contact=RecordId("rc_3"))],
        True,
    ),
    "both stay owned": ([chat(), contact(SOMEBODY), deal(), deal(is_open=False)], False),
}


def marked(engine: Engine) -> bool:
    with reading(engine) as db:
        return bool(db.scalar(select(CONVERSATIONS.c.unowned)))


@pytest.mark.parametrize(
    ("steps", "is_marked"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_ws_08_the_mark_follows_every_write(
    engine: Engine, steps: list[Step], is_marked: bool
) -> None:
    for step in steps:
        with writing(engine) as db:
            step(db)
    assert marked(engine) is is_marked


@pytest.mark.parametrize(
    ("steps", "is_marked"), [pytest.param(*case, id=name) for name, case in CASES.items()]
)
def test_the_migration_marks_what_is_there(
    engine: Engine, steps: list[Step], is_marked: bool
) -> None:
    with writing(engine) as db:
        for step in steps:
            step(db)
        with Operations.context(MigrationContext.configure(db)):
            unowned.downgrade()
            unowned.upgrade()
    assert marked(engine) is is_marked
