"""What the bridge writes into Salesforce: each kind of effect of a run in one call, if it fits."""

from collections.abc import Sequence

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    Effect,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.errors import BridgeError, DeliveryRejected
from bridge.ports import Absent, Account, CannotTell, Delivery, Found, Outcome, RetryAt
from connectors.salesforce.client import MAX_SUBREQUESTS, SalesforceClient
from connectors.salesforce.contacts import People
from connectors.salesforce.finding import Finding
from connectors.salesforce.ids import LEAD, is_of
from connectors.salesforce.lookup import Lookup
from connectors.salesforce.on_records import OnRecords
from connectors.salesforce.opportunities import Deals
from connectors.salesforce.owners import Owners
from connectors.salesforce.reserve import Reserve
from connectors.salesforce.settings import Settings
from connectors.salesforce.statuses import Statuses
from connectors.salesforce.tasks import Tasks
from connectors.salesforce.work import Work, ids_of

DELIVERS: frozenset[type[Effect]] = frozenset(
    {CreateContact, CreateDeal, CreateLead, ChangeOwner, WriteTimelineEntry, UpdateTimelineEntry}
    | {AssignRecord, SetProperty, CreateTask, WriteNote}
)
MAX_RUN = 200


class SalesforceOutbound:
    """Options: see Settings, and SalesforceClient for those of the connection."""

    def __init__(self, account: Account) -> None:
        self._settings = Settings.of(account)
        self._client = SalesforceClient(account)
        self._statuses = Statuses(self._settings.task_status)
        self._reserve = Reserve()

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """Each writing call asks right before whether the run is still ours."""
        if not run:
            return ()
        work = Work(run)
        if not work.still_ours():
            work.settle(_all(work, RetryAt(when=work.now, reason="salesforce: no longer ours")))
            return work.outcomes()
        client = self._client.while_ours(work.still_ours)
        self._follow_converted(work, client)
        self._carry_out(work, client)
        return work.outcomes()

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """By our unique keys, which Salesforce shows as soon as the record is there."""
        return Finding(Lookup(self._client)).find(run) if run else ()

    def _carry_out(self, work: Work, client: SalesforceClient) -> None:
        people = People(client, self._settings)
        tasks = Tasks(client, self._statuses)
        on_records = OnRecords(client, self._statuses)
        steps = (
            people.create_contacts,
            people.create_leads,
            Deals(client, self._settings).create,
            Owners(client).change,
            on_records.change,
            on_records.create_tasks,
            self._hold_entries,
            tasks.write,
            tasks.update,
            on_records.write_notes,
        )
        for step in steps:
            if not work.is_down():
                step(work)

    def _follow_converted(self, work: Work, client: SalesforceClient) -> None:
        """Asked each time: where the org lets it, a converted lead can be written to, and nobody
        would ever see it."""
        leads = {one for one in work.known_ids() if is_of(LEAD, one)}
        if not leads:
            return
        try:
            work.follow(Lookup(client).converted(leads))
        except DeliveryRejected:
            return  # who may not see leads has none converted
        except BridgeError as error:
            for kind in DELIVERS:
                for place, _, _ in list(work.of(kind)):
                    work.fail(place, error)

    def _hold_entries(self, work: Work) -> None:
        until = self._reserve.closed_until(self._client.limits, work.now)
        if until is None:
            return
        reason = "salesforce: the last API calls of the day are kept for clients and owners"
        held = RetryAt(when=until, reason=reason)
        for kind in (WriteTimelineEntry, UpdateTimelineEntry, WriteNote):
            work.settle({place: held for place, _, _ in list(work.of(kind))})


def _all(work: Work, outcome: Outcome) -> dict[int, Outcome]:
    return {place: outcome for kind in DELIVERS for place, _, _ in work.of(kind)}


def calls_of(run: Sequence[Delivery]) -> int:
    """What a run costs when nothing goes wrong: a call per kind of effect, reading before it where
    leads may have been converted or deals want their company."""
    kinds = {type(delivery.effect) for delivery in run if type(delivery.effect) in DELIVERS}
    deals = sum(isinstance(delivery.effect, CreateDeal) for delivery in run)
    packs = -(-deals // (MAX_SUBREQUESTS // 2))
    leads = any(is_of(LEAD, one) for delivery in run for one in ids_of(delivery))
    return len(kinds - {CreateDeal}) + (packs + 1 if deals else 0) + leads
