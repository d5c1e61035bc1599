"""Collections: up to two hundred records in one call, each with an answer of its own.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
resources_composite_sobjects_collections.htm (200 records, ten changes of type, `allOrNone`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.domain.errors import BridgeError
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import MAX_RECORDS, SalesforceClient
from connectors.salesforce.outcomes import is_account_wide

# Salesforce assigns by the org's own rules unless it is told not to, at a change as well:
# https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_autoassign.htm
OWNER_IS_OURS: Mapping[str, str] = {"Sforce-Auto-Assign": "FALSE"}
# What holds for every record of a call, whichever of them Salesforce names.
_OF_ALL = ("INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND", "INSUFFICIENT_ACCESS_OR_READONLY")

Made = Mapping[int, str | BridgeError]
"""By place in the run: the id of what was written, or why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record to be written. Rows of one `name` never stand in one call, and keep their order."""

    place: int
    name: str
    object_name: str
    fields: Mapping[str, Any]

    def record(self) -> Mapping[str, Any]:
        return {"attributes": {"type": self.object_name}, **self.fields}


@dataclass(frozen=True, slots=True)
class Writing:
    """One method of collections: POST makes, PATCH changes."""

    client: SalesforceClient
    method: str
    headers: Mapping[str, str]

    def write(self, rows: Sequence[Row]) -> Made:
        """Raises nothing: what goes wrong is the answer of the rows that it concerns."""
        return self._in_turn(waves(rows))

    def _in_turn(self, parts: Iterable[Sequence[Row]]) -> Made:
        """Each part in a call, until the account is down."""
        made: dict[int, str | BridgeError] = {}
        down: BridgeError | None = None
        for part in parts:
            found = _same(part, down) if down else self._wave(part)
            made |= found
            down = down or next(filter(is_account_wide, found.values()), None)
        return made

    def _wave(self, rows: Sequence[Row]) -> Made:
        records = [row.record() for row in rows]
        try:
            answers = self.client.collections(self.method, records, self.headers)
        except SalesforceRefused as error:
            return self._refused(rows, error)
        except BridgeError as error:
            return _same(rows, error)
        return {
            row.place: answer.error or answer.id for row, answer in zip(rows, answers, strict=True)
        }

    def _refused(self, rows: Sequence[Row], error: SalesforceRefused) -> Made:
        """One record may have cost all the others their call: it is looked for by halves."""
        if len(rows) == 1 or error.status != 400 or error.code in _OF_ALL:
            return _same(rows, error)
        middle = len(rows) // 2
        return self._in_turn([rows[:middle], rows[middle:]])


def waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Lists that one call takes: distinct names, ordered by object, at most two hundred."""
    left = list(rows)
    while left:
        wave: dict[str, Row] = {}
        later = []
        for row in left:
            if row.name in wave or len(wave) == MAX_RECORDS:
                later.append(row)
            else:
                wave[row.name] = row
        yield sorted(wave.values(), key=lambda row: row.object_name)
        left = later


def _same(rows: Sequence[Row], error: BridgeError) -> Made:
    return {row.place: error for row in rows}
