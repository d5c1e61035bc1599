"""What a run came to: what was acknowledged against what stands at the vendors and here."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from bridge.domain.names import digest_id
from tests.chaos.clients import EDITED, Chat, Client, Sent
from tests.chaos.plan import WRITER
from tests.chaos.standing import Items, Store, look

__all__ = ["Findings", "Items", "Store", "judge", "look"]

_OWNER = "hubspot_owner_id"
NO_ITEMS = Items(undecided=(), besides=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFound:
    """What is wrong with units, leads and mails."""

    leads: Sequence[str] = ()
    units: Sequence[str] = ()
    mails: Sequence[str] = ()
    mailed_twice: Sequence[str] = ()


NOTHING_BESIDE = SideFound()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message in the CRM's timeline; `sequence` is the order in which the CRM took it."""

    sent: Sent
    sequence: int
    is_edited: bool
    contacts: tuple[str, ...]
    deals: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Findings:
    """What is wrong; nothing of it may be. `for_a_person` is not wrong, but named."""

    lost: list[Sent] = field(default_factory=list)
    doubled: list[Sent] = field(default_factory=list)
    never_sent: list[Sent] = field(default_factory=list)
    out_of_order: list[Sent] = field(default_factory=list)
    misplaced: list[Sent] = field(default_factory=list)
    edits_lost: list[Sent] = field(default_factory=list)
    files_lost: list[Sent] = field(default_factory=list)
    replies_lost: list[Sent] = field(default_factory=list)
    replies_doubled: list[Sent] = field(default_factory=list)
    replies_out_of_order: list[Sent] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    mirror: list[str] = field(default_factory=list)
    undecided: list[Sent] = field(default_factory=list)
    decided_besides: list[str] = field(default_factory=list)
    items_undecided: list[str] = field(default_factory=list)
    items_besides: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    mailed_twice: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    at_work: list[str] = field(default_factory=list)

    def wrong(self) -> Mapping[str, Sequence[object]]:
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name.replace("_", " "): some for name, some in found.items() if some}


def judge(
    taken: set[Sent],
    chats: Sequence[Chat],
    crm: Any,
    store: Store,
    *,
    messenger: Any = None,
    items: Items = NO_ITEMS,
    edited: Set[Sent] = frozenset(),
    lost_files: Sequence[Sent] = (),
    side: SideFound = NOTHING_BESIDE,
) -> Findings:
    """`messenger` is what reached clients, where replies were written to them."""
    clients = list({chat.client.number: chat.client for chat in chats}.values())
    entries = sorted(_entries(crm), key=lambda entry: entry.sequence)
    written = Counter(entry.sent for entry in entries)
    expected = {_event_key(sent): sent for sent in taken}
    reached = [] if messenger is None else list(_reached(messenger))
    taken = taken | {sent.second for sent in taken if sent.is_long}
    replies = {sent for sent in taken if sent.is_reply}
    return Findings(
        lost=sorted(taken - written.keys() - store.for_a_person),
        doubled=_doubled(written),
        never_sent=sorted((written.keys() | set(reached)) - taken),
        out_of_order=list(_out_of_order([entry.sent for entry in entries])),
        misplaced=list(_misplaced(entries, chats, crm)),
        edits_lost=sorted(e.sent for e in entries if e.sent in edited and not e.is_edited),
        files_lost=list(lost_files),
        replies_lost=sorted(replies - set(reached) - store.for_a_person),
        replies_doubled=_doubled(Counter(reached)),
        replies_out_of_order=list(_out_of_order(reached)),
        clients=list(_not_one_of_each(clients, crm)),
        mirror=list(_otherwise_mirrored(crm, store)),
        undecided=sorted(expected[key] for key in expected.keys() - store.decided),
        decided_besides=sorted(store.decided - expected.keys()),
        items_undecided=list(items.undecided),
        items_besides=list(items.besides),
        leads=list(side.leads),
        units=list(side.units),
        mails=list(side.mails),
        mailed_twice=list(side.mailed_twice),
        dead_letters=list(store.dead),
        at_work=[f"{rows} {name}" for name, rows in store.open_rows.items()],
    )


