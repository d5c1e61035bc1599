"""Effects on contacts, deals and leads → inputs of HubSpot's batch calls."""

from typing import Any

from bridge.domain.effects import ChangeOwner, CreateContact, CreateDeal, CreateLead
from bridge.domain.names import CrmId, digest_id
from bridge.ports import Account
from connectors.hubspot.associations import CONTACTS, DEALS, LEADS, link
from connectors.hubspot.batches import Row
from connectors.hubspot.schema import CONTACT_KEY, RECORD_KEY


def record_key(idempotency_key: str) -> str:
    """What our unique property of a deal or lead holds."""
    return digest_id("bridge", idempotency_key)


def username_property(account: Account, messenger: str) -> str:
    """Option `telegram_username_property` and the like, else `username_property`, else none."""
    general = account.options.get("username_property", "")
    return account.options.get(f"{messenger}_username_property", general)


def contact_row(place: int, effect: CreateContact, username_property: str) -> Row:
    username = {username_property: effect.username or ""} if username_property else {}
    properties = {
        **_names(effect.name),
        "phone": effect.phone or "",
        **_owner(effect.owner),
        **username,
    }
    body = {
        "id": effect.key,
        "idProperty": CONTACT_KEY,
        "properties": {name: value for name, value in properties.items() if value},
    }
    return Row(place=place, name=effect.key, body=body, mark_property=CONTACT_KEY, mark=effect.key)


def deal_row(place: int, effect: CreateDeal, key: str, contact: str) -> Row:
    """Made with its contact in one call; the unique key refuses a second one."""
    properties = {
        "dealname": effect.name,
        "pipeline": effect.pipeline,
        "dealstage": effect.stage,
        RECORD_KEY: key,
        **_owner(effect.owner),
    }
    body = {"properties": properties, "associations": [link(DEALS, CONTACTS, contact)]}
    return Row(place=place, name=key, body=body, mark_property=RECORD_KEY, mark=key)


def lead_row(place: int, effect: CreateLead, key: str, contact: str) -> Row:
    properties = {"hs_lead_name": effect.name, RECORD_KEY: key, **_owner(effect.owner)}
    body = {"properties": properties, "associations": [link(LEADS, CONTACTS, contact)]}
    return Row(place=place, name=key, body=body, mark_property=RECORD_KEY, mark=key)


def owner_row(place: int, effect: ChangeOwner, record: str) -> Row:
    return update_row(place, record, {"hubspot_owner_id": str(effect.owner)})


def update_row(place: int, record: str, properties: dict[str, str]) -> Row:
    body = {"id": record, "properties": properties}
    return Row(place=place, name=record, body=body, mark_property="id", mark=record)


def _names(name: str) -> dict[str, str]:
    first, _, rest = name.strip().partition(" ")
    return {"firstname": first, "lastname": rest.strip()}


def _owner(owner: CrmId | None) -> dict[str, Any]:
    return {} if owner is None else {"hubspot_owner_id": str(owner)}
