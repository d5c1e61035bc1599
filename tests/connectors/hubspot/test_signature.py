"""Is it HubSpot? Published vectors, and every form that is refused as SignatureInvalid."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.ports import Account, RawRequest
from connectors.hubspot.inbound import HubSpotInbound
from connectors.hubspot.signature import sign_v1, sign_v2, sign_v3, signed_url
from tests.connectors.hubspot.building import (
    NOW,
    SECRET,
    URL,
    account,
    milliseconds,
    request,
    v3_headers,
)

BODY = b'[{"eventId":1}]'
VENDOR_URL = "https://www.example.com/webhook_uri"
DOCS_BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
    b'"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("1693657560000", b"K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),  # SDK for Python
        ("1700000300000", b"RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),  # SDK for Ruby
    ],
)
def test_published_vectors_of_v3(timestamp: str, signature: bytes) -> None:
    body = b"{'example_field':'example_value'}"
    assert sign_v3(SECRET, "POST", VENDOR_URL, body, timestamp) == signature


def test_published_vectors_of_v2() -> None:
    get = b"eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    post = b"9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
    assert sign_v2(SECRET, "GET", VENDOR_URL, b"") == get
    assert sign_v2(SECRET, "POST", VENDOR_URL, b'{"example_field":"example_value"}') == post


def test_published_vectors_of_v1() -> None:
    documented = b"232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    of_sdk = b"69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"
    assert sign_v1(SECRET, DOCS_BODY) == documented
    assert sign_v1(SECRET, b"{'example_field':'example_value'}") == of_sdk


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://x.example/a%3a%2F%3f", "https://x.example/a:/?"),
        ("https://x.example/%40%21%24%27%28%29%2A%2C%3B", "https://x.example/@!$'()*,;"),
        ("https://x.example/a%20b%26c%3Dd%25", "https://x.example/a%20b%26c%3Dd%25"),
        ("https://x.example/%253A", "https://x.example/%253A"),
        ("https://x.example/?a=%C3%B1", "https://x.example/?a=%C3%B1"),
    ],
)
def test_only_the_twelve_escapes_are_decoded_and_only_once(url: str, signed: str) -> None:
    assert signed_url(url) == signed


def test_a_signed_request_passes() -> None:
    HubSpotInbound(account()).verify(request(BODY, v3_headers(BODY)))


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_clock_that_is_a_little_off_passes(seconds: int) -> None:
    headers = v3_headers(BODY, at=NOW + timedelta(seconds=seconds))
    HubSpotInbound(account()).verify(request(BODY, headers))


def test_every_secret_of_a_rotation_passes() -> None:
    inbound = HubSpotInbound(account(client_secrets=("new", "old")))
    for secret in ("new", "old"):
        inbound.verify(request(BODY, v3_headers(BODY, secret=secret)))


def test_the_signed_url_may_hold_a_query() -> None:
    url = f"{URL}?a=%3Ab&c=%20"
    HubSpotInbound(account()).verify(request(BODY, v3_headers(BODY, url=url), url=url))


def _headers(**changed: str) -> dict[str, str]:
    names = {"signature": "x-hubspot-signature-v3", "timestamp": "x-hubspot-request-timestamp"}
    return v3_headers(BODY) | {names[name]: value for name, value in changed.items()}


def _good() -> str:
    return v3_headers(BODY)["x-hubspot-signature-v3"]


REFUSED: dict[str, Callable[[], RawRequest]] = {
    "no headers": lambda: request(BODY, {}),
    "empty signature": lambda: request(BODY, _headers(signature="")),
    "truncated signature": lambda: request(BODY, _headers(signature=_good()[:-1])),
    "longer signature": lambda: request(BODY, _headers(signature=_good() + "A")),
    "doubled signature": lambda: request(BODY, _headers(signature=f"{_good()}, {_good()}")),
    "padded signature": lambda: request(BODY, _headers(signature=f" {_good()}")),
    "non-ASCII signature": lambda: request(BODY, _headers(signature="ñ" + _good()[1:])),
    "lone surrogate": lambda: request(BODY, _headers(signature="\udcff")),
    "another's signature": lambda: request(BODY, v3_headers(BODY, secret="theirs")),
    "another body": lambda: request(BODY + b" ", v3_headers(BODY)),
    "another method": lambda: request(BODY, v3_headers(BODY), method="PUT"),
    "another url": lambda: request(BODY, v3_headers(BODY), url=URL + "/"),
    "added query": lambda: request(BODY, v3_headers(BODY), url=URL + "?a=1"),
    "no timestamp": lambda: request(BODY, _headers(timestamp="")),
    "timestamp of seconds": lambda: request(BODY, _headers(timestamp="1693657560")),
    "doubled timestamp": lambda: request(BODY, _headers(timestamp="1693657560000, 1693657560000")),
    "signed timestamp": lambda: request(BODY, _headers(timestamp="+169365756000")),
    "spaced timestamp": lambda: request(BODY, _headers(timestamp=" 1693657560000")),
    "newline after timestamp": lambda: request(BODY, _headers(timestamp="1693657560000\n")),
    "underscored timestamp": lambda: request(BODY, _headers(timestamp="1693657_56000")),
    "exponent": lambda: request(BODY, _headers(timestamp="1e13")),
    "Arabic digits": lambda: request(BODY, _headers(timestamp="١٦٩٣٦٥٧٥٦٠٠٠٠")),
    "too old": lambda: request(BODY, v3_headers(BODY, at=NOW - timedelta(seconds=301))),
    "from the future": lambda: request(BODY, v3_headers(BODY, at=NOW + timedelta(seconds=301))),
    "a moved timestamp": lambda: request(
        BODY, _headers(timestamp=milliseconds(NOW + timedelta(seconds=1)))
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_refused(form: str) -> None:
    with pytest.raises(SignatureInvalid):
        HubSpotInbound(account()).verify(REFUSED[form]())


def test_a_refusal_names_the_address_but_neither_query_nor_secret() -> None:
    with pytest.raises(SignatureInvalid) as refused:
        HubSpotInbound(account()).verify(request(BODY, {}, url=f"{URL}?key=hush"))
    assert URL in str(refused.value)
    assert "hush" not in str(refused.value)
    assert SECRET not in str(refused.value)


def _old(version: str) -> RawRequest:
    signature = sign_v1(SECRET, BODY) if version == "v1" else sign_v2(SECRET, "POST", URL, BODY)
    headers = {
        "x-hubspot-signature": signature.decode(),
        "x-hubspot-signature-version": version,
    }
    return request(BODY, headers)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_old_signatures_are_refused_by_default(version: str) -> None:
    with pytest.raises(SignatureInvalid):
        HubSpotInbound(account()).verify(_old(version))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_old_signatures_pass_where_the_account_says_so(version: str) -> None:
    options = {"accept_signatures": f"v3, {version}"}
    HubSpotInbound(account(options=options)).verify(_old(version))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_old_signature_passes_only_as_what_it_says_it_is(version: str) -> None:
    other = {"v1": "v2", "v2": "v1"}[version]
    with pytest.raises(SignatureInvalid):
        HubSpotInbound(account(options={"accept_signatures": other})).verify(_old(version))


def test_unknown_signature_versions_stop_the_start() -> None:
    with pytest.raises(ConfigError, match="'v4' is not one of v3, v2, v1"):
        HubSpotInbound(account(options={"accept_signatures": "v3,v4"}))


@pytest.mark.parametrize("secrets", [(), ("",), ("good", "")])
def test_an_empty_secret_stops_the_start(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="client_secret"):
        HubSpotInbound(account(client_secrets=secrets))


def test_no_secrets_at_all_stop_the_start() -> None:
    with pytest.raises(ConfigError):
        HubSpotInbound(Account(name="a", connector="hubspot"))


_ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


@given(
    body=st.binary(max_size=50),
    signature=_ANY_TEXT,
    timestamp=_ANY_TEXT | st.integers(0, 10**14).map(str),
    url=_ANY_TEXT,
    received=st.datetimes(timezones=st.just(UTC)),
)
def test_whatever_comes_is_refused_as_such(
    body: bytes, signature: str, timestamp: str, url: str, received: datetime
) -> None:
    headers = {
        "x-hubspot-signature-v3": signature,
        "x-hubspot-signature": signature,
        "x-hubspot-signature-version": timestamp,
        "x-hubspot-request-timestamp": timestamp,
    }
    inbound = HubSpotInbound(account(options={"accept_signatures": "v3,v2,v1"}))
    with pytest.raises(SignatureInvalid):
        inbound.verify(request(body, headers, url=url, received_at=received))
