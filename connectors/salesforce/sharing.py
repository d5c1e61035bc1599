"""What is open to people from outside: for the look that a person takes once partners are on.

Readable are the defaults of objects (EntityDefinition of the Tooling API), what sharing rules have
shared with groups that hold people from outside, and folders that everybody may open. The rules
themselves are metadata, and Salesforce says of a folder that it is shared, not with whom:
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-folder.html
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_sharingrules.htm
Groups are told apart by their Type:
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_group.htm
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.domain.crm_partners import Openness, SharingReview, SharingSetting
from bridge.payload import Payload
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import long_id
from connectors.salesforce.reading import Table, rows, text
from connectors.salesforce.soql import lists, seen, soql

_DEFAULTS = (
    "SELECT QualifiedApiName, ExternalSharingModel FROM EntityDefinition "
    "WHERE IsCustomizable = true AND ExternalSharingModel IN "
    "('Read', 'ReadWrite', 'ReadWriteTransfer', 'FullAccess') LIMIT 500"
)
_FOLDERS = Table(name="Folder", fields=("Name", "Type"), condition="AccessType = 'Public'")
_GROUPS = Table(
    name="Group",
    fields=("Id", "Name", "DeveloperName", "Type"),
    condition="Type IN ('PRMOrganization', 'AllCustomerPortal', 'RoleAndSubordinates')",
)
_WORDS: Mapping[str, str] = {
    "PRMOrganization": "all partner users",
    "AllCustomerPortal": "all customer portal users",
    "RoleAndSubordinates": "a role with its subordinates, also those from outside",
}
_SHARES = ("Account", "Contact", "Lead", "Opportunity", "Case")
_UNREAD = (
    "criteria and names of sharing rules: see Setup, Sharing Settings",
    "whom folders are shared with that are not open to everybody: see each folder's sharing",
    "list views, manual shares, and what guests may see: see Setup, Sharing Settings",
)


@dataclass(frozen=True, slots=True)
class Sharing:
    client: SalesforceClient

    def review(self) -> SharingReview:
        """What our user has no right to read is named among what is unread."""
        settings: list[SharingSetting] = []
        unread: list[str] = []
        for what, look in (
            ("organization-wide defaults", self._defaults),
            ("what sharing rules have shared", self._rules),
            ("folders", self._folders),
        ):
            try:
                settings += look()
            except SalesforceRefused as error:
                unread.append(f"{what}: our user may not read them ({error.code})")
        return SharingReview(settings=tuple(settings), unread=(*unread, *_UNREAD))

    def _defaults(self) -> list[SharingSetting]:
        return [
            SharingSetting(
                kind=Openness.DEFAULT,
                name=seen(text(one, "QualifiedApiName")),
                about=seen(text(one, "QualifiedApiName")),
                open_to="everybody from outside",
                detail=text(one, "ExternalSharingModel"),
            )
            for one in map(Payload, self.client.query(_DEFAULTS, tooling=True))
        ]

    def _rules(self) -> list[SharingSetting]:
        groups = {long_id(one.at("Id").text()): one for one in rows(self.client, _GROUPS.of(""))}
        found = [one for name in _SHARES for one in self._shared(name, groups)]
        everybody = [
            _setting(Openness.GROUP, "", one)
            for one in groups.values()
            if text(one, "Type") != "RoleAndSubordinates"
        ]
        return [*found, *everybody]

    def _shared(self, name: str, groups: Mapping[str, Payload]) -> Iterator[SharingSetting]:
        """An object that is open to all its people anyway has no shares; an org may lack it."""
        query = (
            f"SELECT UserOrGroupId FROM {name}Share WHERE RowCause = 'Rule' "  # noqa: S608
            "AND UserOrGroupId IN {groups} GROUP BY UserOrGroupId"
        )
        try:
            for some in lists(groups):
                for one in rows(self.client, soql(query, groups=some)):
                    group = long_id(one.at("UserOrGroupId").text())
                    yield _setting(Openness.RULE, name, groups[group])
        except SalesforceRefused as error:
            if error.code != "INVALID_TYPE":
                raise

    def _folders(self) -> list[SharingSetting]:
        return [
            SharingSetting(
                kind=Openness.FOLDER,
                name=seen(text(one, "Name")),
                about=f"{text(one, 'Type').lower() or 'unnamed'} folder",
                open_to="all users, also those from outside",
            )
            for one in rows(self.client, _FOLDERS.of(""))
        ]


def _setting(kind: Openness, about: str, group: Payload) -> SharingSetting:
    name = seen(text(group, "Name")) or seen(text(group, "DeveloperName"))
    return SharingSetting(
        kind=kind,
        name=name,
        about=about,
        open_to=_WORDS.get(text(group, "Type"), "people from outside"),
    )
