"""Asks the CRM, for a whole run at once and outside any transaction, who strangers are."""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy import Connection

from bridge.domain import events as e
from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.facts import Lookup
from bridge.domain.identities import identities_of, is_phone
from bridge.domain.intake import is_identified
from bridge.domain.messaging import Chat, ChatKind
from bridge.domain.names import AccountName, ConversationId, RecordId
from bridge.domain.phones import spellings
from bridge.domain.records import Conversation
from bridge.pipeline.event_keys import chat_of, conversation_of
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.ports import IdentityQuery, Reader
from bridge.store import chats, identities
from bridge.store.engine import reading

_log = structlog.get_logger()
_UNAVAILABLE = (DeliveryTransient, OutcomeUnknown, CredentialsInvalid)
_CALLS = 5  # one search, deals and leads with their associations


def gather(parts: Parts, lease: Lease, run: Sequence[e.Event]) -> Mapping[ConversationId, Lookup]:
    """What the CRM says of every client in the run who is not known yet.

    Where it can't be asked the look-up says so, and each event is decided with what is known.
    """
    strangers = strangers_among(parts, run)
    crm = parts.active().policy.crm
    if not strangers or crm is None:
        return {where: Lookup(available=False) for where in strangers}
    queries = {where: query_for_chat(chat) for where, chat in strangers.items()}
    return lease.while_waiting(parts.engine, lambda: look_up(parts, crm, queries))


def look_up(
    parts: Parts, crm: AccountName, queries: Mapping[ConversationId, IdentityQuery]
) -> Mapping[ConversationId, Lookup]:
    """The contacts that fit each query, with their deals and leads."""
    if parts.budgets.take(crm, _CALLS) > 0:
        _log.info("crm budget used up", account=crm, waiting=len(queries))
        return {where: Lookup(available=False) for where in queries}
    try:
        return ask(parts.vendors.reader(crm), queries)
    except _UNAVAILABLE as error:
        _log.warning("crm unavailable", account=crm, error=str(error))
        return {where: Lookup(available=False) for where in queries}


def query_for_chat(chat: Chat) -> IdentityQuery:
    phones = spellings(chat.phone) if chat.phone else ()
    return IdentityQuery(phones=phones, messenger=chat.messenger, username=chat.username)


def query_for(conversation: Conversation) -> IdentityQuery:
    return IdentityQuery(
        phones=spellings(conversation.phone) if conversation.phone else (),
        messenger=conversation.messenger,
        username=conversation.username,
    )


def strangers_among(parts: Parts, run: Sequence[e.Event]) -> dict[ConversationId, Chat]:
    """The chats of the run whose clients are not known yet."""
    seen: dict[ConversationId, tuple[AccountName, Chat]] = {}
    for event in run:
        where, chat = conversation_of(event), chat_of(event)
        if where is None or chat is None or chat.kind is ChatKind.GROUP:
            continue
        if isinstance(event, e.MessageReceived | e.MessageSent | e.MessageEdited):
            seen.setdefault(where, (event.account, chat))
    if not seen:
        return {}
    with reading(parts.engine) as db:
        strangers = _not_known(db, seen)
        proven = _proven(db, strangers)
    return {where: chat for where, (_, chat) in strangers.items() if where not in proven}


def _not_known(
    db: Connection, seen: Mapping[ConversationId, tuple[AccountName, Chat]]
) -> Mapping[ConversationId, tuple[AccountName, Chat]]:
    """Under the conversation that a chat goes on in, where its id has changed."""
    found = dict(chats.clients_of(db, seen))
    missing = seen.keys() - found.keys()
    moved = identities.homes(db, missing) if missing else {}
    found.update(chats.clients_of(db, moved.values()) if moved else {})
    there = {moved.get(where, where): told for where, told in seen.items()}
    return {x: told for x, told in there.items() if x not in found or not is_identified(*found[x])}


def _proven(
    db: Connection, strangers: Mapping[ConversationId, tuple[AccountName, Chat]]
) -> frozenset[ConversationId]:
    """Those of whom another chat has told already which one contact they are: the CRM need not be
    asked, unless they bring a number that it may know somebody else by."""
    named = {where: identities_of(*told) for where, told in strangers.items()}
    named = {where: told for where, told in named.items() if not all(map(is_phone, told))}
    known = identities.holders(db, {x for told in named.values() for x in told}) if named else {}
    return frozenset(where for where, told in named.items() if _is_one(known, told))


def _is_one(known: Mapping[str, frozenset[RecordId]], names: Iterable[str]) -> bool:
    """Whether all of these names are one and the same contact's."""
    people = {known.get(name, frozenset()) for name in names}
    return len(people) == 1 and all(len(contacts) == 1 for contacts in people)


def ask(
    reader: Reader, queries: Mapping[ConversationId, IdentityQuery]
) -> Mapping[ConversationId, Lookup]:
    """As `look_up`, without a budget; raises the errors of `ports.Reader`."""
    answers = reader.contacts_by_identity(list(queries.values()))
    people = sorted({found.crm_id for answer in answers for found in answer})
    deals = tuple(reader.deals_of(people)) if people else ()
    leads = tuple(reader.leads_of(people)) if people else ()
    return {
        where: Lookup(
            available=True,
            found=tuple(found),
            deals=tuple(d for d in deals if any(f.crm_id in d.contacts for f in found)),
            leads=tuple(x for x in leads if any(f.crm_id in x.contacts for f in found)),
        )
        for where, found in zip(queries, answers, strict=True)
    }
