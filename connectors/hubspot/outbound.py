"""What the bridge writes into HubSpot: each kind of effect of a run in one batch call."""

from collections.abc import Callable, Sequence

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.records import CrmKind, RecordKind
from bridge.ports import Absent, Account, CannotTell, Delivery, Found, Outcome, Rejected
from connectors.http import HttpAnswer
from connectors.hubspot.associations import CONTACTS, DEALS, KINDS, LEADS
from connectors.hubspot.batches import BatchCall, Row
from connectors.hubspot.client import HubSpotClient, Inputs
from connectors.hubspot.entries import Entries
from connectors.hubspot.lookup import Lookup
from connectors.hubspot.on_records import OnRecords
from connectors.hubspot.outcomes import Exists
from connectors.hubspot.records import (
    contact_row,
    deal_row,
    lead_row,
    owner_row,
    record_key,
    update_row,
    username_property,
)
from connectors.hubspot.schema import CONTACT_KEY, Schema
from connectors.hubspot.work import Work


class HubSpotOutbound:
    """Options: `api_version` (see HubSpotClient), `other_channels` (see Entries) and
    `username_property` (see `username_property`)."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = HubSpotClient(account)
        self._schema = Schema(self._client)
        self._entries = Entries(self._client, account.options.get("other_channels", ""))
        self._on_records = OnRecords(self._client)
        self._lookup = Lookup(self._client, self._entries, self._schema)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        if not run:
            return ()
        work = Work(run)
        for step in self._steps():
            if not work.is_down():
                step(work)
        return work.outcomes()

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """Contacts and deals by their unique key, leads and entries among the associations of
        their contact: never by search, which lags.

        An entry that is found is linked with its leads again, which is harmless and mends a call
        that broke off between writing and linking.
        """
        return self._lookup.find(run) if run else ()

    def ensure_schema(self) -> tuple[str, ...]:
        """Makes the properties that the bridge needs in HubSpot; gives the names of those made.

        Raises our delivery errors, DeliveryRejected with what to mend among them.
        """
        return self._schema.ensure_all()

    def _steps(self) -> tuple[Callable[[Work], None], ...]:
        return (
            self._upsert_contacts,
            self._create_deals,
            self._create_leads,
            self._change_owners,
            self._on_records.change,
            self._on_records.create_tasks,
            self._entries.write,
            self._entries.update,
            self._on_records.write_notes,
        )

    def _upsert_contacts(self, work: Work) -> None:
        rows = [
            contact_row(place, effect, username_property(self._account, effect.messenger))
            for place, _, effect in work.of(CreateContact)
        ]
        self._write(work, "upsert", CONTACTS, self._client.upsert, rows)
        self._update_existing(work, rows)

    def _update_existing(self, work: Work, rows: Sequence[Row]) -> None:
        """Contacts that HubSpot has already under another name of theirs: these get our key."""
        again = [
            update_row(row.place, known.existing, {**row.body["properties"], CONTACT_KEY: row.mark})
            for row in rows
            if isinstance(known := work.outcome(row.place), Exists)
        ]
        self._write(work, "update", CONTACTS, self._client.update, again)

    def _create_deals(self, work: Work) -> None:
        rows = []
        for place, delivery, effect in work.of(CreateDeal):
            contact = work.id_of(delivery, effect.contact)
            if contact is None:
                work.settle({place: work.lacking(delivery, effect.contact)})
                continue
            rows.append(deal_row(place, effect, record_key(delivery.idempotency_key), contact))
        self._write(work, "create", DEALS, self._client.create, rows)
        self._lookup.take_existing(work, DEALS, [row for row in rows if _is_refused(work, row)])

    def _create_leads(self, work: Work) -> None:
        rows = []
        for place, delivery, effect in work.of(CreateLead):
            contact = work.id_of(delivery, effect.contact)
            if contact is None:
                work.settle({place: work.lacking(delivery, effect.contact)})
                continue
            rows.append(lead_row(place, effect, record_key(delivery.idempotency_key), contact))
        self._write(work, "create", LEADS, self._client.create, rows)

    def _change_owners(self, work: Work) -> None:
        for kind in RecordKind:
            rows = []
            for place, delivery, effect in work.of(ChangeOwner):
                if effect.kind is not kind:
                    continue
                record = work.id_of(delivery, effect.record)
                if record is None:
                    work.settle({place: work.lacking(delivery, effect.record)})
                    continue
                rows.append(owner_row(place, effect, record))
            self._write(work, "update", KINDS[kind], self._client.update, rows)

    def _write(
        self,
        work: Work,
        verb: str,
        kind: str,
        send: Callable[[str, Inputs], HttpAnswer],
        rows: Sequence[Row],
    ) -> None:
        if not rows or work.is_down():
            return
        call = BatchCall(
            operation=f"hubspot: {verb} {kind}",
            send=lambda inputs: send(kind, inputs),
            now=work.now,
            mend=_once(lambda: self._schema.mend(kind)),
            still_ours=work.still_ours,
        )
        work.settle(call.write(rows))


def _once(mend: Callable[[], bool]) -> Callable[[], bool]:
    left = [mend]
    return lambda: left.pop()() if left else False


def _is_refused(work: Work, row: Row) -> bool:
    return isinstance(work.outcome(row.place), Rejected)


def calls_of(run: Sequence[Delivery]) -> int:
    """What a run costs when nothing goes wrong: a call per kind of effect, one more for leads."""
    kinds = {_call_of(delivery) for delivery in run}
    linked = any(
        isinstance(delivery.effect, WriteTimelineEntry)
        and any(kind is RecordKind.LEAD for kind, _ in delivery.effect.records)
        for delivery in run
    ) or any(
        isinstance(delivery.effect, CreateTask | WriteNote)
        and delivery.effect.kind in (CrmKind.LEAD, CrmKind.PARTNER_CLIENT)
        for delivery in run
    )
    return len(kinds) + linked


def _call_of(delivery: Delivery) -> str:
    match delivery.effect:
        case AssignRecord() | SetProperty() as effect:
            return f"change {effect.kind}"
        case ChangeOwner() as effect:
            return f"owner {effect.kind}"
        case effect:
            return type(effect).__name__


DELIVERS = frozenset(
    {CreateContact, CreateDeal, CreateLead, ChangeOwner, WriteTimelineEntry, UpdateTimelineEntry}
    | {AssignRecord, SetProperty, CreateTask, WriteNote}
)
