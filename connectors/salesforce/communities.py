"""Who is a member of which community: by his profile, or by a permission set of his.

A profile or permission set counts once Salesforce has added it, which takes a while. A community
can be seen by others while its Status is Live. Sources: the objects Network (Status) and
NetworkMemberGroup (AssignmentStatus, ParentId) of
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_objects_networkmembergroup.htm
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import long_id
from connectors.salesforce.reading import Table, is_object_missing, rows, rows_where, text
from connectors.salesforce.soql import seen

_NETWORKS = Table(name="Network", fields=("Id", "Name", "Status"))
_GROUPS = Table(
    name="NetworkMemberGroup",
    fields=("NetworkId", "ParentId"),
    condition="AssignmentStatus = 'Added'",
)
_ASSIGNMENTS = Table(name="PermissionSetAssignment", fields=("AssigneeId", "PermissionSetId"))
_LIVE = "Live"


@dataclass(frozen=True, slots=True)
class Membership:
    communities: tuple[str, ...] = ()
    is_live: bool = False  # one of them can be seen by others


Memberships = Mapping[str, Membership]
"""By the user's id."""


@dataclass(frozen=True, slots=True)
class _Community:
    name: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Communities:
    client: SalesforceClient

    def of_users(self, profiles: Mapping[str, str]) -> Memberships:
        """`profiles` has the profile of each user."""
        by_parent = self._by_parent() if profiles else {}
        if not by_parent:
            return {}
        held = {user: [long_id(one)] if one else [] for user, one in profiles.items()}
        for one in rows_where(self.client, _ASSIGNMENTS, ["AssigneeId"], profiles):
            user, granted = (long_id(one.at(name).text()) for name in _ASSIGNMENTS.fields)
            held[user].append(granted)
        return {
            user: _membership([of for parent in parents for of in by_parent.get(parent, ())])
            for user, parents in held.items()
        }

    def _by_parent(self) -> Mapping[str, list[_Community]]:
        """The communities that each profile or permission set is a member of; none in an org
        without digital experiences."""
        try:
            networks = {
                long_id(one.at("Id").text()): _Community(
                    name=seen(text(one, "Name")), is_live=text(one, "Status") == _LIVE
                )
                for one in rows(self.client, _NETWORKS.of(""))
            }
            groups = rows(self.client, _GROUPS.of(""))
        except SalesforceRefused as error:
            if is_object_missing(error):
                return {}
            raise
        found: dict[str, list[_Community]] = {}
        for one in groups:
            network, parent = (long_id(one.at(name).text()) for name in _GROUPS.fields)
            if network in networks:
                found.setdefault(parent, []).append(networks[network])
        return found


def _membership(found: list[_Community]) -> Membership:
    names = tuple(sorted({one.name for one in found}))
    return Membership(names, any(one.is_live for one in found))
