"""Tells Wazzup who the employees are, so that its own chats name them (WS-12)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.errors import ConfigError
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.ports import Account, Rejected
from connectors.http import HttpAnswer
from connectors.wazzup.client import error_body, error_code, http_for, write
from connectors.wazzup.reading import safe_word

PATH = "/v3/users"
PER_CALL = 100
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
        self._http = http_for(account)

    def push(self, users: Iterable[WazzupUser]) -> UsersPushed:
        """Adds or renames users, 100 per call. Wazzup refuses a call for one bad user: that one
        is named and the rest sent again. Of two with one id the last counts.

        Raises ConfigError for more than 1,000, what Wazzup keeps; DeliveryTransient,
        OutcomeUnknown or CredentialsInvalid when a call fails: pushing again does no harm.
        """
        unique = tuple({user.id: user for user in users}.values())
        if len(unique) > MAX_USERS:
            raise ConfigError(f"wazzup: {len(unique)} users, an account holds {MAX_USERS}")
        refused = dict(self._push_all(unique))
        taken = tuple(user.id for user in unique if user.id not in refused)
        return UsersPushed(taken=taken, refused=refused)

    def _push_all(self, users: Sequence[WazzupUser]) -> Iterator[tuple[str, Rejected]]:
        for start in range(0, len(users), PER_CALL):
            yield from self._push(users[start : start + PER_CALL])

    def _push(self, users: Sequence[WazzupUser]) -> Iterator[tuple[str, Rejected]]:
        """The refused of one batch; what Wazzup does not point at is found by halving."""
        if not users:
            return
        answer = write(self._http, "POST", PATH, [{"id": u.id, "name": u.name} for u in users])
        if answer.status < 300:
            return
        bad = _pointed_at(answer, len(users)) or (frozenset({0}) if len(users) == 1 else None)
        if bad is None:
            middle = len(users) // 2
            yield from self._push(users[:middle])
            yield from self._push(users[middle:])
            return
        why = _refusal(answer)
        yield from ((users[n].id, why) for n in sorted(bad))
        yield from self._push([user for n, user in enumerate(users) if n not in bad])


def _pointed_at(answer: HttpAnswer, count: int) -> frozenset[int]:
    """The indexes in `data: [{index, fields}]` of INVALID_USERS_DATA; empty when it has none."""
    data = error_body(answer).get("data")
    items = data if isinstance(data, list) else []
    found = (item.get("index") for item in items if isinstance(item, dict))
    return frozenset(n for n in found if type(n) is int and 0 <= n < count)


def _refusal(answer: HttpAnswer) -> Rejected:
    code = safe_word(error_code(answer) or f"HTTP_{answer.status}")
    return Rejected(reason=code, detail=f"wazzup: POST {PATH}: HTTP {answer.status} {code}")
