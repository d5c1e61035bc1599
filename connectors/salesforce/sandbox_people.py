"""What people do in the org's pages: edit, delete, merge, convert leads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.salesforce.sandbox_ids import checked_id, made_id
from connectors.salesforce.sandbox_org import Org, Record
from connectors.salesforce.sandbox_rules import converted
from connectors.salesforce.sandbox_schema import Refused
from connectors.salesforce.sandbox_writes import Call, create, delete, object_of, update

PERSON = made_id("005", 2)
_COPIED = ("FirstName", "LastName", "Phone", "MobilePhone", "Email", "Title")
_CLOSES_IN = timedelta(days=30)
_MERGED = ("Contact", "Lead", "Account")


def by(user: str) -> Call:
    """Nobody's page runs assignment rules unasked, and people save duplicates when they want to."""
    return Call(auto_assign=False, allow_save=True, user=user)


def who(org: Org, given: Mapping[str, Any]) -> str:
    """`user`, or else the first who works in the org."""
    users = (one.id for one in org.live("User") if one.values.get("IsActive"))
    return str(given.get("user") or next(users, PERSON))


def must_be_there(org: Org, record_id: Any) -> Record:
    found = org.named(checked_id("Id", record_id))
    if found is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def change(org: Org, given: Mapping[str, Any]) -> str:
    """`{object, id?, fields, user?}`; without an id it makes one. Gives the id."""
    call = by(who(org, given))
    if "id" not in given:
        return create(org, object_of(org, given.get("object")), given["fields"], call).id
    record = must_be_there(org, given["id"])
    update(org, org.objects[record.object], record, given["fields"], call)
    return record.id


def remove(org: Org, given: Mapping[str, Any]) -> str:
    """`{id, user?}`: into the recycle bin."""
    record = must_be_there(org, given["id"])
    delete(org, record, by(who(org, given)))
    return record.id


def restore(org: Org, given: Mapping[str, Any]) -> str:
    """`{id, user?}`: out of the recycle bin."""
    record = must_be_there(org, given["id"])
    with org.transaction():
        org.restore(record, who(org, given))
    return record.id


def merge(org: Org, given: Mapping[str, Any]) -> str:
    """`{primary, others: [one or two], user?}`: tasks and roles go over to the first."""
    primary = must_be_there(org, given["primary"])
    others = [must_be_there(org, one) for one in given["others"]]
    kinds = {one.object for one in (primary, *others)}
    if primary.object not in _MERGED or len(kinds) != 1 or not 1 <= len(others) <= 2:
        raise Refused(400, "INVALID_OPERATION", "up to three records of one kind can be merged")
    user = who(org, given)
    with org.transaction():
        for other in others:
            _move(org, other.id, primary.id, user)
            org.delete(other, user, primary.id)
        org.update(primary, {}, user)
    return primary.id


def convert(org: Org, given: Mapping[str, Any]) -> dict[str, str | None]:
    """`{lead, opportunity?, user?}`: `opportunity` names the deal that is made, without one there
    is none. The lead's tasks go to the contact. Gives the ids of what was made."""
    lead = must_be_there(org, given["lead"])
    if lead.object != "Lead" or lead.is_deleted or lead.values.get("IsConverted"):
        raise converted()
    user = who(org, given)
    with org.transaction():
        made = _people(org, lead, user)
        deal = _deal(org, lead, made, given.get("opportunity"), user)
        _move(org, lead.id, made["Contact"], user, deal)
        org.update(lead, _as_converted(made, deal), user)
    return {**made, "Opportunity": deal}


def _people(org: Org, lead: Record, user: str) -> dict[str, str]:
    """The owner of a lead in a queue is who converts it."""
    held = str(lead.values["OwnerId"])
    owner = {"OwnerId": user if held.startswith("00G") else held}
    company = {"Name": lead.values["Company"], **owner}
    account = org.insert("Account", company, user).id
    copied = {name: lead.values.get(name) for name in _COPIED}
    if org.settings.maps_bridge_key:
        copied["Bridge_Key__c"] = lead.values.get("Bridge_Key__c")
    person = {**copied, "Name": lead.values["Name"], "AccountId": account, **owner}
    return {"Account": account, "Contact": org.insert("Contact", person, user).id}


def _deal(
    org: Org, lead: Record, made: Mapping[str, str], name: str | None, user: str
) -> str | None:
    if not name:
        return None
    first = next(iter(org.live("OpportunityStage"))).values["ApiName"]
    found = org.records["Contact"][made["Contact"]].values
    deal = org.insert(
        "Opportunity",
        {
            "Name": name,
            "AccountId": made["Account"],
            "ContactId": made["Contact"],
            "StageName": first,
            "CloseDate": (datetime.now(UTC) + _CLOSES_IN).date().isoformat(),
            "OwnerId": found["OwnerId"],
            "IsClosed": False,
            "IsWon": False,
        },
        user,
    ).id
    role = {"OpportunityId": deal, "ContactId": made["Contact"], "IsPrimary": True}
    org.insert("OpportunityContactRole", role, user)
    return deal


def _as_converted(made: Mapping[str, str], deal: str | None) -> dict[str, Any]:
    return {
        "IsConverted": True,
        "ConvertedDate": datetime.now(UTC).date().isoformat(),
        "ConvertedAccountId": made["Account"],
        "ConvertedContactId": made["Contact"],
        "ConvertedOpportunityId": deal,
        "Status": "Closed - Converted",
    }


def _move(org: Org, old: str, new: str, user: str, what: str | None = None) -> None:
    for table, name in (("Task", "WhoId"), ("OpportunityContactRole", "ContactId")):
        for record in list(org.live(table)):
            if record.values.get(name) == old:
                more = {"WhatId": what} if what and table == "Task" else {}
                org.update(record, {name: new, **more}, user)


def owners(org: Org) -> Sequence[tuple[str, str]]:
    """Ids and names of whom the page offers."""
    users = [one for one in org.live("User") if one.values.get("IsActive")]
    queues = [one for one in org.live("Group") if one.values.get("Type") == "Queue"]
    return [(one.id, str(one.values["Name"])) for one in (*users, *queues)]
