"""Any chat, any people, any policy, any event: for properties that hold for all of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from bridge.domain.events import (
    ChannelChanged,
    ClientChosen,
    ContactChanged,
    ContactDeleted,
    ContactErased,
    ContactsJoined,
    ContactsMerged,
    ContactsParted,
    DealChanged,
    Event,
    IdentityChanged,
    LeadChanged,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts, Lookup, OpenSend
from bridge.domain.identities import KnownIdentity
from bridge.domain.messaging import ChannelState, ChatKind, Direction, MessageStatus
from bridge.domain.names import (
    AccountName,
    ChannelName,
    CrmId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import (
    ClientCondition,
    Creation,
    Distribution,
    NewClients,
    OnClosedDeal,
    Ownership,
    Policy,
    Rule,
    Target,
    Timeline,
    When,
)
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Deal,
    Lead,
    Message,
    Owner,
    RecordKind,
    TimelineState,
)
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    CRM,
    DIRECTORY,
    LUIS,
    NOW,
    OTTO,
    POLICY,
    QA,
    TG,
    WA,
    contact,
    conversation,
    crm_contact,
    crm_deal,
    crm_id,
    crm_lead,
    deal,
    deleted,
    edited,
    identified,
    lead,
    message,
    received,
    sent,
    status,
    where,
)

PEOPLE = (ANA, BRUNO, CARLA, LUIS, QA, OTTO)
employees = st.sampled_from(PEOPLE)
maybe = st.one_of(st.none(), employees)
ages = st.sampled_from([timedelta(0), timedelta(hours=23), timedelta(hours=25)])
moments = ages.map(lambda age: NOW - age)
known_as = st.one_of(st.none(), st.just(CrmId("501")))


@st.composite
def owners(draw: st.DrawFn) -> Owner:
    who = draw(maybe)
    return Owner(crm_id=None if who is None else crm_id(who), as_of=draw(moments))


contacts: st.SearchStrategy[Contact] = st.builds(
    lambda owner, state, crm: contact(owner=owner, state=state, crm_id=crm),
    owners(),
    st.sampled_from(ContactState),
    known_as,
)
deals: st.SearchStrategy[Deal] = st.builds(
    lambda owner, is_open: deal(owner=owner, is_open=is_open), owners(), st.booleans()
)
leads: st.SearchStrategy[Lead] = st.builds(
    lambda owner, is_open: lead(owner=owner, is_open=is_open), owners(), st.booleans()
)
directories: st.SearchStrategy[Directory] = st.builds(
    lambda gone, lost: Directory(
        people=tuple(
            replace(person, active=person.email not in gone)
            for person in DIRECTORY.people
            if person.email not in lost
        ),
        as_of=NOW,
    ),
    st.frozensets(employees, max_size=3),
    st.frozensets(employees, max_size=2),
)


@st.composite
def chats(draw: st.DrawFn) -> ChatFacts:
    client = draw(st.sampled_from(ClientState))
    linked = draw(contacts) if client is ClientState.KNOWN else None
    given = conversation(
        draw(st.sampled_from([WA, TG])),
        client=client,
        kind=ChatKind.GROUP if client is ClientState.GROUP else ChatKind.DIRECT,
        contact=linked.id if linked else None,
        claimed_by=draw(maybe),
        last_message_at=draw(st.one_of(st.none(), moments)),
        unanswered_since=draw(st.one_of(st.none(), moments)),
    )
    return ChatFacts(
        conversation=given,
        contact=linked,
        deals=tuple(draw(st.lists(deals, max_size=2))) if linked else (),
        leads=tuple(draw(st.lists(leads, max_size=2))) if linked else (),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    entries = {who: draw(_entries(who)) for who in PEOPLE[:5]}
    return replace(
        POLICY,
        employees=entries,
        new_clients=NewClients(
            create=draw(st.sampled_from(Creation)),
            distribution=draw(st.sampled_from(Distribution)),
            on_closed_deal=draw(st.sampled_from(OnClosedDeal)),
        ),
        timeline=Timeline(
            save_messages=draw(st.booleans()),
            write_to=draw(st.frozensets(st.sampled_from(RecordKind))),
        ),
        ownership=Ownership(fallback=draw(maybe)),
        managers_hear_all_chats=draw(st.booleans()),
        email=draw(st.sampled_from([None, AccountName("mail-main")])),
        rules=tuple(draw(st.lists(_rules, max_size=2))),
        pools={"north": tuple(draw(st.lists(employees, min_size=1, max_size=3, unique=True)))},
        default=draw(maybe),
        crm=draw(st.sampled_from([CRM, CRM, CRM, None])),
    )


def _entries(who: EmployeeId) -> st.SearchStrategy[Employee]:
    channels: list[frozenset[ChannelName] | None] = [None, frozenset({WA}), frozenset({TG})]
    return st.builds(
        Employee,
        id=st.just(who),
        role=st.sampled_from(Role),
        gets_new_clients=st.booleans(),
        channels=st.sampled_from(channels),
    )


_targets = st.one_of(
    st.builds(Target, employee=employees),
    st.builds(Target, pool=st.just("north"), method=st.sampled_from(Distribution)),
)
_rules = st.builds(
    Rule,
    id=st.sampled_from(["r1", "r2"]),
    label=st.just("A rule"),
    when=st.builds(
        When,
        client=st.one_of(st.none(), st.sampled_from(ClientCondition)),
        countries=st.sampled_from([frozenset(), frozenset({"MX"}), frozenset({"BR"})]),
    ),
    to=st.lists(_targets, min_size=1, max_size=2).map(tuple),
)
_lookups = st.sampled_from(
    [
        None,
        Lookup(available=False),
        Lookup(available=True),
        Lookup(
            available=True,
            found=(crm_contact(ANA),),
            deals=(crm_deal(BRUNO),),
            leads=(crm_lead(CARLA),),
        ),
        Lookup(available=True, found=(crm_contact(ANA), crm_contact(BRUNO, "502"))),
    ]
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    return message(
        draw(st.sampled_from(Direction)),
        draw(st.sampled_from(["m1", "m2"])),
        status=draw(st.sampled_from(MessageStatus)),
        timeline=draw(st.sampled_from(TimelineState)),
        author=draw(maybe),
    )


@st.composite
def facts_of_any_kind(draw: st.DrawFn) -> Facts:
    given = draw(st.one_of(st.none(), chats()))
    mirrored = tuple(draw(st.lists(contacts, max_size=2)))
    return Facts(
        now=NOW,
        directory=draw(directories),
        channel=draw(st.one_of(st.none(), st.builds(_channel, st.sampled_from(ChannelState)))),
        conversation=given.conversation if given else None,
        contact=given.contact if given else None,
        deals=given.deals if given else (),
        leads=given.leads if given else (),
        lookup=draw(_lookups),
        same_phone=mirrored,
        same_phone_deals=tuple(draw(st.lists(deals, max_size=1))) if mirrored else (),
        message=draw(st.one_of(st.none(), messages())),
        waiting=tuple(draw(st.lists(messages(), max_size=2))),
        open_sends=tuple(draw(st.lists(_open_sends, max_size=1))),
        turns=draw(st.dictionaries(st.sampled_from(["new_clients", "pool:north"]), employees)),
        records=draw(
            st.sampled_from([{}, {"contact:501": RecordId("ct_1"), "deal:601": RecordId("dl_1")}])
        ),
        conversations=draw(st.sampled_from([(), (conversation().id,)])),
        kin=tuple(draw(st.lists(_kin, max_size=2, unique_by=lambda x: x.id))),
        identities=tuple(draw(st.lists(_identities, max_size=2))),
        undecided=draw(st.sampled_from([(), (conversation().id,)])),
        former_chat=draw(st.one_of(st.none(), chats().map(lambda x: x.conversation))),
        public_url="https://bridge.example",
    )


_kin = st.builds(
    lambda owner, state, name: contact(owner=owner, state=state, id=RecordId(name)),
    owners(),
    st.sampled_from(ContactState),
    st.sampled_from(["ct_1", "ct_2"]),
)
_identities = st.builds(
    KnownIdentity,
    name=st.sampled_from(["phone::+525512345678", "user:telegram:7"]),
    contact=st.sampled_from([RecordId("ct_1"), RecordId("ct_2")]),
    conversation=st.just(conversation().id),
    since=st.just(NOW),
    former=st.booleans(),
)


def _channel(state: ChannelState) -> ChannelFacts:
    return ChannelFacts(name=WA, state=state, as_of=NOW)


_open_sends = st.builds(
    OpenSend,
    message=st.just(MessageId("ms_own")),
    text=st.sampled_from([message().text, "another"]),
    unknown=st.booleans(),
)


def _crm_event(of: type[Any], /, **fields: Any) -> Any:
    return of(event_key=EventKey("e1"), occurred_at=NOW, account=CRM, **fields)


def events() -> st.SearchStrategy[Event]:
    return st.one_of(_messenger_events(), _crm_events(), _own_events())


def _own_events() -> st.SearchStrategy[Event]:
    """What managers say about clients, and a client whose id has changed."""
    one, two = RecordId("ct_1"), RecordId("ct_2")
    said: dict[str, Any] = {"event_key": EventKey("o1"), "occurred_at": NOW, "employee": LUIS}
    chat = conversation()
    return st.one_of(
        st.builds(
            lambda contact: ClientChosen(
                account=chat.account, conversation=chat.id, contact=contact, **said
            ),
            st.sampled_from([None, one, two]),
        ),
        st.builds(
            lambda survivor: ContactsJoined(account=CRM, survivor=survivor, absorbed=two, **said),
            st.sampled_from([one, two]),
        ),
        st.just(ContactsParted(account=CRM, merge="mg_1", **said)),
        st.builds(
            lambda old: IdentityChanged(
                event_key=EventKey("i1"),
                occurred_at=NOW,
                account=chat.account,
                chat=where(),
                old_chat_id=old,
            ),
            st.sampled_from(["chat-0", "chat-1"]),
        ),
    )


def _messenger_events() -> st.SearchStrategy[Event]:
    places = st.sampled_from([where(), where(TG), where(kind=ChatKind.GROUP), where(phone=None)])
    return st.one_of(
        st.builds(lambda chat: received(chat=chat), places),
        st.builds(
            lambda chat, author, by: sent(author=author, chat=chat, sent_from=by),
            places,
            maybe,
            st.sampled_from(["", "phone", "window", "api"]),
        ),
        st.builds(
            lambda direction, at: edited("other words", direction=direction, occurred_at=at),
            st.sampled_from(Direction),
            moments,
        ),
        st.builds(lambda at: deleted(occurred_at=at), moments),
        st.builds(
            lambda word, at: status(word, occurred_at=at), st.sampled_from(MessageStatus), moments
        ),
        st.builds(
            lambda state: ChannelChanged(
                event_key=EventKey("c1"),
                occurred_at=NOW,
                account=received().account,
                channel_id="id-wa",
                state=state,
            ),
            st.sampled_from(ChannelState),
        ),
        st.builds(
            lambda people: identified(*people),
            st.sampled_from([(), (crm_contact(ANA),), (crm_contact(), crm_contact(number="502"))]),
        ),
    )


def _crm_events() -> st.SearchStrategy[Event]:
    one = CrmId("501")
    change = st.sampled_from(RecordChange)
    return st.one_of(
        st.builds(
            lambda kind, who, at, by_us: replace(
                _crm_event(
                    OwnerChanged,
                    kind=kind,
                    record=one if kind is RecordKind.CONTACT else CrmId("601"),
                    owner=None if who is None else crm_id(who),
                ),
                occurred_at=at,
                by_us=by_us,
            ),
            st.sampled_from(RecordKind),
            maybe,
            moments,
            st.booleans(),
        ),
        st.just(_crm_event(ContactChanged, contact=one)),
        st.just(_crm_event(ContactDeleted, contact=one)),
        st.just(_crm_event(ContactErased, contact=one)),
        st.just(_crm_event(ContactsMerged, survivor=CrmId("502"), absorbed=(one,))),
        st.builds(lambda x: _crm_event(DealChanged, deal=CrmId("601"), change=x), change),
        st.builds(lambda x: _crm_event(LeadChanged, lead=CrmId("701"), change=x), change),
    )
