"""Writes what a run of decisions came to: records, messages, outbox, decision rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge import __version__, codec
from bridge.domain import effects as f
from bridge.domain.changes import Park, RefreshKind, RequestRefresh
from bridge.domain.decisions import Decision
from bridge.domain.effects import Effect
from bridge.domain.names import AccountName, MessageId, RecordId
from bridge.domain.records import Deal, Lead, Message, RecordKind
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.ledger import idempotency_key, record_of
from bridge.pipeline.loaded import Loaded
from bridge.pipeline.overtaken import told_before
from bridge.pipeline.parts import Active
from bridge.pipeline.windows import mark_changed
from bridge.store import decisions as decisions_store
from bridge.store import (
    erasure,
    identities,
    media,
    mirror,
    notes,
    notices,
    outbox,
    parking,
    records,
    strangers,
    templates,
)
from bridge.store.outbox import Need, NewRow
from bridge.store.schema import CHANNELS, REACTION_IDS
from bridge.store.sends import drop_send, settle_send
from bridge.store.turns import put_turns
from bridge.store.unowned import look_at_owners
from bridge.store.upsert import add_missing, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, the input it was made of as bytes, and the inbox row it came from."""

    decision: Decision
    event: bytes | None
    facts: bytes | None
    message: MessageId | None = None
    inbox_id: int | None = None


def commit(
    db: Connection,
    active: Active,
    directory_hash: str,
    held: Loaded,
    run: Sequence[Decided],
    now: datetime,
) -> frozenset[str]:
    """Writes it all within the caller's transaction; gives the lanes that have work now."""
    _meet_strangers(db, active, held, now)
    _write_records(db, active, held, now)
    _write_notes(db, active, held, now)
    held.rooms.write(db, now)
    rows = [row for decided in run for row in _outbox_rows(decided)]
    outbox.add(db, rows, now)
    decisions_store.add(db, [_decision_row(d, active, directory_hash) for d in run], held.parked)
    _write_parked(db, held, run, now)
    erasure.erase(db, held.erased, now)  # at last: what was just written knows him as well
    lanes = {row.lane for row in rows}
    lanes.update(_wishes(active, held))
    lanes |= mark_changed(db, *_shown_else(held), now)
    return frozenset(lanes)


def _wishes(active: Active, held: Loaded) -> dict[str, list[RequestRefresh]]:
    """What is to be read anew, by the lane of who knows it."""
    found: dict[str, list[RequestRefresh]] = {}
    for wish in held.refreshes:
        messenger = wish.kind is RefreshKind.TEMPLATES
        account = AccountName(wish.key) if messenger else active.policy.crm
        if account is not None:
            found.setdefault(lane(Way.MIRROR, account), []).append(wish)
    return found


def _shown_else(held: Loaded) -> tuple[list[RecordId], list[RecordId]]:
    """Clients and deals that messengers' windows may show otherwise now. What the CRM has yet to
    make is marked when it has."""
    in_crm = held.crm_records.values()
    waiting = {x.id for x in held.contacts.values() if x.crm_id is None}
    clients = [one for one in held.shown_else if one not in waiting]
    deals = [one for one in in_crm if one in held.dirty and isinstance(held.records.get(one), Deal)]
    return clients, deals


def _meet_strangers(db: Connection, active: Active, held: Loaded, now: datetime) -> None:
    """Of whom the CRM told too early is remembered, and read anew once he is mirrored."""
    crm = active.policy.crm
    if crm is None:
        return
    if held.strangers:
        strangers.note(db, crm, held.strangers, now)
    mirrored = [key for key, record in held.crm_records.items() if record in held.dirty]
    held.refreshes.extend(told_before(db, crm, mirrored))


