"""One item of a HubSpot webhook → the events it stands for.

Source: https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
and .../create-generic-webhook-subscriptions for `object.*`.
"""

import re
from collections.abc import Mapping

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import (
    AssociationChanged,
    ClientChanged,
    ContactErased,
    ContactsMerged,
    Event,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.names import AccountName, CrmId
from bridge.domain.records import RecordKind
from bridge.payload import Payload
from bridge.ports import Account
from connectors.hubspot.facts import Fact
from connectors.hubspot.record_events import record_changed

_CHANGES = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
_KINDS: Mapping[str, RecordKind] = {
    "contact": RecordKind.CONTACT,
    "0-1": RecordKind.CONTACT,
    "deal": RecordKind.DEAL,
    "0-3": RecordKind.DEAL,
    "lead": RecordKind.LEAD,
    "0-136": RecordKind.LEAD,
}
_OTHER_OBJECTS = frozenset({"company", "ticket", "line_item", "product"})
_OTHER_TYPES = frozenset(
    {f"{name}.{change}" for name in _OTHER_OBJECTS for change in _CHANGES}
    | {f"conversation.{word}" for word in ("creation", "deletion", "newMessage")}
    | {"conversation.privacyDeletion", "conversation.propertyChange"}
)
_CLIENT = "client"
_RECORD_CHANGES = {
    "creation": RecordChange.CREATED,
    "restore": RecordChange.RESTORED,
    "propertyChange": RecordChange.CHANGED,
    "deletion": RecordChange.DELETED,
}
_STAGES = ("dealstage", "hs_pipeline_stage")
_SAFE_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


class NotMirrored(Exception):
    """A known item that means nothing to us; its text is one word."""


class Subscriptions:
    """Option `partner_client_type`: the objectTypeId of partner clients in this account."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        partner_client = account.options.get("partner_client_type", "")
        self._clients = frozenset({partner_client} - {""})

    def events(self, item: Payload) -> tuple[Event, ...]:
        """Raises NotMirrored, EventUnsupported or PayloadInvalid when there are none."""
        subscription = _subscription(item)
        name, _, change = subscription.rpartition(".")
        self._refuse_unknown(subscription, name, change)
        if change == "associationChange":
            return (self._association_changed(item, subscription),)
        kind = self._kind(item, name)
        fact = Fact.read(item, self._account, subscription)
        if kind == _CLIENT:
            return (_client_changed(item, fact),)
        if change == "merge":
            return _merged(item, fact, RecordKind(kind))
        return (_changed(item, fact, RecordKind(kind), change),)

    @staticmethod
    def _refuse_unknown(subscription: str, name: str, change: str) -> None:
        if subscription in _OTHER_TYPES:
            raise NotMirrored(name)
        if subscription == "event.completed":
            raise NotMirrored(f"unsupported:{subscription}")
        known = name in ("contact", "deal", "lead", "object") and change in _CHANGES
        if not known and subscription != "contact.privacyDeletion":
            raise EventUnsupported(f"hubspot: {_shown(subscription)} is no event that we know")

    def _kind(self, item: Payload, name: str) -> str:
        return self._kind_of(item.at("objectTypeId").text() if name == "object" else name)

    def _kind_of(self, type_id: str) -> str:
        if type_id in self._clients:
            return _CLIENT
        kind = _KINDS.get(type_id)
        if kind is None:
            prefix = "object:" if type_id[:1].isdigit() else ""
            raise NotMirrored(prefix + _shown(type_id))
        return kind

    def _association_changed(self, item: Payload, subscription: str) -> AssociationChanged:
        ends = _end_types(item)
        from_kind, to_kind = (self._kind_of(end) for end in ends)
        if _CLIENT in (from_kind, to_kind):
            raise NotMirrored("object:partner_client")
        fact = Fact.read(item, self._account, subscription)
        return AssociationChanged(
            event_key=fact.key(),
            occurred_at=fact.occurred_at,
            account=fact.account,
            raw=fact.raw,
            from_kind=RecordKind(from_kind),
            from_record=CrmId(item.at("fromObjectId").identifier()),
            to_kind=RecordKind(to_kind),
            to_record=CrmId(item.at("toObjectId").identifier()),
            removed=item.at("associationRemoved").boolean(),
            by_us=fact.by_us,
        )


def _subscription(item: Payload) -> str:
    """HubSpot's samples and its documentation disagree about the name of this field."""
    found = item.get("subscriptionType") or item.get("eventType")
    return (found or item.at("subscriptionType")).text()


def _end_types(item: Payload) -> tuple[str, str]:
    if item.get("fromObjectTypeId") is not None:
        return item.at("fromObjectTypeId").text(), item.at("toObjectTypeId").text()
    named = item.at("associationType").text().lower()
    start, _, end = named.partition("_to_")
    if not end:
        raise PayloadInvalid(
            f"{item.path}.associationType is not A_TO_B", f"{item.path}.associationType"
        )
    return start, end


def _client_changed(item: Payload, fact: Fact) -> ClientChanged:
    return ClientChanged(
        event_key=fact.key(),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        client=_record(item),
    )


def _changed(item: Payload, fact: Fact, kind: RecordKind, change: str) -> Event:
    if change == "privacyDeletion":
        return ContactErased(
            event_key=fact.key(),
            occurred_at=fact.occurred_at,
            account=fact.account,
            raw=fact.raw,
            contact=_record(item),
        )
    if change == "propertyChange" and item.at("propertyName").text() == "hubspot_owner_id":
        return OwnerChanged(
            event_key=fact.key(),
            occurred_at=fact.occurred_at,
            account=fact.account,
            raw=fact.raw,
            kind=kind,
            record=_record(item),
            owner=_owner(item),
            by_us=fact.by_us,
        )
    stage = _stage(item) if change == "propertyChange" else ""
    return record_changed(fact, kind, _record(item), _RECORD_CHANGES[change], stage=stage)


def _merged(item: Payload, fact: Fact, kind: RecordKind) -> tuple[Event, ...]:
    """The survivor is a new record at times: every other one named lives on in it."""
    survivor = CrmId((item.get("newObjectId") or item.at("primaryObjectId")).identifier())
    absorbed = _absorbed(item, survivor)
    if kind is RecordKind.CONTACT:
        merged = ContactsMerged(
            event_key=fact.key(),
            occurred_at=fact.occurred_at,
            account=fact.account,
            raw=fact.raw,
            survivor=survivor,
            absorbed=absorbed,
        )
        return (merged,)
    gone = (record_changed(fact, kind, old, RecordChange.DELETED, old) for old in absorbed)
    return (record_changed(fact, kind, survivor, RecordChange.CHANGED), *gone)


def _absorbed(item: Payload, survivor: CrmId) -> tuple[CrmId, ...]:
    named = [item.at("primaryObjectId"), *item.at("mergedObjectIds").items()]
    ids = dict.fromkeys(CrmId(one.identifier()) for one in named)
    return tuple(one for one in ids if one != survivor)


def _stage(item: Payload) -> str:
    """The stage that a deal or lead came to, where that is what changed."""
    value = item.get("propertyValue")
    if item.at("propertyName").text() not in _STAGES or value is None or value.value == "":
        return ""
    return value.identifier()


def _record(item: Payload) -> CrmId:
    return CrmId(item.at("objectId").identifier())


def _owner(item: Payload) -> CrmId | None:
    """An empty or missing value: the owner was taken away."""
    value = item.get("propertyValue")
    return None if value is None or value.value == "" else CrmId(value.identifier())


def _shown(word: str) -> str:
    return word if _SAFE_WORD.fullmatch(word) else "a word that no vendor would use"
