"""Tells Wazzup who the employees are, so that its own chats name them (WS-12)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.errors import ConfigError
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.ports import Account, Rejected
from connectors.wazzup.bulk import Bulk
from connectors.wazzup.client import http_for

PATH = "/v3/users"
MAX_USERS = 1000
_MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WazzupUser:
    """`id` is the CRM's id of the employee, what `crmUserId` of a message names."""

    id: str
    name: str

    @classmethod
    def of(cls, employee: CrmEmployee) -> "WazzupUser":
        return cls(id=employee.crm_id, name=(employee.name or employee.email)[:_MAX_NAME])


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPushed:
    """The ids that Wazzup took, and those it refused, each with why."""

    taken: tuple[str, ...] = ()
    refused: Mapping[str, Rejected]


def introduce(account: Account, employees: Sequence[CrmEmployee]) -> Mapping[CrmId, Rejected]:
    """The employees as users of Wazzup, whom its messages then name as authors."""
    pushed = WazzupUsers(account).push(WazzupUser.of(employee) for employee in employees)
    return {CrmId(user): why for user, why in pushed.refused.items()}


class WazzupUsers:
    def __init__(self, account: Account) -> None:
        self._bulk = Bulk(http_for(account), PATH)

    def push(self, users: Iterable[WazzupUser]) -> UsersPushed:
        """Adds or renames users, 100 per call. Wazzup refuses a call for one bad user: that one
        is named and the rest sent again. Of two with one id the last counts.

        Raises ConfigError for more than 1,000, what Wazzup keeps; DeliveryTransient,
        OutcomeUnknown or CredentialsInvalid when a call fails: pushing again does no harm.
        """
        unique = tuple({user.id: user for user in users}.values())
        if len(unique) > MAX_USERS:
            raise ConfigError(f"wazzup: {len(unique)} users, an account holds {MAX_USERS}")
        refused = self._bulk.put([{"id": user.id, "name": user.name} for user in unique])
        taken = tuple(user.id for user in unique if user.id not in refused)
        return UsersPushed(taken=taken, refused=refused)
