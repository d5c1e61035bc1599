"""Inserting tasks, each once by our unique key, also when what they name has gone meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.domain.errors import BridgeError, DeliveryRejected
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.lookup import Lookup
from connectors.salesforce.writing import Made, Row, Writing

_NO_HEADERS: Mapping[str, str] = {}
_OWNER_GONE = ("INACTIVE_OWNER_OR_USER", "OPERATION_WITH_INACTIVE_USER_NOT_ALLOWED")
_GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")


@dataclass(frozen=True, slots=True)
class TaskRows:
    """Rows of tasks whose names are their keys."""

    client: SalesforceClient

    def insert(self, rows: Sequence[Row]) -> Made:
        made = self._lighter(rows, self._written("POST", rows))
        return self._existing(rows, made)

    def insert_as_they_are(self, rows: Sequence[Row]) -> Made:
        return self._existing(rows, self._written("POST", rows))

    def update(self, rows: Sequence[Row]) -> Made:
        return self._written("PATCH", rows)

    def _written(self, method: str, rows: Sequence[Row]) -> Made:
        return Writing(self.client, method, _NO_HEADERS).write(rows)

    def _lighter(self, rows: Sequence[Row], made: Made) -> Made:
        """An author who has left, or a deal that is gone, must not keep the message out."""
        again = [
            lighter
            for row in rows
            if isinstance(error := made[row.place], SalesforceRefused)
            and (lighter := _without_cause(row, error))
        ]
        return {**made, **(self._written("POST", again) if again else {})}

    def _existing(self, rows: Sequence[Row], made: Made) -> Made:
        """What our key is taken by is what this would have made."""
        doubled = {row.place: row.name for row in rows if _is_doubled(made[row.place])}
        if not doubled:
            return made
        try:
            known = Lookup(self.client).tasks(doubled.values())
        except DeliveryRejected:
            return made  # the refusal stands
        except BridgeError as error:
            return {**made, **dict.fromkeys(doubled, error)}
        return {**made, **{place: known[key] for place, key in doubled.items() if key in known}}


def _without_cause(row: Row, error: SalesforceRefused) -> Row | None:
    if "OwnerId" in row.fields and (error.code in _OWNER_GONE or "OwnerId" in error.fields):
        return _without(row, "OwnerId")
    if error.code in _GONE and "WhoId" in row.fields and "WhatId" in row.fields:
        return _without(row, "WhatId")
    return None


def _without(row: Row, field: str) -> Row:
    return replace(row, fields={n: value for n, value in row.fields.items() if n != field})


def _is_doubled(made: str | BridgeError) -> bool:
    return isinstance(made, SalesforceRefused) and made.code == "DUPLICATE_VALUE"
