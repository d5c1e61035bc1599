"""JSON from Flow or Apex, and from our own polls: one object, or a list of up to 200 of them.

    {"org_id": "00D…", "event_id": "…", "object": "Lead", "change": "created|updated|deleted|
     undeleted", "record": {"Id": "00Q…", …}, "old": {…}, "sent_at": "2026-11-22T10:00:00Z"}

`event_id` is the sender's own and stays the same when he sends again. `record` holds fields by
their API names, as the record is now (of a deleted one, as it was); `old`, which may be left out,
what they were before.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import RecordChange
from bridge.domain.names import AccountName
from bridge.payload import Payload
from connectors.salesforce.facts import Fact, Item
from connectors.salesforce.ids import is_id, long_id

MAX_ITEMS = 200
MAX_EVENT_ID = 200
_CHANGES = {
    "created": RecordChange.CREATED,
    "updated": RecordChange.CHANGED,
    "deleted": RecordChange.DELETED,
    "undeleted": RecordChange.RESTORED,
}


def items_of(body: bytes) -> Sequence[Payload]:
    """Raises PayloadInvalid when the body as a whole can't be read."""
    payload = Payload.from_bytes(body)
    if isinstance(payload.value, dict):
        return [payload]
    items = list(payload.items())
    if len(items) > MAX_ITEMS:
        raise PayloadInvalid(f"more than {MAX_ITEMS} items")
    return items


def json_items(
    items: Sequence[Payload], account: AccountName, integration_user: str
) -> Iterator[Item]:
    for item in items:
        yield Item(path=item.path, read=partial(_fact, item, account, integration_user))


def _fact(item: Payload, account: AccountName, integration_user: str) -> Fact:
    record = item.at("record")
    change = item.at("change").text()
    if change not in _CHANGES:
        path = f"{item.path}.change"
        raise PayloadInvalid(f"{path} is not one of {', '.join(_CHANGES)}", path)
    return Fact(
        account=account,
        object_name=item.at("object").text(),
        change=_CHANGES[change],
        record=record,
        old=item.get("old"),
        key=_key(item, record),
        said_at=item.at("sent_at").iso_time(),
        raw=item.raw(),
        integration_user=integration_user,
    )


def _key(item: Payload, record: Payload) -> str:
    """With the record's id: what a Flow has at hand for `event_id` may name a whole batch."""
    event_id = item.at("event_id").identifier()
    path = f"{item.path}.event_id"
    if len(event_id) > MAX_EVENT_ID:
        raise PayloadInvalid(f"{path} is longer than {MAX_EVENT_ID} characters", path)
    found = record.at("Id").text()
    if not is_id(found):
        raise PayloadInvalid(f"{record.path}.Id is not a record id", f"{record.path}.Id")
    return f"json:{event_id}:{long_id(found)}"