def _write_records(db: Connection, active: Active, held: Loaded, now: datetime) -> None:
    dirty = held.dirty
    crm = active.policy.crm
    if crm is not None:
        contacts = [x for x in held.contacts.values() if x.id in dirty]
        records.put_contacts(db, crm, contacts)
        changed = [x for x in held.records.values() if x.id in dirty]
        records.put_deals(db, crm, [x for x in changed if isinstance(x, Deal)])
        records.put_leads(db, crm, [x for x in changed if isinstance(x, Lead)])
        known: dict[str, str] = {
            x.id: x.crm_id for x in (*contacts, *changed) if x.crm_id is not None
        }
        outbox.put_vendor_ids(db, crm, known)
    chats = [x for x in held.conversations.values() if x.id in dirty]
    records.put_conversations(db, chats, held.renamed)
    look_at_owners(db, held.shown_else)
    _write_identities(db, held)
    messages = [x for x in held.messages.values() if x.id in dirty]
    records.put_messages(db, held.account_of, messages, held.reworded)
    _want_files(db, held, [message for message in messages if message.media], now)


def _want_files(db: Connection, held: Loaded, messages: Sequence[Message], now: datetime) -> None:
    """Their files are copied as soon as this is committed; no message waits for its file."""
    if messages:
        lanes = {a: lane(Way.MEDIA, a) for a in {held.account_of[m.id] for m in messages}}
        media.want(db, lanes, held.account_of, messages, now)


def _write_identities(db: Connection, held: Loaded) -> None:
    changed = held.changed_identities
    identities.drop_identities(db, [key for key, known in changed.items() if known is None])
    identities.put_identities(db, [known for known in changed.values() if known is not None])
    identities.put_homes(db, held.new_homes)
    identities.put_merges(db, held.changed_merges.values())
    if held.erased:
        identities.forget(db, [one.contact for one in held.erased if one.contact])


def _write_notes(db: Connection, active: Active, held: Loaded, now: datetime) -> None:
    put_turns(db, held.taken, now)
    notices.add(db, held.notifications, now)
    notes.add(db, held.notes)
    _write_channels(db, held)
    for where, wishes in _wishes(active, held).items():
        mirror.request_refreshes(db, where, wishes, now)
    for gone in held.disabled:
        templates.disable(db, gone.account, gone.template_id, gone.detail, gone.as_of)
    names = [
        {"account": account, "reaction_id": change.reaction_id, "message": change.message}
        for account, change in held.reaction_ids
    ]
    add_missing(db, REACTION_IDS, names)
    for change in held.settled:
        settle_send(db, change.message, change.vendor_id, now)
    for given_up in held.dropped:
        drop_send(db, given_up.message, now)


def _write_channels(db: Connection, held: Loaded) -> None:
    rows = {
        (change.account, change.channel_id): {
            "account": change.account,
            "channel_id": change.channel_id,
            "state": change.state,
            "detail": change.detail,
            "as_of": change.as_of,
        }
        for change in held.channel_states
    }
    put(db, CHANNELS, ["account", "channel_id"], list(rows.values()))


def _write_parked(db: Connection, held: Loaded, run: Sequence[Decided], now: datetime) -> None:
    parked = [row for decided in run for row in _parked_rows(decided)]
    waiting = {(row.account, row.event_key) for row in parked}
    decided = {(d.decision.account, d.decision.event_key) for d in run}
    parking.remove(db, (held.parked.keys() & decided) - waiting)
    parking.add(db, parked, now)


def _parked_rows(decided: Decided) -> Iterator[parking.NewRow]:
    decision = decided.decision
    for change in decision.changes:
        if isinstance(change, Park) and decided.inbox_id is not None:
            yield parking.NewRow(
                account=decision.account,
                event_key=decision.event_key,
                target=change.target,
                inbox_id=decided.inbox_id,
            )


def _outbox_rows(decided: Decided) -> Iterator[NewRow]:
    decision = decided.decision
    sends = {
        planned.effect.message
        for planned in decision.effects
        if isinstance(planned.effect, f.SendMessage)
    }
    for place, planned in enumerate(decision.effects):
        yield NewRow(
            lane=lane(Way.OUT, planned.account),
            account=planned.account,
            effect=planned.effect,
            idempotency_key=idempotency_key(decision, place),
            ordering_key=planned.ordering_key,
            urgent=planned.urgent,
            makes=makes(planned.effect),
            needs=tuple(_needs(planned.effect, sends)),
            event_account=decision.account,
            event_key=decision.event_key,
            conversation=decision.conversation,
            message=_message(planned.effect),
        )


