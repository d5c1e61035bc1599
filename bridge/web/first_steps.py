"""How far a new house is on its way to its first real message: told by what is, not by clicks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection

from bridge.domain.messaging import ChannelState, Direction, MessageStatus
from bridge.domain.names import AccountName
from bridge.domain.people import Directory, Role
from bridge.domain.policy import AccountPolicy, Creation, Policy
from bridge.domain.records import Message, Pipeline, RecordKind
from bridge.pipeline.doctor.self_test import TEXT, first_channel
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.ports import Account
from bridge.store import configs, mirror
from bridge.store.records import newest_messages
from bridge.store.standing import LaneState, lane_states

LOOKED_AT = 200
_ARRIVED = (MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED)
_HERE = ("localhost", "127.", "0.0.0.0", "[::1]", "10.", "192.168.")  # noqa: S104 - only compared


STARTER = """\
crm: hubspot-main
accounts:
  hubspot-main:
    connector: hubspot
    secrets: {access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}
  wazzup-main:
    connector: wazzup
    secrets: {api_key: WAZZUP_API_KEY, webhook_key: WAZZUP_WEBHOOK_KEY}
new_clients: {pipeline: default, stage: appointmentscheduled}
"""


class Task(StrEnum):
    """The steps, in the order in which somebody takes them."""

    ACCOUNTS = "accounts"
    ADDRESS = "address"
    WEBHOOKS = "webhooks"
    CRM = "crm"
    CHANNELS = "channels"
    PEOPLE = "people"
    NEW_CLIENTS = "new_clients"
    TEST = "test"
    FIRST = "first"


class Progress(StrEnum):
    DONE = "done"
    OPEN = "todo"
    WRONG = "wrong"  # done, and something speaks against it
    LATER = "later"  # another step comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`about` are the names that it is about: accounts, channels, people, what a vendor said."""

    task: Task
    progress: Progress
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where a vendor is to call. `secret` names the variable whose value ends the address."""

    account: AccountName
    connector: str
    address: str
    secret: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the steps are told by. `error`: why the folder as it stands is not in force."""

    policy: Policy
    error: str
    public_url: str
    folder: str  # of the YAML, where this machine has it
    directory: Directory
    pipelines: tuple[Pipeline, ...]
    seen: tuple[mirror.SeenChannel, ...]
    hooks: tuple[Hook, ...]
    beside: bool  # whether all vendors stand on this machine, or beside it: sandboxes
    held: Mapping[AccountName, str]
    messages: Sequence[Message]


def known(db: Connection, parts: Parts) -> Known:
    active = parts.active()
    crm, row = active.policy.crm, configs.active(db)
    states = {state.name: state for state in lane_states(db)}
    return Known(
        policy=active.policy,
        error="" if row is None else row.error,
        public_url=parts.public_url,
        folder="" if parts.folder is None else str(parts.folder.path),
        directory=mirror.directory(db, crm),
        pipelines=() if crm is None else mirror.pipelines(db, crm),
        seen=mirror.channels_seen(db),
        hooks=tuple(_hooks(parts, states)),
        beside=bool(active.accounts) and all(map(_is_beside, active.accounts.values())),
        held=_held(active.policy, states),
        messages=newest_messages(db, LOOKED_AT),
    )


def is_new(db: Connection) -> bool:
    """Whether no message has ever come or gone."""
    return not newest_messages(db, 1)


def steps(facts: Known) -> tuple[Step, ...]:
    return tuple(
        Step(task=task, progress=progress, about=tuple(about))
        for task, (progress, about) in _all(facts)
    )


def tried_with(facts: Known) -> Message | None:
    """The newest that was sent to try out whether messages go out."""
    return next((one for one in facts.messages if one.text == TEXT), None)


def _all(facts: Known) -> Iterator[tuple[Task, tuple[Progress, Sequence[str]]]]:
    yield Task.ACCOUNTS, _accounts(facts)
    yield Task.ADDRESS, _address(facts)
    yield Task.WEBHOOKS, _webhooks(facts)
    yield Task.CRM, _crm(facts)
    yield Task.CHANNELS, _channels(facts)
    yield Task.PEOPLE, _people(facts)
    yield Task.NEW_CLIENTS, _new_clients(facts)
    yield Task.TEST, _test(facts)
    yield Task.FIRST, _first(facts)


def _accounts(facts: Known) -> tuple[Progress, Sequence[str]]:
    """A CRM and a messenger; that they count at all means that their secrets are there."""
    policy = facts.policy
    if facts.error:
        return Progress.WRONG, (facts.error,)
    if policy.crm is None or not set(policy.accounts) - {policy.crm}:
        return Progress.OPEN, sorted(policy.accounts)
    if facts.held:
        return Progress.WRONG, [f"{name}: {cause}" for name, cause in facts.held.items()]
    return Progress.DONE, sorted(policy.accounts)


