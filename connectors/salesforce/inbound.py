"""What an org says: Outbound Messages in SOAP, and JSON from Flow or Apex.

Everything that can be refused is refused before it is stored: Salesforce asks for an Ack of the
whole message, and repeats for 24 hours what gets none.
"""

import re
from collections.abc import Iterable

from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.names import AccountName
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.salesforce.facts import Item
from connectors.salesforce.ids import USER, is_of, long_id
from connectors.salesforce.json_events import items_of, json_items
from connectors.salesforce.notifications import notified_items
from connectors.salesforce.proofs import ClientCertificate, Organization, PathSecret, Signing
from connectors.salesforce.record_events import events_of, is_known
from connectors.salesforce.soap import ACK, is_xml, read_message

_XML_TYPES = ("text/xml", "application/xml")
_JSON_TYPE = "application/json"
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_XML = "text/xml; charset=utf-8"


class SalesforceInbound:
    """Secrets: `path_secret`, and `signing_secret` where Apex signs. Options: `organization_id`,
    `integration_user` (the id of the user that the bridge writes as), and those of
    ClientCertificate."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._path_secret = PathSecret(account)
        self._signing = Signing(account)
        self._certificate = ClientCertificate(account)
        self._organization = Organization(account)
        self._integration_user = integration_user(account)

    def handshake(self, request: RawRequest) -> Answer | None:
        return None  # Salesforce tries no address before it uses it

    def verify(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise SignatureInvalid("salesforce: only what is posted is taken")
        self._certificate.verify(request)
        is_soap = _content_type(request) in _XML_TYPES
        self._verify_sender(request, is_soap)
        try:
            self._organization.verify(_told_organizations(request, is_soap))
        except PayloadInvalid as error:
            raise SignatureInvalid(f"salesforce: {error}") from error

    def parse(self, request: RawRequest) -> Parsed:
        if is_xml(request.body):
            return self._parse_message(request)
        items = items_of(request.body)
        return _parsed(json_items(items, self._account, self._integration_user))

    def accepted(self, request: RawRequest) -> Answer:
        """Salesforce takes nothing but this very Ack for one; a Flow can't read an empty answer."""
        if is_xml(request.body):
            return Answer(body=ACK, content_type=_XML)
        return Answer(body=b"{}", content_type=_JSON_TYPE)

    def _verify_sender(self, request: RawRequest, is_soap: bool) -> None:
        """A path that holds a secret must hold the right one, and a signature must fit, whichever
        of the two would have been enough."""
        is_signed = not is_soap and Signing.is_given(request)
        if is_signed:
            self._signing.verify(request)
        if not is_signed or self._path_secret.is_given(request):
            self._path_secret.verify(request)

    def _parse_message(self, request: RawRequest) -> Parsed:
        message = read_message(request.body)
        if not message.notifications:
            return Parsed.ignore("no notifications")
        return _parsed(
            notified_items(message, self._account, self._integration_user, request.received_at)
        )


def integration_user(account: Account) -> str:
    """Option `integration_user` in 18 characters; empty when there is none."""
    given = account.options.get("integration_user", "")
    if given and not is_of(USER, given):
        raise ConfigError(f"account {account.name}: integration_user is not the id of a user, 005…")
    return long_id(given) if given else ""


def _content_type(request: RawRequest) -> str:
    """The type alone; empty where it names another encoding than UTF-8."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    named = [one.strip() for one in parameters if one.strip().startswith("charset=")]
    charsets = [one.removeprefix("charset=").strip('"') for one in named]
    return kind.strip() if all(one in _CHARSETS for one in charsets) else ""


def _told_organizations(request: RawRequest, is_soap: bool) -> tuple[str, ...]:
    """Raises PayloadInvalid where no organization is named."""
    if is_soap:
        named = {read_message(request.body).organization}
    elif _content_type(request) == _JSON_TYPE:
        named = {item.at("org_id").text() for item in items_of(request.body)}
    else:
        raise PayloadInvalid("neither text/xml nor application/json, in UTF-8")
    if not named or "" in named:
        raise PayloadInvalid("no organization is named")
    return tuple(named)


def _parsed(items: Iterable[Item]) -> Parsed:
    events: list[Event] = []
    rejected: list[Rejected] = []
    ignored: list[str] = []
    keys: set[str] = set()
    for item in items:
        try:
            fact = item.read()
            made = events_of(fact)
        except PayloadInvalid as error:
            rejected.append(_rejected(error, item.path))
            continue
        if not is_known(fact.object_name):
            ignored.append(_word(fact.object_name))
        elif fact.key in keys:
            ignored.append("repeated")
        else:
            keys.add(fact.key)
            events.extend(made)
    return Parsed(events=tuple(events), rejected=tuple(rejected), ignored=tuple(ignored))


def _rejected(error: PayloadInvalid, path: str) -> Rejected:
    found = error.path if error.path.startswith(path) else path
    return Rejected(reason="payload_invalid", detail=str(error), path=found)


def _word(object_name: str) -> str:
    return object_name if _NAME.fullmatch(object_name) else "unknown object"
