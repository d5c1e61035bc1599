"""What a written record, a collection and a composite call came to, read from their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.domain.errors import BridgeError, OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from connectors.salesforce.answers import error_of
from connectors.salesforce.ids import long_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A record that was written; `created` of False: it was there and was changed."""

    id: str  # in 18 characters
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """What a collection did with one of its records; `error` of None: it was written."""

    id: str = ""
    created: bool = False
    error: BridgeError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAnswer:
    """What came of one part of a composite call; `error` of None: it was done."""

    reference: str
    status: int
    body: Payload
    error: BridgeError | None = None


def written(operation: str, body: Payload, *, created: bool) -> Written:
    """`created` is what holds where the answer does not say it."""
    try:
        made = body.get("created")
        was_made = created if made is None else made.boolean()
        return Written(id=long_id(body.at("id").text()), created=was_made)
    except BridgeError as error:
        raise OutcomeUnknown(f"salesforce: {operation}: the answer has no id") from error


def record_answers(
    operation: str, answer: Payload, count: int, *, created: bool
) -> list[RecordAnswer]:
    """One for each record sent; OutcomeUnknown where the answer is not that."""
    try:
        found = [_record(operation, one, created=created) for one in answer.items()]
    except PayloadInvalid as error:
        said = f"salesforce: {operation}: the answer is no list of results"
        raise OutcomeUnknown(said) from error
    if len(found) != count:
        raise OutcomeUnknown(f"salesforce: {operation}: not a result for each record")
    return found


def sub_answers(operation: str, answer: Payload, count: int) -> list[SubAnswer]:
    """One for each subrequest; OutcomeUnknown where the answer is not that."""
    try:
        found = [_part(operation, one) for one in answer.at("compositeResponse").items()]
    except PayloadInvalid as error:
        said = f"salesforce: {operation}: the answer has no parts"
        raise OutcomeUnknown(said) from error
    if len(found) != count:
        raise OutcomeUnknown(f"salesforce: {operation}: not a part for each subrequest")
    return found


def _record(operation: str, one: Payload, *, created: bool) -> RecordAnswer:
    if not one.at("success").boolean():
        return RecordAnswer(error=_error(operation, list(one.at("errors").items()), 200))
    made = written(operation, one, created=created)
    return RecordAnswer(id=made.id, created=made.created)


def _part(operation: str, one: Payload) -> SubAnswer:
    status = one.at("httpStatusCode").integer()
    body = one.get("body") or Payload({})
    done = 200 <= status < 300
    return SubAnswer(
        reference=one.at("referenceId").text(),
        status=status,
        body=body,
        error=None if done else _error(operation, _listed(body), status),
    )


def _listed(body: Payload) -> list[Payload]:
    return list(body.items()) if isinstance(body.value, list) else []


def _error(operation: str, errors: Sequence[Payload], status: int) -> BridgeError:
    return error_of(f"salesforce: {operation}", errors, status, datetime.now(UTC))
