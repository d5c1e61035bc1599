"""The sandbox's objects and their fields, as an org has them that the bridge was set up in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Refused(Exception):
    """What Salesforce answers when it does not do it: `code` is the errorCode of REST, or the
    statusCode of a record in collections."""

    status: int
    code: str
    message: str
    fields: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """`kind` is the type of describe; `refers` names the objects that a reference leads to."""

    name: str
    kind: str = "string"
    length: int = 255
    refers: tuple[str, ...] = ()
    can_write: bool = True
    is_required: bool = False
    is_unique: bool = False
    is_external_id: bool = False

    @property
    def can_filter(self) -> bool:
        return self.kind != "textarea"

    @property
    def relation(self) -> str:
        """The name under which SOQL reaches what the reference leads to."""
        return self.name[:-2] if self.name.endswith("Id") else ""


@dataclass(frozen=True)
class Object:
    name: str
    prefix: str
    fields: dict[str, Field]

    def find(self, name: str) -> Field | None:
        """By its name in any case, as SOQL has it."""
        return self.fields.get(name) or _by_lower(self.fields).get(name.lower())

    def through(self, relation: str) -> Field | None:
        wanted = relation.lower()
        return next((f for f in self.fields.values() if f.relation.lower() == wanted != ""), None)


def _by_lower(fields: Mapping[str, Field]) -> Mapping[str, Field]:
    return {name.lower(): one for name, one in fields.items()}


# A line per object: name and prefix of its ids; below it fields as `name type length`. After the
# name: `*` required when it is made, `-` written by nobody, `!` unique external id. References
# name their objects after `>`.
_OBJECTS = """
Account 001
 Name* string 255, Phone phone 40, OwnerId reference >User, Bridge_Key__c! string 255
 IsPartner boolean
Contact 003
 AccountId reference >Account, LastName* string 80, FirstName string 40, Name- string 121
 Phone phone 40, MobilePhone phone 40, HomePhone phone 40, OtherPhone phone 40, Email email 80
 Title string 128, Description textarea 32000, LeadSource picklist 255
 OwnerId reference >User, Bridge_Key__c! string 255
Lead 00Q
 LastName* string 80, FirstName string 40, Name- string 121, Company* string 255
 Phone phone 40, MobilePhone phone 40, Email email 80, Title string 128
 Description textarea 32000, LeadSource picklist 255, Status picklist 255
 Country string 80, State string 80, City string 40, Rating picklist 255, Industry picklist 255
 OwnerId reference >User+Group, IsConverted- boolean, ConvertedDate- date
 ConvertedAccountId- reference >Account, ConvertedContactId- reference >Contact
 ConvertedOpportunityId- reference >Opportunity, Bridge_Key__c! string 255
Opportunity 006
 Name* string 120, AccountId reference >Account, ContactId reference >Contact
 StageName* picklist 255, CloseDate* date, Amount double, LeadSource picklist 255
 Description textarea 32000, IsClosed- boolean, IsWon- boolean, RecordTypeId reference >RecordType
 OwnerId reference >User, Bridge_Key__c! string 255
OpportunityContactRole 00K
 OpportunityId* reference >Opportunity, ContactId* reference >Contact, Role picklist 255
 IsPrimary boolean
Contract 800
 AccountId* reference >Account, Name string 80, ContractNumber- string 30, StartDate date
 ContractTerm int, EndDate- date, Status picklist 255, CustomerSignedId reference >Contact
 OwnerId reference >User
ContractContactRole 02a
 ContractId* reference >Contract, ContactId* reference >Contact, Role picklist 255
 IsPrimary boolean
AccountContactRole 02Z
 AccountId* reference >Account, ContactId* reference >Contact, Role picklist 255
 IsPrimary boolean
Task 00T
 WhoId reference >Contact+Lead, WhatId reference >Account+Opportunity+Contract
 AccountId- reference >Account
 Subject string 255, Description textarea 32000, Status picklist 255, Priority picklist 255
 ActivityDate date, TaskSubtype picklist 40, Type picklist 255, IsClosed- boolean
 OwnerId reference >User, Bridge_Message_Key__c! string 255
User 005
 Name- string 121, FirstName string 40, LastName* string 80, Email* email 128
 Username* string 80, IsActive boolean, UserType- picklist 40, ProfileId reference >Profile
 ContactId reference >Contact, IsPortalEnabled- boolean, LastLoginDate- datetime
PermissionSet 0PS
 Name* string 80, Label string 80
PermissionSetAssignment 0Pa
 AssigneeId* reference >User, PermissionSetId* reference >PermissionSet
Network 0DB
 Name* string 80, Status picklist 40, UrlPathPrefix string 100
NetworkMemberGroup 0NM
 NetworkId* reference >Network, ParentId* reference >Profile+PermissionSet
 AssignmentStatus picklist 40
Folder 00l
 Name* string 40, DeveloperName string 80, Type picklist 40, AccessType picklist 40
