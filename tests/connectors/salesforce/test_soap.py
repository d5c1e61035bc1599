"""S10: XML that no org sends is refused before it is stored, and within narrow bounds."""

import re
import tracemalloc
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from connectors.salesforce.soap import ACK, MAX_NOTIFICATIONS, read_message
from tests.connectors.salesforce.telling import (
    ORGANIZATION,
    heard,
    inbound,
    kinds,
    lead,
    message,
    notification,
    request,
)

ONE = message(notification(1, "Lead", lead()))
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
DEEP = 200_000


def with_doctype(subset: str, place: str = "x") -> bytes:
    text = ONE.decode().replace(ORGANIZATION, f"{ORGANIZATION}{place}")
    head, tail = text.split("?>", 1)
    return f"{head}?><!DOCTYPE x {subset}>{tail}".encode()


HOSTILE = {
    "a bare DOCTYPE": with_doctype("", ""),
    "a DOCTYPE of elsewhere": with_doctype('SYSTEM "http://127.0.0.1:9/x.dtd"', ""),
    "an external entity": with_doctype('[<!ENTITY e SYSTEM "file:///etc/passwd">]', "&e;"),
    "a parameter entity": with_doctype('[<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]', ""),
    "an entity": with_doctype('[<!ENTITY e "x">]', "&e;"),
    "a billion laughs": with_doctype(f'[<!ENTITY a0 "lol">{BOMB}]', "&a9;"),
    "a quadratic bomb": with_doctype(f'[<!ENTITY q "{"q" * 50_000}">]', "&q;" * 5_000),
    "an entity that nobody declared": ONE.replace(b"</sf:OwnerId>", b"&evil;</sf:OwnerId>"),
    "UTF-16": ONE.decode().encode("utf-16"),
    "UTF-16 that says so": ONE.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 without a BOM": ONE.decode().encode("utf-16-le"),
    "a DOCTYPE in UTF-16": with_doctype('[<!ENTITY e "x">]').decode().encode("utf-16"),
    "UTF-32": ONE.decode().encode("utf-32"),
    "UTF-7": ONE.decode().replace("UTF-8", "UTF-7").encode("utf-7"),
    "Latin-1": ONE.replace(b"Ana", "Aná".encode("latin-1"), 1),
    "half": ONE[: len(ONE) // 2],
    "two documents": ONE + ONE,
    "words behind it": ONE + b"words",
    "200,000 levels": ONE.replace(b"<Notification>", b"<a>" * DEEP + b"</a>" * DEEP),
    "200,000 levels in a field": message(
        notification(1, "Lead", lead()).replace("0055g", "<sf:a>" * DEEP + "</sf:a>" * DEEP, 1)
    ),
    "200,000 attributes": ONE.replace(
        b"<Notification>", b"<Notification " + b" ".join(b'a%d=""' % n for n in range(DEEP)) + b">"
    ),
    "one attribute without end": ONE.replace(
        b"<Notification>", b'<Notification a="' + b"x" * 1_000_000 + b'">'
    ),
    "a name without end": b"<" + b"x" * 1_000_000,
    "elements without end": message(notification(1, "Lead", lead()) + "<a/>" * 100_001),
    "101 notifications": message(
        *(notification(n, "Lead", lead()) for n in range(MAX_NOTIFICATIONS + 1))
    ),
    "two messages": ONE.replace(b"</soapenv:Body>", b"").replace(
        b"</soapenv:Envelope>",
        re.findall(rb"<notifications.*</notifications>", ONE)[0]
        + b"</soapenv:Body></soapenv:Envelope>",
    ),
    "another SOAP": ONE.replace(
        b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    ),
    "another namespace": ONE.replace(b"2005/09/outbound", b"2005/09/other"),
    "no envelope": re.findall(rb"<notifications.*</notifications>", ONE)[0],
    "an Ack": ACK,
    "an undeclared prefix": ONE.replace(b'xmlns:sf="', b'xmlns:sg="'),
    "a doubled attribute": ONE.replace(b"<Notification>", b'<Notification a="" a="">'),
    "a NUL": ONE.replace(b"<Notification>", b"\x00<Notification>"),
    "nothing": b"",
    "a BOM alone": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused_before_it_is_stored(body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        inbound().verify(request(body))


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_message(body)


@pytest.mark.parametrize("name", ["200,000 attributes", "200,000 levels", "a billion laughs"])
def test_a_bomb_is_dropped_before_it_is_spread(name: str) -> None:
    """What is made of it never grows beyond a small part of what came."""
    tracemalloc.start()
    with pytest.raises(PayloadInvalid):
        read_message(HOSTILE[name])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * len(HOSTILE[name]) + 1_000_000


def test_the_wsdl_allows_a_hundred() -> None:
    told = request(message(*(notification(n, "Lead", lead()) for n in range(MAX_NOTIFICATIONS))))
    inbound().verify(told)
    keys = [event.event_key for event in inbound().parse(told).events]
    assert len(set(keys)) == len(keys) == 4 * MAX_NOTIFICATIONS


def test_a_long_description_is_no_attack() -> None:
    told = heard(notification(1, "Lead", lead(Description="<&> ünï\n" * 16_000)))
    assert kinds(told)


@pytest.mark.parametrize("front", [b"\xef\xbb\xbf", b"\n", b" \r\n\t", b"\xef\xbb\xbf\n"])
def test_a_mark_or_space_in_front_is_no_attack(front: bytes) -> None:
    told = request(front + ONE)
    inbound().verify(told)
    assert kinds(inbound().parse(told)) == kinds(inbound().parse(request(ONE)))
    assert inbound().accepted(told).body == ACK


def test_children_of_a_field_are_passed_over() -> None:
    address = "<sf:MailingAddress><sf:Id>003</sf:Id><sf:city>León</sf:city></sf:MailingAddress>"
    told = heard(notification(1, "Lead", lead()).replace("<sf:Id>", f"{address}<sf:Id>", 1))
    assert kinds(told) == kinds(heard(notification(1, "Lead", lead())))


def test_the_first_of_doubled_fields_counts_everywhere() -> None:
    """So that nobody sees another record than the one that was checked."""
    other = lead(OwnerId="0055g000002LuisAAC")["OwnerId"]
    doubled = notification(1, "Lead", lead()).replace(
        "</sObject>", f"<sf:OwnerId>{other}</sf:OwnerId></sObject>"
    )
    assert [e for e in heard(doubled).events] == [
        e for e in heard(notification(1, "Lead", lead())).events
    ]


@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_message(b"<" + body)


@given(st.data())
def test_a_message_with_a_piece_changed_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(ONE)))
    end = data.draw(st.integers(start, min(start + 40, len(ONE))))
    changed = ONE[:start] + data.draw(st.binary(max_size=20)) + ONE[end:]
    door = inbound()
    try:
        door.verify(request(changed))
    except SignatureInvalid:
        return
    assert door.parse(request(changed)) == door.parse(request(changed))


def test_the_ack_is_well_formed_and_of_the_outbound_namespace() -> None:
    root = ElementTree.fromstring(ACK)
    (ack,) = root.iter("{http://soap.sforce.com/2005/09/outbound}Ack")
    assert ack.text == "true"
