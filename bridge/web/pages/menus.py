"""What stands in the menu, for whom, and how many things wait behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import PersonKind
from bridge.web.auth import Principal
from bridge.web.counting import Counters, OwnCounters
from bridge.web.languages import Said, _, _l

READS_ALL = (Role.MANAGER, Role.QUALITY_CONTROL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`words` say what the number counts, to who can't see its colour."""

    name: str
    number: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    label: str
    address: str
    icon: str
    is_here: bool
    counts: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`label` of "": the first one, which needs none."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page of the menu; `also` are beginnings of addresses that belong to it as well."""

    label: Said
    address: str
    icon: str
    also: tuple[str, ...] = ()

    def covers(self, path: str) -> int:
        """How many letters of the path are this entry's; 0 where it is another's."""
        fitting = [one for one in (self.address, *self.also) if _is_within(path, one)]
        return max(map(len, fitting), default=0)


def _is_within(path: str, address: str) -> bool:
    return path == address or path.startswith(f"{address}/")


CONVERSATIONS = Entry(label=_l("Conversations"), address="/conversations", icon="messages")
FEED = Entry(
    label=_l("Activity"),
    address="/feed",
    icon="activity",
    also=("/events", "/contacts", "/deals", "/leads"),
)
NOTIFICATIONS = Entry(label=_l("Notifications"), address="/notifications", icon="bell")
WHOSE = Entry(label=_l("Whose clients"), address="/work", icon="zoom-question")
TURNS = Entry(label=_l("Turns"), address="/rotation", icon="rotate")
NUMBERS = Entry(label=_l("Numbers"), address="/numbers", icon="chart-bar")
OPERATIONS = Entry(label=_l("Overview"), address="/operations", icon="layout-dashboard")
AUDIT = Entry(label=_l("Audit log"), address="/operations/audit", icon="history")
DELIVERIES = Entry(label=_l("Deliveries"), address="/deliveries", icon="send")
SESSIONS = Entry(label=_l("Sessions"), address="/sessions", icon="device-desktop")
DEAD_LETTERS = Entry(label=_l("Dead letters"), address="/dead-letters", icon="mailbox")
LEADS = Entry(
    label=_l("Partners"), address="/partners/leads", icon="building-store", also=("/partners",)
)
CLIENTS = Entry(label=_l("Clients"), address="/clients", icon="building")
RENEWALS = Entry(
    label=_l("Renewals"), address="/renewals", icon="refresh", also=("/settings/partners",)
)
PEOPLE = Entry(label=_l("People"), address="/settings/people", icon="user-cog")
CHANNELS = Entry(label=_l("Channels"), address="/settings/channels", icon="plug-connected")
NEW_CLIENTS = Entry(label=_l("New clients"), address="/settings/new-clients", icon="user-plus")
RULES = Entry(
    label=_l("Rules"), address="/settings/rules", icon="route", also=("/settings/new-rule",)
)
POOLS = Entry(label=_l("Pools and absences"), address="/settings/pools", icon="scale")
WHO_IS_TOLD = Entry(label=_l("Who is told"), address="/settings/notifications", icon="adjustments")
BUSINESS = Entry(label=_l("Their activity"), address="/activity", icon="heartbeat")
INBOX = Entry(label=_l("Inbox"), address="/inbox", icon="inbox")
ACTIVITY = Entry(label=_l("Activity"), address="/activity", icon="activity")
PLAN = Entry(label=_l("Your plan"), address="/plan", icon="package")
MESSAGES = Entry(label=_l("Your messages"), address="/plan/messages", icon="messages")
CHANGES = Entry(
    label=_l("Changes"),
    address="/settings/changes",
    icon="history",
    also=("/settings/review", "/settings/files"),
)
WELCOME = Entry(label=_l("First steps"), address="/welcome", icon="rocket")
SETTINGS = (PEOPLE, CHANNELS, NEW_CLIENTS, RULES, POOLS, WHO_IS_TOLD, CHANGES, WELCOME)

_OTHERS = {
    PersonKind.PARTNER_USER: (INBOX, ACTIVITY, RENEWALS, NOTIFICATIONS),
    PersonKind.RESELLER_USER: (CLIENTS, ACTIVITY, RENEWALS, NOTIFICATIONS),
    PersonKind.CLIENT: (PLAN, MESSAGES),
}


def menu_of_others(kind: PersonKind, path: str, counters: OwnCounters) -> tuple[Section, ...]:
    """That of partners, resellers and clients."""
    return _sections([("", _OTHERS[kind])], path, counters)


def menu_of_house(
    principal: Principal, policy: Policy, path: str, counters: Counters, *, sees_partners: bool
) -> tuple[Section, ...]:
    """That of an employee: no entry that would answer him with 403 or 404."""
    sections = [
        ("", (CONVERSATIONS, FEED, NOTIFICATIONS, NUMBERS)),
        (_("Partners and resellers"), tuple(_channel_side(principal, policy, sees_partners))),
        (_("Operations"), tuple(_operations(principal))),
        (_("Settings"), SETTINGS if principal.employee.role in READS_ALL else ()),
    ]
    return _sections(sections, path, counters)


def _operations(principal: Principal) -> Iterator[Entry]:
    if principal.is_admin:
        yield from (WHOSE, TURNS)
    if principal.is_overseer:
        yield from (OPERATIONS, DELIVERIES, DEAD_LETTERS, AUDIT)
    if principal.is_admin:
        yield SESSIONS


def _channel_side(principal: Principal, policy: Policy, sees_partners: bool) -> Iterator[Entry]:
    reads_all = principal.employee.role in READS_ALL
    if sees_partners:
        yield LEADS
    if reads_all and policy.reselling.resellers:
        yield CLIENTS
    if policy.renewals:
        yield RENEWALS
    if principal.is_admin and policy.users:
        yield BUSINESS


def _sections(
    named: Sequence[tuple[str, Sequence[Entry]]], path: str, counters: Counters | OwnCounters
) -> tuple[Section, ...]:
    entries = [entry for _label, group in named for entry in group]
    here = max(entries, key=lambda entry: entry.covers(path), default=None)
    return tuple(
        Section(
            label=label, items=tuple(_item(entry, entry is here, path, counters) for entry in group)
        )
        for label, group in named
        if group
    )


def _item(entry: Entry, is_nearest: bool, path: str, counters: Counters | OwnCounters) -> Item:
    return Item(
        label=str(entry.label),
        address=entry.address,
        icon=entry.icon,
        is_here=is_nearest and entry.covers(path) > 0,
        counts=_counts(entry, counters),
    )


def _counts(entry: Entry, counters: Counters | OwnCounters) -> tuple[Count, ...]:
    if entry is INBOX and isinstance(counters, OwnCounters):
        words = _("offered to you, without an answer")
        return (Count(name="offered", number=counters.offered, words=words),)
    if entry is CONVERSATIONS and isinstance(counters, Counters):
        red = Count(name="red", number=counters.red, words=_("need your answer"))
        words = _("unanswered, for your information")
        return (red, Count(name="grey", number=counters.grey, words=words))
    if entry is NOTIFICATIONS:
        return (Count(name="unread", number=counters.unread, words=_("not read")),)
    return ()
