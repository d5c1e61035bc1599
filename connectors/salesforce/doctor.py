"""What must be so in a Salesforce org: the right org, our fields, rights, calls that are left.

It mends nothing: fields and permission sets are metadata, which an admin deploys.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.errors import DeliveryRejected
from bridge.payload import Payload
from bridge.ports import Account, Ailment
from connectors.salesforce.answers import SalesforceRefused, Usage
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import ORGANIZATION, USER, is_of, long_id, same_id
from connectors.salesforce.lookup import KEY, MESSAGE_KEY
from connectors.salesforce.persons import Persons
from connectors.salesforce.reading import Table, rows, text, told

_KEYS = (("Contact", KEY), ("Lead", KEY), ("Opportunity", KEY), ("Task", MESSAGE_KEY))
_FEW_LEFT = 0.8  # of the day's calls are used
_ORGANIZATION = Table(name="Organization", fields=("Id",))
_DEPLOY = "deploy connectors/salesforce/metadata and assign its permission set (see the README)"


class SalesforceDoctor:
    """Raises what `bridge.ports.Doctor` says; credentials that are refused are no ailment."""

    def __init__(self, account: Account) -> None:
        self._options = account.options
        self._client = SalesforceClient(account)
        self._usernames = Persons.of(account).username_fields

    def examine(self, public_url: str) -> Sequence[Ailment]:
        return told(self._examined)

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        return ()

    def _examined(self) -> list[Ailment]:
        found = [*self._organization(), *self._integration_user(), *self._fields()]
        return [*found, *_calls_left(self._client.limits)]

    def _organization(self) -> Iterator[Ailment]:
        found = [text(one, "Id") for one in rows(self._client, _ORGANIZATION.of(""))]
        yield from _named("organization", self._options, ORGANIZATION, "".join(found[:1]))

    def _integration_user(self) -> Iterator[Ailment]:
        """Who we are there: by it our own writes are told from other people's."""
        try:
            found = text(self._client.user_info(), "user_id")
        except DeliveryRejected:
            found = ""  # the app has not the scope for it
        yield from _named("integration_user", self._options, USER, found)

    def _fields(self) -> Iterator[Ailment]:
        for name, key in _KEYS:
            try:
                told = self._client.read(f"sobjects/{name}/describe", f"describe {name}")
            except SalesforceRefused as error:
                yield _hidden(name, error)
                continue
            known = {text(one, "name"): one for one in told.at("fields").items()}
            yield from _rights(name, told)
            yield from _key(f"{name}.{key}", known.get(key))
            if name in ("Contact", "Lead"):
                yield from (_no_field(f"{name}.{f}") for f in self._usernames if f not in known)


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    what: str
    why: str


_OPTIONS: Mapping[str, _Option] = {
    "organization": _Option(
        "organization_id", "of the org", "webhooks of another org must not be taken for ours"
    ),
    "integration_user": _Option(
        "integration_user", "of the user", "our own writes can't be told from other people's"
    ),
}


def _named(kind: str, options: Mapping[str, str], prefix: str, found: str) -> Iterator[Ailment]:
    """An option that must hold the id found. Where none could be found, it must only be there."""
    option = _OPTIONS[kind]
    given = options.get(option.name, "")
    is_known = is_of(prefix, found)
    value = long_id(found) if is_known else f"{prefix}… (as Setup shows it)"
    todo = f"set option {option.name}: {value} in accounts.yaml"
    if not given:
        detail = f"option {option.name} is missing: {option.why}"
        yield Ailment(code=f"{kind}_unset", detail=detail, todo=todo)
    elif is_known and not same_id(given, found):
        detail = f"option {option.name} is not that {option.what} that we signed in to"
        yield Ailment(code=f"{kind}_other", detail=detail, todo=f"{todo}, or sign in to the other")


def _hidden(name: str, error: SalesforceRefused) -> Ailment:
    detail = f"the object {name} can't be seen by the integration user ({error.code})"
    return Ailment(code="object_hidden", detail=detail, todo=_DEPLOY)


def _rights(name: str, told: Payload) -> Iterator[Ailment]:
    lacking = [right for right in ("createable", "updateable") if not told.at(right).boolean()]
    if lacking:
        detail = f"the integration user may not write {name} ({', '.join(lacking)})"
        yield Ailment(code="permission_missing", detail=detail, todo=_DEPLOY)


def _key(name: str, field: Payload | None) -> Iterator[Ailment]:
    if field is None:
        yield _no_field(name)
        return
    if not (field.at("externalId").boolean() and field.at("unique").boolean()):
        detail = f"the field {name} is not both external id and unique: doubles would be made"
        todo = f"tick External ID and Unique in Setup, or remove the field and {_DEPLOY}"
        yield Ailment(code="field_not_unique", detail=detail, todo=todo)
    if not (field.at("createable").boolean() and field.at("updateable").boolean()):
        detail = f"the integration user may not write the field {name}"
        yield Ailment(code="permission_missing", detail=detail, todo=_DEPLOY)


def _no_field(name: str) -> Ailment:
    detail = f"the field {name} is not there, or the integration user may not see it"
    return Ailment(code="field_missing", detail=detail, todo=_DEPLOY)


def _calls_left(usage: Usage | None) -> Iterator[Ailment]:
    if usage is not None and usage.share >= _FEW_LEFT:
        detail = f"{usage.used} of {usage.allowed} API calls of the last 24 hours are used"
        todo = "find in Setup, System Overview, who else makes them, or buy more"
        yield Ailment(code="few_calls_left", detail=detail, todo=todo)
