"""One effect of each kind, and the vendor's ids of all that they name."""

from collections.abc import Mapping
from datetime import date

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    Effect,
    JoinChat,
    PostNotification,
    SendEmail,
    SendMessage,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.messaging import Direction, Messenger
from bridge.domain.names import ConversationId, CrmId, EmployeeId, MessageId, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmKind, RecordKind
from tests.contract.vendors import NOW

CONTACT, DEAL, LEAD = RecordId("rc_1"), RecordId("rd_1"), RecordId("rl_1")
MESSAGE = MessageId("ms_1")
OWNER = CrmId("501")

_ENTRY = WriteTimelineEntry(
    message=MESSAGE,
    records=((RecordKind.CONTACT, CONTACT), (RecordKind.DEAL, DEAL), (RecordKind.LEAD, LEAD)),
    occurred_at=NOW,
    direction=Direction.IN,
    messenger=Messenger.WHATSAPP,
    source="wazzup",
    channel="Sales",
    head="Eva: Hola",
    text="Hola",
)

_SAMPLES: tuple[Effect, ...] = (
    CreateContact(contact=CONTACT, key="k-1", name="Eva", owner=OWNER, phone="+5215512345678"),
    CreateDeal(deal=DEAL, contact=CONTACT, name="Eva", pipeline="p", stage="s", owner=OWNER),
    CreateLead(lead=LEAD, contact=CONTACT, name="Eva", owner=OWNER),
    ChangeOwner(kind=RecordKind.CONTACT, record=CONTACT, owner=OWNER),
    _ENTRY,
    UpdateTimelineEntry(message=MESSAGE, entry=_ENTRY, note="edited"),
    SendMessage(
        message=MESSAGE,
        key="k-2",
        channel_id="wa",
        messenger=Messenger.WHATSAPP,
        chat_id="5215512345678",
        text="Buenas",
    ),
    JoinChat(channel_id="wa", messenger=Messenger.WHATSAPP, chat_id="5215512345678"),
    SendEmail(key="k-3", recipient="ana@acme.example", subject="A new client", text="See there."),
    PostNotification(
        key="k-4",
        employee=EmployeeId("ana@acme.example"),
        code=ReasonCode.NOTIFY_RESPONSIBLE,
        told_at=NOW,
        conversation=ConversationId("cv_1"),
        link="https://bridge.example/conversations/cv_1",
    ),
    AssignRecord(kind=CrmKind.LEAD, record=CrmId("301"), owner=OWNER),
    SetProperty(kind=CrmKind.COMPANY, record=CrmId("601"), name="renewal_owner", value="partner"),
    CreateTask(
        kind=CrmKind.COMPANY,
        record=CrmId("601"),
        subject="Renewal of Eva",
        text="Her plan ends soon.",
        due=date(2026, 12, 24),
        owner=OWNER,
    ),
    WriteNote(
        kind=CrmKind.COMPANY,
        record=CrmId("601"),
        subject="Few units left",
        text="5 of 100 units are left.",
        occurred_at=NOW,
    ),
)

EFFECTS: Mapping[type[Effect], Effect] = {type(effect): effect for effect in _SAMPLES}
IDS: Mapping[str, str] = {CONTACT: "101", DEAL: "201", LEAD: "301", MESSAGE: "401"}
