"""The notifications of an Outbound Message as facts: how each record is now, and nothing of before.

Each has an id of its own (04l…), which stays the same when Salesforce sends it again.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import RecordChange
from bridge.domain.names import AccountName
from bridge.payload import Payload
from connectors.salesforce.facts import Fact, Item
from connectors.salesforce.ids import is_id, long_id
from connectors.salesforce.soap import Message, Notification


def notified_items(
    message: Message, account: AccountName, integration_user: str, received_at: datetime
) -> Iterator[Item]:
    """A record without SystemModstamp counts as of `received_at`: what is sent is the latest."""
    for one in message.notifications:
        yield Item(
            path=_path(one), read=partial(_fact, one, account, integration_user, received_at)
        )


def _fact(
    notification: Notification, account: AccountName, integration_user: str, received_at: datetime
) -> Fact:
    path = _path(notification)
    if not is_id(notification.id):
        raise PayloadInvalid(f"{path}.Id is not an id", f"{path}.Id")
    whole = Payload(
        {
            "Notification": notification.id,
            "object": notification.object_name,
            "record": notification.fields,
        },
        path,
    )
    return Fact(
        account=account,
        object_name=notification.object_name,
        change=RecordChange.CHANGED,
        record=Payload(notification.fields, f"{path}.sObject"),
        key=f"om:{long_id(notification.id)}",
        said_at=received_at,
        raw=whole.raw(),
        integration_user=integration_user,
    )


def _path(notification: Notification) -> str:
    return f"$.notifications.Notification[{notification.place}]"
