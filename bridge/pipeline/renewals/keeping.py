"""What the clock does about renewals: nothing is noticed twice, however many clocks there are and
wherever one of them dies, as every decision has a key of its own."""

from bridge.domain.names import HOUSE, EventKey
from bridge.domain.renewing import Renewal, RenewalId
from bridge.domain.renewing_events import (
    RenewalChatRefused,
    RenewalDefaultSet,
    RenewalDue,
    RenewalShown,
)
from bridge.domain.renewing_people import tenants
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.domain.renewing_rules import is_shown
from bridge.domain.renewing_schedule import still_due
from bridge.pipeline.house import decide_apart, decide_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals.placing import done_of, placed, rules_digest, today_of, zone_of
from bridge.pipeline.renewals.plans import adopt_clients
from bridge.pipeline.renewals.reading import follow, gone, is_read
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.store import renewals as store
from bridge.store.deciding import deciding
from bridge.store.engine import reading, writing
from bridge.store.renewals import StepsDone

BATCH = 100


def keep_renewals(parts: Parts) -> None:
    """Puts changed defaults on the feed, follows other rules, and notices what is due."""
    note_defaults(parts)
    renewals = parts.active().policy.renewals
    if renewals is None:
        return
    adopt_clients(parts)
    follow_rules(parts, renewals)
    notice(parts, renewals)
    send_chats(parts)


def note_defaults(parts: Parts) -> None:
    """One entry for each partner whose default is another than the one noted last (REN-17)."""
    active = parts.active()
    renewals = active.policy.renewals
    wanted: dict[str, RenewalDefault] = {}
    if renewals is not None:
        wanted = {tenant: renewals.default_of(tenant) for tenant in tenants(active.policy)}
    with reading(parts.engine) as db:
        noted = store.noted_defaults(db)
        changed = [t for t in sorted({*wanted, *noted}) if wanted.get(t) != noted.get(t)]
        times = store.defaults_noted_at(db) if changed else {}
        by = store.edited_by(db, active.hash) if changed else ""
    events = [
        RenewalDefaultSet(
            event_key=EventKey(f"renewal-default:{tenant}:{active.hash}:{times.get(tenant, '')}"),
            occurred_at=parts.now(),
            account=HOUSE,
            tenant=tenant,
            before=noted.get(tenant),
            after=wanted.get(tenant),
            by=by,
        )
        for tenant in changed
    ]
    if events:
        decide_here(parts, events)


def follow_rules(parts: Parts, renewals: Renewals) -> None:
    """Finds the next step anew where the rules are others than those that it was found by; writes
    the owner to the CRM where the default has changed it."""
    digest = rules_digest(renewals)
    with reading(parts.engine) as db:
        found = store.of_other_rules(db, digest, BATCH)
    if not found:
        return
    left = [gone(renewal) for renewal in found if not is_read(renewal, renewals)]
    if left:
        follow(parts, left)
    to_show = [renewal for renewal in found if not is_shown(renewal, renewals)]
    if to_show:
        decide_apart(parts, [[_show(parts, renewal)] for renewal in to_show])
    _place_anew(parts, renewals, [renewal.id for renewal in found])


def notice(parts: Parts, renewals: Renewals) -> None:
    """What the schedule says is due, each step in a decision of its own."""
    now = parts.now()
    with reading(parts.engine) as db:
        found = store.due(db, now, BATCH)
        done = store.steps_done(db, [renewal.id for renewal in found]) if found else {}
    events = [[event] for one in found for event in _events(parts, one, done, renewals)]
    if events:
        decide_apart(parts, events)
    if found:
        _place_anew(parts, renewals, [renewal.id for renewal in found])


def send_chats(parts: Parts) -> None:
    """By the desk that every message leaves from, under the notice's own key: one that was sent
    before the clock died is not sent again."""
    with reading(parts.engine) as db:
        chats = store.queued_chats(db, BATCH)
    for chat in chats:
        channel = parts.active().policy.channels.get(chat.channel)
        request = SendRequest(
            employee=chat.employee,
            to_phone=chat.phone,
            messenger=None if channel is None else channel.messenger,
            channel=chat.channel,
            template=chat.template,
            key=chat.key,
            automatic=True,
        )
        answer = send(parts, request)
        if isinstance(answer, Refusal):
            refused = RenewalChatRefused(
                event_key=EventKey(f"renewal-chat:{chat.key}"),
                occurred_at=parts.now(),
                account=HOUSE,
                renewal=chat.renewal,
                step=chat.step,
                why=answer.reason.detail,
            )
            decide_here(parts, [refused])
        with writing(parts.engine) as db:
            store.drop_chat(db, chat.key)


def _events(
    parts: Parts, renewal: Renewal, done: StepsDone, renewals: Renewals
) -> list[RenewalDue]:
    renews_on, now = renewal.reading.renews_on, parts.now()
    if renews_on is None:
        return []
    known = done_of(done, renewal)
    dues = still_due(renewal, known, renewals.schedule, zone_of(renewal, renewals), now)
    return [
        RenewalDue(
            event_key=EventKey(f"renewal:{renewal.id}:{renews_on}:{due.step.name}"),
            occurred_at=due.at,
            account=HOUSE,
            renewal=renewal.id,
            renews_on=renews_on,
            step=due.step.name,
            day=today_of(renewal, renewals, now),
        )
        for due in dues
        if due.at <= now
    ]


def _show(parts: Parts, renewal: Renewal) -> RenewalShown:
    return RenewalShown(
        event_key=EventKey(f"renewal-shown:{renewal.id}:{renewal.revision}"),
        occurred_at=parts.now(),
        account=HOUSE,
        renewal=renewal.id,
    )


def _place_anew(parts: Parts, renewals: Renewals, ids: list[RenewalId]) -> None:
    """What the decisions left as it was has its place by these rules as well."""
    with deciding(parts.engine) as db:
        now, done = parts.now(), store.steps_done(db, ids)
        store.put_renewals(
            db,
            [
                placed(renewal, done_of(done, renewal), renewals, now)
                for renewal in store.by_id(db, ids).values()
            ],
        )