EntityDefinition 4ie
 QualifiedApiName* string 70, IsCustomizable- boolean, InternalSharingModel- picklist 40
 ExternalSharingModel- picklist 40
AccountShare 00r
 AccountId* reference >Account, UserOrGroupId* reference >User+Group, RowCause picklist 40
ContactShare 03s
 ContactId* reference >Contact, UserOrGroupId* reference >User+Group, RowCause picklist 40
LeadShare 01o
 LeadId* reference >Lead, UserOrGroupId* reference >User+Group, RowCause picklist 40
OpportunityShare 00t
 OpportunityId* reference >Opportunity, UserOrGroupId* reference >User+Group
 RowCause picklist 40
Profile 00e
 Name* string 255, UserType- picklist 40
Group 00G
 Name* string 40, DeveloperName string 80, Type picklist 40, Email email 255
 DoesIncludeBosses boolean
QueueSobject 03g
 QueueId* reference >Group, SobjectType* picklist 40
GroupMember 011
 GroupId* reference >Group, UserOrGroupId* reference >User+Group
OpportunityStage 01J
 MasterLabel* string 255, ApiName string 255, IsActive boolean, IsClosed boolean, IsWon boolean
 SortOrder int, ForecastCategoryName picklist 40
LeadStatus 01J
 MasterLabel* string 255, ApiName string 255, IsConverted boolean, IsDefault boolean, SortOrder int
TaskStatus 01J
 MasterLabel* string 255, ApiName string 255, IsClosed boolean, IsDefault boolean, SortOrder int
RecordType 012
 Name* string 80, DeveloperName string 80, SobjectType picklist 40, IsActive boolean
Organization 00D
 Name* string 80, OrganizationType- picklist 40, IsSandbox- boolean, InstanceName- string 5
"""

# What an org lacks that has no partners, or no digital experiences.
PARTNER_FIELDS = frozenset({"Account.IsPartner", "User.IsPortalEnabled", "User.ContactId"})
PARTNER_OBJECTS = frozenset({"Network", "NetworkMemberGroup"})
TOOLING = frozenset({"EntityDefinition"})  # asked of the Tooling API alone

_STANDING = (
    Field("Id", "id", 18, can_write=False),
    Field("IsDeleted", "boolean", can_write=False),
    Field("MasterRecordId", "id", 18, can_write=False),
    Field("CreatedDate", "datetime", can_write=False),
    Field("CreatedById", "reference", 18, ("User",), can_write=False),
    Field("LastModifiedDate", "datetime", can_write=False),
    Field("LastModifiedById", "reference", 18, ("User",), can_write=False),
    Field("SystemModstamp", "datetime", can_write=False),
)
_MARKS = "*-!"
BRIDGE_FIELDS = frozenset({"Bridge_Key__c", "Bridge_Message_Key__c"})


def objects() -> dict[str, Object]:
    """A fresh schema, which settings may change."""
    made: dict[str, Object] = {}
    fields: dict[str, Field] = {}
    lines = [line for line in _OBJECTS.splitlines() if line]
    for line in lines:
        if line.startswith(" "):
            fields.update({one.name: one for one in _fields(line)})
        else:
            name, prefix = line.split()
            fields = {one.name: one for one in _STANDING}
            made[name] = Object(name, prefix, fields)
    return made


def custom_field(name: str, kind: str = "string", length: int = 255) -> Field:
    return Field(name, kind, length)


def _fields(line: str) -> Iterator[Field]:
    for written in line.strip().split(", "):
        marked, kind, *rest = written.split()
        name = marked.rstrip(_MARKS)
        marks = marked[len(name) :]
        yield Field(
            name,
            kind,
            int(rest[0]) if rest and rest[0].isdigit() else 18,
            tuple(rest[-1][1:].split("+")) if rest and rest[-1].startswith(">") else (),
            can_write="-" not in marks,
            is_required="*" in marks,
            is_unique="!" in marks,
            is_external_id="!" in marks,
        )


def described(one: Object) -> dict[str, Any]:
    """The answer to describe: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/
    api_rest/resources_sobject_describe.htm, as far as somebody asks for it."""
    return {
        "name": one.name,
        "label": one.name,
        "keyPrefix": one.prefix,
        "custom": one.name.endswith("__c"),
        "createable": True,
        "updateable": True,
        "queryable": True,
        "fields": [_described_field(f) for f in one.fields.values()],
    }


def _described_field(one: Field) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.name,
        "type": one.kind,
        "length": one.length if one.kind not in ("boolean", "date", "datetime") else 0,
        "custom": one.name.endswith("__c"),
        "createable": one.can_write,
        "updateable": one.can_write,
        "filterable": one.can_filter,
        "nillable": not one.is_required,
        "unique": one.is_unique,
        "caseSensitive": one.is_unique,
        "externalId": one.is_external_id,
        "idLookup": one.is_external_id or one.kind == "id",
        "referenceTo": list(one.refers),
        "relationshipName": one.relation or None,
    }
