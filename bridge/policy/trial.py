"""Trying a policy out: one made-up message, decided by the very rules that decide real ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.domain import phones
from bridge.domain.decisions import Decision
from bridge.domain.distribution import turn_key
from bridge.domain.events import MessageReceived
from bridge.domain.facts import Facts, Lookup
from bridge.domain.messaging import Chat, Messenger
from bridge.domain.names import AccountName, CrmId, EmployeeId, EventKey
from bridge.domain.people import Away, CrmEmployee, Directory
from bridge.domain.policy import ChannelPolicy, ClientCondition, Policy
from bridge.domain.records import CrmContact, CrmDeal, CrmLead
from bridge.domain.rotation import Rotation
from bridge.domain.routing import route
from bridge.policy.routing_tests import Given

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""When trials take place: the same trial always gives the same decision."""

TRIAL = EventKey("trial")
_CONTACT = CrmId("trial-contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things are: the time, the CRM's people, and the turns as in `Facts`."""

    now: datetime
    directory: Directory = Directory()  # noqa: RUF009 - frozen
    turns: Mapping[str, EmployeeId] = field(default_factory=dict)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)


def trial(policy: Policy, given: Given) -> Decision:
    """Who would get this client, and why. Touches nothing.

    Away are those whom `given` names and nobody else: no test fails because of a holiday.
    """
    employees = {who: replace(e, away=None) for who, e in policy.employees.items()}
    return _decided(replace(policy, employees=employees), given, _facts(policy, given))


def trial_among(policy: Policy, given: Given, standing: Standing) -> Decision:
    """As `trial`, as things stand; what is given has the last word.

    Where the CRM's people were never read everybody counts as active, as in a trial.
    """
    facts = replace(_facts(policy, given), now=standing.now)
    if standing.directory.as_of is not None:
        people = tuple(_known(facts.directory, standing.directory, given))
        facts = replace(facts, directory=replace(facts.directory, people=people))
    counted = {pool: r for pool, r in standing.rotations.items() if pool not in facts.turns}
    facts = replace(facts, turns={**standing.turns, **facts.turns}, rotations=counted)
    return _decided(policy, given, facts)


def _known(trial: Directory, real: Directory, given: Given) -> Iterator[CrmEmployee]:
    owners = (given.owner, given.deal_owner, given.lead_owner)
    for person in trial.people:
        found = real.by_email(person.email)
        if found is not None:
            yield replace(person, name=found.name, active=person.active and found.active)
        elif person.email in owners:
            yield person


def _decided(policy: Policy, given: Given, facts: Facts) -> Decision:
    away = Away(until=facts.now + timedelta(days=1))
    absent = {who: replace(policy.employee(who), away=away) for who in sorted(given.away)}
    policy = replace(policy, employees={**policy.employees, **absent})
    decided = route(_event(policy, given), facts, policy)
    if not isinstance(decided, Decision):
        raise RuntimeError("a first message never waits")
    return decided


def _event(policy: Policy, given: Given) -> MessageReceived:
    channel = _channel(policy, given)
    phone = phones.example(given.country) if given.country else None
    return MessageReceived(
        event_key=TRIAL,
        occurred_at=NOW,
        account=channel.account,
        chat=Chat(
            channel_id=channel.id, messenger=channel.messenger, chat_id="trial-chat", phone=phone
        ),
        message_id="trial-message",
    )


def _channel(policy: Policy, given: Given) -> ChannelPolicy:
    """The channel named, else the first that fits, WhatsApp before others, else an unnamed one."""
    if given.channel is not None:
        return policy.channels[given.channel]
    fitting = [c for c in policy.channels.values() if given.messenger in (None, c.messenger)]
    if fitting:
        return min(fitting, key=lambda channel: list(Messenger).index(channel.messenger))
    return ChannelPolicy(
        account=AccountName("trial"),
        messenger=given.messenger or Messenger.WHATSAPP,
        id="trial",
        label="trial",
    )


def _facts(policy: Policy, given: Given) -> Facts:
    turns = {turn_key(policy, pool): last for pool, last in given.turn.items()}
    return Facts(now=NOW, directory=_directory(policy, given), lookup=_lookup(given), turns=turns)


def _directory(policy: Policy, given: Given) -> Directory:
    """Everybody who is named anywhere is an owner in the CRM, active unless said otherwise."""
    owners = (given.owner, given.deal_owner, given.lead_owner)
    people = {*policy.employees, *given.inactive, *(owner for owner in owners if owner)}
    return Directory(people=tuple(_person(p, given) for p in sorted(people)), as_of=NOW)


def _person(employee: EmployeeId, given: Given) -> CrmEmployee:
    return CrmEmployee(
        crm_id=_crm_id(employee),
        email=employee,
        name=employee,
        active=employee not in given.inactive,
    )


def _crm_id(employee: EmployeeId) -> CrmId:
    return CrmId(f"owner:{employee}")


def _lookup(given: Given) -> Lookup:
    if given.client is ClientCondition.NEW:
        return Lookup(available=True)
    return Lookup(
        available=True,
        found=(_contact(given),),
        deals=tuple(_deals(given)),
        leads=tuple(_leads(given)),
    )


def _contact(given: Given) -> CrmContact:
    owner = None if given.owner is None else _crm_id(given.owner)
    return CrmContact(crm_id=_CONTACT, name="", owner=owner)


def _deals(given: Given) -> Iterator[CrmDeal]:
    if given.deal_owner is not None:
        yield CrmDeal(
            crm_id=CrmId("trial-deal"),
            name="",
            pipeline="",
            stage="",
            is_open=True,
            owner=_crm_id(given.deal_owner),
            contacts=(_CONTACT,),
        )


def _leads(given: Given) -> Iterator[CrmLead]:
    if given.lead_owner is not None:
        yield CrmLead(
            crm_id=CrmId("trial-lead"),
            name="",
            is_open=True,
            owner=_crm_id(given.lead_owner),
            contacts=(_CONTACT,),
        )