def _address(facts: Known) -> tuple[Progress, Sequence[str]]:
    """Vendors elsewhere reach no machine by a name that is its own alone; sandboxes beside do."""
    host = urlsplit(facts.public_url).netloc
    is_own = host.startswith(_HERE)
    if is_own and not facts.beside:
        return Progress.OPEN, (facts.public_url,)
    if urlsplit(facts.public_url).scheme != "https" and not is_own:
        return Progress.WRONG, (facts.public_url,)
    return Progress.DONE, (facts.public_url,)


def _is_beside(account: Account) -> bool:
    """By the address that counts, which the environment may name."""
    url = account.base_url
    return url is not None and urlsplit(url).netloc.startswith(_HERE)


def _webhooks(facts: Known) -> tuple[Progress, Sequence[str]]:
    if not facts.hooks:
        return Progress.LATER, ()
    silent = [hook.account for hook in facts.hooks if hook.heard_at is None]
    return (Progress.OPEN if silent else Progress.DONE), silent


def _crm(facts: Known) -> tuple[Progress, Sequence[str]]:
    if facts.policy.crm is None:
        return Progress.LATER, ()
    return (Progress.OPEN if facts.directory.as_of is None else Progress.DONE), ()


def _channels(facts: Known) -> tuple[Progress, Sequence[str]]:
    named = facts.policy.channels
    if not named:
        return Progress.OPEN, [one.name or one.channel_id for one in facts.seen]
    by_id = {(one.account, one.channel_id): one.state for one in facts.seen}
    states = {name: by_id.get((one.account, one.id)) for name, one in named.items()}
    stopped = [name for name, state in states.items() if state not in (None, ChannelState.ACTIVE)]
    if stopped:
        return Progress.WRONG, stopped
    unheard = [name for name, state in states.items() if state is None]
    return (Progress.OPEN if len(unheard) == len(named) else Progress.DONE), unheard


def _people(facts: Known) -> tuple[Progress, Sequence[str]]:
    people = [one for one in facts.policy.employees.values() if one.role is not Role.NONE]
    if not any(one.may_write_at_all for one in people):
        return Progress.OPEN, ()
    if facts.directory.as_of is None:
        return Progress.DONE, ()
    known_here = {one.id: facts.directory.by_email(one.id) for one in people}
    gone = [mail for mail, entry in known_here.items() if entry is None or not entry.active]
    return (Progress.WRONG if gone else Progress.DONE), gone


def _new_clients(facts: Known) -> tuple[Progress, Sequence[str]]:
    made, people = facts.policy.new_clients, facts.policy.employees.values()
    takes = facts.policy.default or any(one.gets_new_clients for one in people)
    if not takes or (made.create is Creation.DEAL and not made.stage):
        return Progress.OPEN, ()
    deals = [one for one in facts.pipelines if one.kind is RecordKind.DEAL]
    if made.create is Creation.DEAL and deals and not _has_stage(deals, made.pipeline, made.stage):
        return Progress.WRONG, (f"{made.pipeline} / {made.stage}",)
    return Progress.DONE, ()


def _has_stage(pipelines: Sequence[Pipeline], pipeline: str, stage: str) -> bool:
    found = (one.stages for one in pipelines if one.id == pipeline)
    return any(stage == one.id for stages in found for one in stages)


def _test(facts: Known) -> tuple[Progress, Sequence[str]]:
    if first_channel(facts.policy) is None:
        return Progress.LATER, ()
    sent = tried_with(facts)
    if sent is None:
        return Progress.OPEN, ()
    if sent.status is MessageStatus.FAILED:
        return Progress.WRONG, ()
    return (Progress.DONE if sent.status in _ARRIVED else Progress.OPEN), ()


def _first(facts: Known) -> tuple[Progress, Sequence[str]]:
    came = any(one.direction is Direction.IN for one in facts.messages)
    return (Progress.DONE if came else Progress.OPEN), ()


def _hooks(parts: Parts, states: Mapping[str, LaneState]) -> Iterator[Hook]:
    """Of all accounts whose vendor calls us."""
    for name, account in parts.active().policy.accounts.items():
        if not parts.vendors.methods(name):
            continue
        state = states.get(lane(Way.IN, name))
        yield Hook(
            account=name,
            connector=account.connector,
            address=f"{parts.public_url}/hooks/{quote(name, safe='')}",
            secret=next(iter(account.secrets.get("path_secret", ())), ""),
            heard_at=None if state is None else state.last_success_at,
        )


def _held(policy: Policy, states: Mapping[str, LaneState]) -> dict[AccountName, str]:
    """What stands against an account, and the variables that its secrets stand in."""
    return {
        name: f"{state.held_cause} ({', '.join(_variables(account))})"
        for name, account in policy.accounts.items()
        for way in Way
        if (state := states.get(lane(way, name))) is not None and _stands_still(state)
    }


def _variables(account: AccountPolicy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in account.secrets.values() for name in names))


def _stands_still(state: LaneState) -> bool:
    """Until a person mends it; or its vendor has never answered yet, and so may never do."""
    never = state.last_success_at is None and bool(state.held_cause)
    return state.paused or state.is_told or never
