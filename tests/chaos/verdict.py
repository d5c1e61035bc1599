"""What a run came to: what was acknowledged against what stands in the CRM and in the store."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, func, select

from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX, OUTBOX, REFRESHES
from tests.chaos.clients import Chat, Client, Sent

OPEN = ("pending", "leased", "held", "unknown")
_WRITTEN = re.compile(r"chat (\d+) message (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message in the CRM's timeline; `sequence` is the order in which the CRM took it."""

    sent: Sent
    sequence: int
    contacts: tuple[str, ...]
    deals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What the bridge's tables say after the run."""

    decided: frozenset[str]  # event keys of messages
    rows: Mapping[str, int]  # "inbox done" → how many
    dead: tuple[str, ...]  # reasons
    tried_again: int  # deliveries that took more than one attempt

    @property
    def open_rows(self) -> Mapping[str, int]:
        return {name: n for name, n in self.rows.items() if name.split()[-1] in OPEN}


@dataclass(slots=True, kw_only=True)
class Findings:
    """What is wrong; nothing of it may be."""

    lost: list[Sent] = field(default_factory=list)
    doubled: list[Sent] = field(default_factory=list)
    never_sent: list[Sent] = field(default_factory=list)
    out_of_order: list[Sent] = field(default_factory=list)
    misplaced: list[Sent] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    undecided: list[Sent] = field(default_factory=list)
    decided_besides: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    at_work: list[str] = field(default_factory=list)

    def wrong(self) -> Mapping[str, Sequence[object]]:
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name.replace("_", " "): some for name, some in found.items() if some}


def judge(taken: set[Sent], chats: Sequence[Chat], crm: Any, store: Store) -> Findings:
    clients = list({chat.client.number: chat.client for chat in chats}.values())
    entries = sorted(_entries(crm), key=lambda entry: entry.sequence)
    written = Counter(entry.sent for entry in entries)
    expected = {f"received:{sent.id}": sent for sent in taken}
    return Findings(
        lost=sorted(taken - written.keys()),
        doubled=sorted(sent for sent, times in written.items() if times > 1),
        never_sent=sorted(written.keys() - taken),
        out_of_order=list(_out_of_order(entries)),
        misplaced=list(_misplaced(entries, chats, crm)),
        clients=list(_not_one_of_each(clients, crm)),
        undecided=sorted(expected[key] for key in expected.keys() - store.decided),
        decided_besides=sorted(store.decided - expected.keys()),
        dead_letters=list(store.dead),
        at_work=[f"{rows} {name}" for name, rows in store.open_rows.items()],
    )


def look(engine: Engine) -> Store:
    with reading(engine) as db:
        rows = {
            f"{table.name} {state}": number
            for table in (INBOX, OUTBOX, REFRESHES)
            for state, number in db.execute(
                select(table.c.state, func.count()).group_by(table.c.state)
            )
        }
        messages = select(DECISIONS.c.event_key).where(DECISIONS.c.kind == "MessageReceived")
        dead = [
            f"{table.name}: {reason}"
            for table in (INBOX, OUTBOX)
            for reason in db.scalars(select(table.c.reason).where(table.c.state == "dead"))
        ]
        again = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.attempts > 1)
        return Store(
            decided=frozenset(db.scalars(messages)),
            rows=rows,
            dead=tuple(dead),
            tried_again=db.scalar(again) or 0,
        )


def _entries(crm: Any) -> Iterator[Entry]:
    for one in crm["communications"]:
        chat, place = _WRITTEN.findall(one["properties"]["hs_communication_body"])[0]
        yield Entry(
            sent=Sent(int(chat), int(place)),
            sequence=one["seq"],
            contacts=tuple(one["associations"].get("contacts", ())),
            deals=tuple(one["associations"].get("deals", ())),
        )


def _out_of_order(entries: Sequence[Entry]) -> Iterator[Sent]:
    """Those that came after a later one of their chat."""
    newest: defaultdict[int, int] = defaultdict(lambda: -1)
    for entry in entries:
        if entry.sent.place < newest[entry.sent.chat]:
            yield entry.sent
        newest[entry.sent.chat] = max(newest[entry.sent.chat], entry.sent.place)


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
