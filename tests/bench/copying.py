"""Copies of a SQLite store's rows as those of other clients: every id that stands in a row, or
within a document in it, becomes the copy's own."""

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from bridge.domain.adopting import record_id
from bridge.domain.names import CrmId, conversation_id, digest_id
from bridge.domain.records import RecordKind
from tests.bench.house import CHAT, CRM
from tests.bench.people import CHANNEL, FIRST_CONTACT, FIRST_DEAL, phone

# Tables that grow with messages and clients, and their columns that number rows.
NUMBERS = {
    "inbox": ("id",),
    "decisions": ("id", "inbox_id"),
    "outbox": ("id",),
    "messages": ("seq",),
    "notifications": ("id",),
    "vendor_ids": (),
    "conversations": (),
    "contacts": (),
    "contact_phones": (),
    "records": (),
    "record_contacts": (),
}
_TOKEN = re.compile(
    r"(?<![0-9A-Za-z_])("
    r"(?:cv|ct|dl|ms)_[0-9a-f]{20}"  # our own names
    r"|[0-9a-f]{32}"  # idempotency keys
    r"|346\d{8}"  # phones
    r"|[15]0000\d\d"  # the CRM's ids of contacts and deals
    r"|[a-z]+\d?-\d{6}"  # the messenger's ids of messages
    r")(?![0-9A-Za-z])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A text or document with places for tokens: a format, and which tokens it takes."""

    format: str
    pick: Callable[[Sequence[str]], str | tuple[str, ...]]
    is_text: bool

    def of(self, values: Sequence[str]) -> str | bytes:
        made: str = self.format % self.pick(values)
        return made if self.is_text else made.encode()


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of a row; copies count on."""

    number: int


Cell = Piece | Counted | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Copied:
    """One table's rows; `step` is how far apart the numbers of two copies are."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    step: int

    def of(self, copy: int, values: Sequence[str]) -> Iterator[tuple[object, ...]]:
        offset = copy * self.step
        for row in self.rows:
            yield tuple(_value(cell, offset, values) for cell in row)


class Template:
    """The rows of a store with `clients` clients, numbered from 0, ready to be copied.

    What the bridge makes from a client's number it makes for his copies as well, so that they are
    found when they write again.
    """

    def __init__(self, db: sqlite3.Connection, clients: int) -> None:
        self._clients = clients
        self._tokens: dict[str, int] = {}
        self._known = {make(n): (make, n) for n in range(clients) for make in _MADE_OF_A_CLIENT}
        self.tables = tuple(self._table(db, name) for name in NUMBERS)

    def values(self, copy: int) -> list[str]:
        """What each token is in this copy; the first copy is the template itself."""
        first = copy * self._clients
        return [self._value(token, copy, first) for token in self._tokens]

    def _value(self, token: str, copy: int, first: int) -> str:
        if copy == 0:
            return token
        if token in self._known:
            make, number = self._known[token]
            return make(first + number)
        prefix, separator, rest = token.partition("_")
        if separator:
            return digest_id(prefix, rest, str(copy))
        if len(token) == 32:
            return hashlib.md5(f"{token}{copy}".encode(), usedforsecurity=False).hexdigest()
        return f"{token}c{copy}"

    def _table(self, db: sqlite3.Connection, name: str) -> Copied:
        found = db.execute(f"SELECT * FROM {name} ORDER BY rowid")
        columns = tuple(column[0] for column in found.description)
        rows = tuple(
            tuple(
                Counted(value) if column in NUMBERS[name] else self._cell(value)
                for column, value in zip(columns, row, strict=True)
            )
            for row in found
        )
        numbers = [cell.number for row in rows for cell in row if isinstance(cell, Counted)]
        return Copied(name, columns, rows, max(numbers, default=0))

    def _cell(self, value: int | float | str | bytes | None) -> Cell:
        if not isinstance(value, str | bytes):
            return value
        text = value if isinstance(value, str) else value.decode()
        parts = _TOKEN.split(text)
        if len(parts) == 1:
            return value
        tokens = tuple(self._tokens.setdefault(token, len(self._tokens)) for token in parts[1::2])
        constants = (part.replace("%", "%%") for part in parts[::2])
        return Piece("%s".join(constants), itemgetter(*tokens), isinstance(value, str))


def _conversation(number: int) -> str:
    return conversation_id(CHAT, CHANNEL, phone(number))


def _contact(number: int) -> str:
    return str(FIRST_CONTACT + number)


def _deal(number: int) -> str:
    return str(FIRST_DEAL + number)


def _contact_name(number: int) -> str:
    return record_id(CRM, RecordKind.CONTACT, CrmId(_contact(number)))


def _deal_name(number: int) -> str:
    return record_id(CRM, RecordKind.DEAL, CrmId(_deal(number)))


_MADE_OF_A_CLIENT = (phone, _conversation, _contact, _deal, _contact_name, _deal_name)


def _value(cell: Cell, offset: int, values: Sequence[str]) -> object:
    if isinstance(cell, Piece):
        return cell.of(values)
    return cell.number + offset if isinstance(cell, Counted) else cell
