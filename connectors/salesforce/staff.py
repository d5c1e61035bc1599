"""The org's users, who of them are people, and its queues with all who take from them.

A user's ContactId is not read: an org without partners has no such field. Sources: the objects User
(UserType), Group, QueueSobject and GroupMember of
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee, CrmEmployeeKind
from bridge.domain.records import RecordKind
from bridge.payload import Payload
from bridge.ports import Account, CrmQueue
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import QUEUE, USER, is_of, long_id, same_id
from connectors.salesforce.persons import id_of
from connectors.salesforce.reading import Table, flag, rows, rows_where, text, told
from connectors.salesforce.soql import seen

_USERS = Table(name="User", fields=("Id", "Name", "Email", "IsActive", "UserType", "Profile.Name"))
_KINDS: Mapping[str, CrmEmployeeKind] = {
    "AutomatedProcess": CrmEmployeeKind.MACHINE,
    "CloudIntegrationUser": CrmEmployeeKind.MACHINE,
    "Guest": CrmEmployeeKind.MACHINE,
    "PowerPartner": CrmEmployeeKind.PARTNER,
    "Partner": CrmEmployeeKind.PARTNER,
    "PowerCustomerSuccess": CrmEmployeeKind.PARTNER,
    "CustomerSuccess": CrmEmployeeKind.PARTNER,
    "CspLitePortal": CrmEmployeeKind.PARTNER,
}
_API_ONLY = "api only"  # in the names of Salesforce's own profiles for programs
_REFRESHED = ".invalid"  # what Salesforce adds to addresses in the copy of an org

_QUEUES = Table(name="QueueSobject", fields=("QueueId", "SobjectType", "Queue.Name"))
_OF_OURS = "SobjectType IN ('Lead', 'Contact', 'Opportunity')"
_RECORDS: Mapping[str, RecordKind] = {
    "Lead": RecordKind.LEAD,
    "Contact": RecordKind.CONTACT,
    "Opportunity": RecordKind.DEAL,
}
_MEMBERS = Table(name="GroupMember", fields=("GroupId", "UserOrGroupId"))
_MAX_NESTING = 5


def employees(client: SalesforceClient, integration_user: str) -> list[CrmEmployee]:
    """Every user, those who left too."""
    return [_employee(one, integration_user) for one in rows(client, _USERS.of(""))]


def queues(account: Account) -> Sequence[CrmQueue]:
    """Queues of leads, contacts and opportunities with their members, also those that groups within
    them hold; members by role are not resolved. Raises what Reader raises."""
    return told(lambda: _queues(SalesforceClient(account)))


def _queues(client: SalesforceClient) -> list[CrmQueue]:
    found = [
        one for one in rows(client, _QUEUES.of(_OF_OURS)) if text(one, "SobjectType") in _RECORDS
    ]
    names = {_queue_id(one): text(one.at("Queue"), "Name") for one in found}
    members = _members(client, names)
    return [
        CrmQueue(
            crm_id=CrmId(queue),
            name=seen(name),
            kinds=frozenset(_kinds(found, queue)),
            members=tuple(CrmId(one) for one in _people(queue, members)),
        )
        for queue, name in names.items()
    ]


def _employee(user: Payload, integration_user: str) -> CrmEmployee:
    email = text(user, "Email").strip().lower().removesuffix(_REFRESHED)
    return CrmEmployee(
        crm_id=id_of(user),
        email=EmployeeId(email),
        name=seen(text(user, "Name")) or email,
        active=flag(user, "IsActive"),
        kind=_kind(user, integration_user),
    )


def _kind(user: Payload, integration_user: str) -> CrmEmployeeKind:
    profile = user.get("Profile")
    is_program = profile is not None and _API_ONLY in text(profile, "Name").lower()
    if is_program or same_id(user.at("Id").text(), integration_user):
        return CrmEmployeeKind.MACHINE
    return _KINDS.get(text(user, "UserType"), CrmEmployeeKind.PERSON)


def _queue_id(record: Payload) -> str:
    return long_id(record.at("QueueId").text())


def _kinds(records: Sequence[Payload], queue: str) -> Iterator[RecordKind]:
    for one in records:
        if _queue_id(one) == queue:
            yield _RECORDS[text(one, "SobjectType")]


def _members(client: SalesforceClient, groups: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Users and groups of each of these groups, and of those within them."""
    found: dict[str, list[str]] = {}
    asked = list(groups)
    for _ in range(_MAX_NESTING):
        found |= {group: [] for group in asked}
        for one in rows_where(client, _MEMBERS, ["GroupId"], asked):
            group, member = (long_id(one.at(name).text()) for name in _MEMBERS.fields)
            found.setdefault(group, []).append(member)
        inner = {one for group in asked for one in found[group] if is_of(QUEUE, one)}
        asked = sorted(inner - found.keys())
    return found


def _people(group: str, members: Mapping[str, Sequence[str]]) -> list[str]:
    """All users below a group, each once; groups may hold each other."""
    reached, left = {group: None}, [group]
    while left:
        for one in members.get(left.pop(), ()):
            if one not in reached:
                reached[one] = None
                left.append(one)
    return [one for one in reached if is_of(USER, one)]
