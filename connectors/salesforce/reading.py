"""Reading records by SOQL: those whose field holds one of many values, in few calls."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.soql import lists, soql

_NOT_THERE = "INVALID_TYPE"  # the org has no such object, or our user may not see it
_NO_FIELD = "INVALID_FIELD"
_RIGHTS = (_NOT_THERE, _NO_FIELD, "INSUFFICIENT_ACCESS")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An object and those of its fields that are read; `condition` holds for all of them.

    All three are our own words: nothing from outside may stand in them.
    """

    name: str
    fields: tuple[str, ...]
    condition: str = ""

    def of(self, condition: str) -> str:
        """SOQL for those for which this holds as well."""
        holds = [f"({one})" for one in (self.condition, condition) if one]
        where = f" WHERE {' AND '.join(holds)}" if holds else ""
        return f"SELECT {', '.join(self.fields)} FROM {self.name}{where}"  # noqa: S608


def rows(client: SalesforceClient, query: str) -> list[Payload]:
    return [Payload(record) for record in client.query(query)]


def rows_where(
    client: SalesforceClient, table: Table, fields: Sequence[str], values: Iterable[str]
) -> Iterator[Payload]:
    """Records of which one of `fields` holds one of `values`, as many calls as they need."""
    holds = " OR ".join(f"{name} IN {{values}}" for name in fields)
    for some in lists(values, repeated=len(fields)):
        yield from rows(client, soql(table.of(holds), values=some))


def told(read: Callable[[], _T]) -> _T:
    """What it reads. Raises what `bridge.ports.Reader` says: a missing right comes as
    CredentialsInvalid."""
    try:
        return read()
    except DeliveryRejected as error:
        said = f"{error}: give the integration user the permission set of the bridge"
        if error.code in _RIGHTS or error.status == 403:
            raise CredentialsInvalid(said) from error
        raise OutcomeUnknown(str(error)) from error
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"salesforce: an answer of unknown shape: {error}") from error


def is_object_missing(error: SalesforceRefused) -> bool:
    return error.code == _NOT_THERE


def is_field_missing(error: SalesforceRefused) -> bool:
    return error.code == _NO_FIELD


def text(record: Payload, name: str) -> str:
    """A field as text; empty when it is not set."""
    return record.text_or(name)


def flag(record: Payload, name: str) -> bool:
    found = record.get(name)
    return found is not None and found.boolean()
