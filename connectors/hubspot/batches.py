"""A batch of up to a hundred inputs → an outcome for each of them.

Every input carries a trace id of its own: only then HubSpot takes the good ones and names the bad
ones (https://developers.hubspot.com/docs/api-reference/error-handling, "Multi-status errors").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.domain.errors import BridgeError, DeliveryRejected, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer
from connectors.hubspot.answers import checked, context
from connectors.hubspot.client import MAX_INPUTS, Inputs
from connectors.hubspot.outcomes import down_among, outcome_of, outcome_of_row

# What one bad input can cause; 401, 403 and the like hold for every input.
_ONE_MAY_CAUSE = (400, 404, 409, 413, 422)

_TRACE = "objectWriteTraceId"

Outcomes = Mapping[int, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One input: `place` is its place in the run, `name` what no other row of its batch has.

    A result belongs to the row whose trace id it repeats, else to the one whose `mark` stands in
    its property `mark_property` (or that its id is, when that is `id`).
    """

    place: int
    name: str
    body: Mapping[str, Any]
    mark_property: str
    mark: str

    @property
    def trace(self) -> str:
        return f"bridge-{self.place}"

    def input(self) -> Mapping[str, Any]:
        return {**self.body, _TRACE: self.trace}

    def bears_mark(self, result: Payload) -> bool:
        if self.mark_property == "id":
            return result.at("id").identifier() == self.mark
        value = result.at("properties").text_or(self.mark_property)
        return value == self.mark or (self.mark.startswith("[") and self.mark in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCall:
    """One kind of write. `mend` is asked when HubSpot refuses; True: it is worth one more try. It
    may raise CredentialsInvalid and DeliveryTransient. `still_ours` as in `Delivery`."""

    operation: str
    send: Callable[[Inputs], HttpAnswer]
    now: datetime
    mend: Callable[[], bool] = lambda: False
    still_ours: Callable[[], bool] = lambda: True

    def write(self, rows: Sequence[Row]) -> Outcomes:
        """Rows of one name go in separate calls, in their order: HubSpot refuses doubles."""
        outcomes: dict[int, Outcome] = {}
        for wave in waves(rows):
            down = down_among(list(outcomes.values()))
            outcomes |= _same(wave, down) if down else self._write_wave(wave)
        return outcomes

    def _write_wave(self, rows: Sequence[Row]) -> Outcomes:
        if not self.still_ours():
            return _same(rows, RetryAt(when=self.now, reason=f"{self.operation}: no longer ours"))
        try:
            payload = checked(self.operation, self.send([row.input() for row in rows]), self.now)
        except DeliveryRejected as error:
            return self._refused(rows, error)
        except BridgeError as error:
            return _same(rows, outcome_of(error, self.now))
        outcomes = self._each(rows, payload)
        if all(isinstance(one, Rejected) for one in outcomes.values()):
            return self._mended(rows) or outcomes
        return outcomes

    def _mended(self, rows: Sequence[Row]) -> Outcomes | None:
        """What one more try came to; None when nothing was mended. These rows were refused, so
        that a failure to mend leaves no doubt about them: they are tried again later."""
        try:
            return self._write_wave(rows) if self.mend() else None
        except BridgeError as error:
            return _same(rows, outcome_of(error, self.now))

    def _refused(self, rows: Sequence[Row], error: DeliveryRejected) -> Outcomes:
        if error.status in _ONE_MAY_CAUSE and (outcomes := self._mended(rows)):
            return outcomes
        if len(rows) == 1 or error.status not in _ONE_MAY_CAUSE:
            return _same(rows, outcome_of(error, self.now))
        middle = len(rows) // 2
        first = self._write_wave(rows[:middle])
        down = down_among(list(first.values()))
        rest = _same(rows[middle:], down) if down else self._write_wave(rows[middle:])
        return {**first, **rest}

    def _each(self, rows: Sequence[Row], payload: Payload) -> Outcomes:
        try:
            told = _Told.read(payload)
            found = {row.place: self._outcome(row, told) for row in rows}
            return self._told_by_number(found, payload)
        except PayloadInvalid as error:
            return _same(rows, Unknown(reason=f"{self.operation}: {error}"))

    def _outcome(self, row: Row, told: "_Told") -> Outcome:
        result = told.result_of(row)
        if result is not None:
            return Done(vendor_ids={"id": result.at("id").identifier()})
        error = told.errors.get(row.trace)
        if error is not None:
            return outcome_of_row(self.operation, error, self.now)
        return Unknown(reason=f"{self.operation}: the answer does not name this input")

    def _told_by_number(self, found: Outcomes, payload: Payload) -> Outcomes:
        """Errors that name no input, as many as there are inputs without a result: theirs."""
        nameless = [one for one in _errors(payload) if not context(one, _TRACE)]
        open_places = [place for place, one in found.items() if isinstance(one, Unknown)]
        if not nameless or len(nameless) != len(open_places):
            return found
        refused = outcome_of_row(self.operation, nameless[0], self.now)
        return {**found, **dict.fromkeys(open_places, refused)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An answer's results and errors by trace id, and the results that bear none."""

    results: Mapping[str, Payload]
    untraced: tuple[Payload, ...]
    errors: Mapping[str, Payload]

    @classmethod
    def read(cls, payload: Payload) -> "_Told":
        results = [(one.text_or(_TRACE), one) for one in payload.at("results").items()]
        return cls(
            results={trace: one for trace, one in results if trace},
            untraced=tuple(one for trace, one in results if not trace),
            errors={t: one for one in _errors(payload) for t in context(one, _TRACE)},
        )

    def result_of(self, row: Row) -> Payload | None:
        marked = (one for one in self.untraced if row.bears_mark(one))
        return self.results.get(row.trace) or next(marked, None)


def waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Lists of at most a hundred rows with distinct names; rows of one name keep their order."""
    left = list(rows)
    while left:
        wave: dict[str, Row] = {}
        later = []
        for row in left:
            if row.name in wave or len(wave) == MAX_INPUTS:
                later.append(row)
            else:
                wave[row.name] = row
        yield list(wave.values())
        left = later


def _errors(payload: Payload) -> list[Payload]:
    errors = payload.get("errors")
    return [] if errors is None else list(errors.items())


def _same(rows: Sequence[Row], outcome: Outcome | AccountDown) -> Outcomes:
    return {row.place: outcome for row in rows}