def makes(effect: Effect) -> str | None:
    """The name whose vendor id this effect brings."""
    match effect:
        case f.CreateContact():
            return effect.contact
        case f.CreateDeal():
            return effect.deal
        case f.CreateLead():
            return effect.lead
        case f.WriteTimelineEntry():
            return effect.message
        case f.SendMessage():
            return sent_name(effect.message)
        case f.ChangeOwner() | f.UpdateTimelineEntry() | f.JoinChat() | f.SendEmail():
            return None
        case (
            f.PostNotification()
            | f.AssignRecord()
            | f.SetProperty()
            | f.CreateTask()
            | f.WriteNote()
        ):
            return None


def sent_name(message: MessageId) -> str:
    """The name of a message at its messenger, unlike its own, which is its CRM entry's."""
    return f"sent:{message}"


def names(effect: Effect) -> tuple[str, ...]:
    """Every name whose vendor id the effect may use."""
    match effect:
        case f.CreateContact():
            return (effect.contact,)
        case f.CreateDeal() | f.CreateLead():
            return (effect.contact,)
        case f.ChangeOwner():
            return (effect.record,)
        case f.WriteTimelineEntry():
            return tuple(record for _, record in effect.records)
        case f.UpdateTimelineEntry():
            return (effect.message, *names(effect.entry))
        case f.SendMessage() | f.JoinChat() | f.SendEmail() | f.PostNotification():
            return ()
        case f.AssignRecord() | f.SetProperty() | f.CreateTask() | f.WriteNote():
            return ()


def _needs(effect: Effect, sends: set[MessageId]) -> Iterator[Need]:
    match effect:
        case f.CreateDeal() | f.CreateLead():
            yield Need(name=effect.contact, hard=True)
        case f.ChangeOwner():
            yield Need(name=effect.record, hard=True)
        case f.WriteTimelineEntry():
            yield from _entry_needs(effect, sends)
        case f.UpdateTimelineEntry():
            yield Need(name=effect.message, hard=True)
        case f.SendMessage():
            yield from (Need(name=sent_name(x), hard=True) for x in (effect.after,) if x)
        case _:  # names no record
            return


def _entry_needs(effect: f.WriteTimelineEntry, sends: set[MessageId]) -> Iterator[Need]:
    for kind, record in effect.records:
        yield Need(name=record, hard=kind is RecordKind.CONTACT)
    if effect.message in sends:
        yield Need(name=sent_name(effect.message), hard=True)


def _message(effect: Effect) -> MessageId | None:
    match effect:
        case f.WriteTimelineEntry() | f.UpdateTimelineEntry() | f.SendMessage():
            return effect.message
        case _:
            return None


def _decision_row(
    decided: Decided, active: Active, directory_hash: str
) -> decisions_store.DecisionRow:
    decision = decided.decision
    record = record_of(decision, active.hash, directory_hash)
    return decisions_store.DecisionRow(
        account=decision.account,
        event_key=decision.event_key,
        kind=decision.kind,
        verdict=decision.verdict,
        headline=decision.reasons[0].code,
        inbox_id=decided.inbox_id,
        conversation=decision.conversation,
        contact=decision.contact,
        subject=None if decision.subject is None else decision.subject.name,
        tenant=None if decision.subject is None else decision.subject.tenant,
        target=decision.target,
        message=decided.message,
        occurred_at=decision.occurred_at,
        decided_at=decision.decided_at,
        config_hash=active.hash,
        directory_hash=directory_hash,
        code_version=__version__,
        event=decided.event,
        facts=decided.facts,
        record=codec.encode(record),
    )