def _event_key(sent: Sent) -> str:
    if not sent.is_reply:
        return f"received:{sent.id}"
    return f"send:{WRITER}:{digest_id('rq', f'employee:{WRITER}', sent.id)}"


def _doubled(times: Counter[Sent]) -> list[Sent]:
    return sorted(sent for sent, number in times.items() if number > 1)


def _entries(crm: Any) -> Iterator[Entry]:
    for one in crm["communications"]:
        yield Entry(
            sent=Sent.read(one["properties"]["hs_communication_body"]),
            sequence=one["seq"],
            is_edited=EDITED in one["properties"]["hs_communication_body"],
            contacts=tuple(one["associations"].get("contacts", ())),
            deals=tuple(one["associations"].get("deals", ())),
        )


def _reached(messenger: Any) -> Iterator[Sent]:
    """In the order in which the messenger took them."""
    for one in sorted(messenger["sent"], key=lambda message: int(message["seq"])):
        yield Sent.read(one["text"])


def _out_of_order(taken: Sequence[Sent]) -> Iterator[Sent]:
    """Those that came after a later one of their chat."""
    newest: defaultdict[tuple[int, bool], int] = defaultdict(lambda: -1)
    for sent in taken:
        line = sent.chat, sent.is_reply
        place = 2 * sent.place + sent.is_second
        if place < newest[line]:
            yield sent
        newest[line] = max(newest[line], place)


def _misplaced(entries: Sequence[Entry], chats: Sequence[Chat], crm: Any) -> Iterator[Sent]:
    """Those that do not stand on their client's contact and deal, and on these alone.

    On a second channel a client may be found before his deal is there: then his contact is enough.
    """
    contacts, deals = _contacts_by_phone(crm), _deals_by_contact(crm)
    wanted = {chat.number: tuple(contacts[f"+{chat.client.phone}"]) for chat in chats}
    several = {n for n, times in Counter(wanted.values()).items() if times > 1}
    for entry in entries:
        mine = wanted[entry.sent.chat]
        of_mine = tuple(deal for contact in mine for deal in deals[contact])
        allowed = {of_mine, ()} if mine in several else {of_mine}
        if entry.contacts != mine or entry.deals not in allowed:
            yield entry.sent


def _not_one_of_each(clients: Sequence[Client], crm: Any) -> Iterator[str]:
    contacts, deals = _contacts_by_phone(crm), _deals_by_contact(crm)
    for client in clients:
        mine = contacts[f"+{client.phone}"]
        of_mine = [deal for contact in mine for deal in deals[contact]]
        if (len(mine), len(of_mine)) != (1, 1):
            yield f"{client.name}: {len(mine)} contacts, {len(of_mine)} deals"
    for kind in ("contacts", "deals"):
        if len(crm[kind]) != len(clients):
            yield f"{len(crm[kind])} {kind} of {len(clients)} clients"


def _otherwise_mirrored(crm: Any, store: Store) -> Iterator[str]:
    """Owners are the CRM's: what the store says of them has to be the same in the end."""
    for kind in ("contacts", "deals"):
        for one in crm[kind]:
            key, owner = (kind, one["id"]), one["properties"].get(_OWNER, "")
            if store.owners.get(key, owner) != owner:
                yield f"{kind} {one['id']}: owner {owner}, mirrored {store.owners[key]}"


def _contacts_by_phone(crm: Any) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for contact in crm["contacts"]:
        found[contact["properties"].get("phone", "")].append(contact["id"])
    return found


def _deals_by_contact(crm: Any) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for deal in crm["deals"]:
        for contact in deal["associations"].get("contacts", ()):
            found[contact].append(deal["id"])
    return found
