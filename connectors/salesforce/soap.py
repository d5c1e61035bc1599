"""Outbound Messages: the SOAP that Salesforce posts, read within narrow bounds, and its Ack.

Source: the WSDL that every org generates (Setup → Outbound Messages), and
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bridge.domain.errors import PayloadInvalid

MAX_NOTIFICATIONS = 100
MAX_DEPTH = 16
MAX_ELEMENTS = 100_000
ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_MESSAGE = (f"{_SOAP}Envelope", f"{_SOAP}Body", f"{_OUTBOUND}notifications")
_NOTIFICATION = (*_MESSAGE, f"{_OUTBOUND}Notification")
_OBJECT = (*_NOTIFICATION, f"{_OUTBOUND}sObject")
_ENCODINGS = (b"utf-8", b"us-ascii")
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)""")
# A parser takes its time over a tag with 200,000 attributes; no tag of Salesforce is this long.
_LONG_TAG = re.compile(rb"<[^!<>][^<>]{8192}")


@dataclass(slots=True)
class Notification:
    """One record as it is now. `fields` are texts, None where Salesforce says nil."""

    place: int
    id: str = ""
    object_name: str = ""
    fields: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    organization: str = ""
    notifications: list[Notification] = field(default_factory=list)


def is_xml(body: bytes) -> bool:
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read_message(body: bytes) -> Message:
    """Raises PayloadInvalid for what is not one Outbound Message: a DOCTYPE or entity, another
    encoding than UTF-8, too deep, too much, more than a hundred notifications. Nothing of the body
    stands in the error."""
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    _check_bytes(text)
    target = _Target()
    parser = DefusedXMLParser(target=target, encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise PayloadInvalid("XML: a DOCTYPE or an entity") from error
    except ParseError as error:
        line, column = error.position
        raise PayloadInvalid(f"XML: not well-formed at line {line} column {column}") from error
    if not target.messages:
        raise PayloadInvalid("XML: not an Outbound Message")
    return target.message


def _check_bytes(text: bytes) -> None:
    """The parser would find out for itself that it is UTF-16, whatever encoding it is told."""
    declared = _DECLARED.match(text[:1000])
    if b"\0" in text or (declared and declared[1].lower() not in _ENCODINGS):
        raise PayloadInvalid("XML: another encoding than UTF-8")
    if _LONG_TAG.search(text):
        raise PayloadInvalid("XML: a tag is too long")


class _Target:
    """What the parser tells of: elements by their whole path, nothing kept but what is asked for.

    Children of a field (an address has some) are passed over.
    """

    def __init__(self) -> None:
        self.message = Message()
        self.messages = 0
        self._path: list[str] = []
        self._elements = 0
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._path.append(tag)
        self._elements += 1
        if len(self._path) > MAX_DEPTH:
            raise PayloadInvalid(f"XML: deeper than {MAX_DEPTH}")
        if self._elements > MAX_ELEMENTS:
            raise PayloadInvalid(f"XML: more than {MAX_ELEMENTS} elements")
        self._text = []
        path = tuple(self._path)
        if path == _MESSAGE:
            self._begin_message()
        elif path == _NOTIFICATION:
            self._begin_notification()
        elif path == _OBJECT:
            self._notification.object_name = attributes.get(f"{_XSI}type", "").rpartition(":")[2]
        elif path[:-1] == _OBJECT and attributes.get(f"{_XSI}nil") in ("true", "1"):
            self._notification.fields.setdefault(tag.removeprefix(_RECORD), None)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        path = tuple(self._path)
        text = "".join(self._text).strip()
        if path == (*_MESSAGE, f"{_OUTBOUND}OrganizationId"):
            self._set_organization(text)
        elif path == (*_NOTIFICATION, f"{_OUTBOUND}Id"):
            self._notification.id = self._notification.id or text
        elif path[:-1] == _OBJECT and tag.startswith(_RECORD):
            self._notification.fields.setdefault(tag.removeprefix(_RECORD), text)
        self._path.pop()
        self._text = []

    def close(self) -> None:
        return None

    @property
    def _notification(self) -> Notification:
        return self.message.notifications[-1]

    def _begin_message(self) -> None:
        self.messages += 1
        if self.messages > 1:
            raise PayloadInvalid("XML: more than one message")

    def _begin_notification(self) -> None:
        place = len(self.message.notifications)
        if place == MAX_NOTIFICATIONS:
            raise PayloadInvalid(f"XML: more than {MAX_NOTIFICATIONS} notifications")
        self.message.notifications.append(Notification(place=place))

    def _set_organization(self, text: str) -> None:
        if self.message.organization:
            raise PayloadInvalid("XML: more than one organization")
        self.message.organization = text
