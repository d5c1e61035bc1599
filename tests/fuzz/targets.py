"""What is fuzzed: each target takes any bytes, and may fail only in the way that it declares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
from flask import Flask, request
from werkzeug.test import EnvironBuilder

from bridge import codec
from bridge.domain.effects import Effect
from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.policy import Policy
from bridge.domain.records import Contact, Message
from bridge.payload import Payload
from bridge.policy.asking import given_of
from bridge.policy.folder import Files
from bridge.policy.reading import load_files
from bridge.ports import Connector, RawRequest
from bridge.web.api.conversations import ROUTES as CONVERSATIONS
from bridge.web.api.keys import ROUTES as KEYS
from bridge.web.api.messages import ROUTES as MESSAGES
from bridge.web.cursors import Cursors
from bridge.web.environ import environ_of
from bridge.web.problems import Problem
from bridge.web.readable import refuse_unreadable_query
from connectors import CONNECTORS, installed
from tests.contract.hostile import CORPUS
from tests.contract.parsed import check_parsed, tells_no_secret
from tests.contract.vendors import NOW, account, bodies, recorded
from tests.contract.vendors import request as vendors_request

ROOT = Path(__file__).parents[2]


class Broken(Exception):
    """A claim about the outcome does not hold: the traceback names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`run` returns when the bytes were taken or refused as declared; any exception is a finding.
    `is_json`: most inputs are JSON, and changed as such."""

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    is_json: bool = True


def expect(holds: bool) -> None:
    if not holds:
        raise Broken


def read_payload(data: bytes) -> None:
    try:
        whole = Payload.from_bytes(data)
    except PayloadInvalid as error:
        expect(str(error).isascii())
        return
    _walk(whole, 0)


_READERS: tuple[Callable[[Payload], Any], ...] = (
    Payload.text,
    Payload.integer,
    Payload.boolean,
    Payload.identifier,
    Payload.milliseconds,
    Payload.iso_time,
)


def _walk(value: Payload, depth: int) -> None:
    expect(value.raw().isascii())
    for read in _READERS:
        try:
            _check_storable(read(value))
        except PayloadInvalid as error:
            expect(error.path == value.path)
    if depth < 3:
        for child in _children(value):
            _walk(child, depth + 1)


def _children(value: Payload) -> list[Payload]:
    if isinstance(value.value, list):
        return list(value.items())
    if isinstance(value.value, dict):
        return [found for key in value.mapping() if (found := value.get(key)) is not None]
    return []


def _check_storable(found: Any) -> None:
    """What any store can hold: UTF-8 without NUL, 64 bits, aware times."""
    if isinstance(found, str):
        expect("\x00" not in found.encode("utf-8").decode())
    elif isinstance(found, int):
        expect(-(2**63) < found < 2**63)
    else:
        expect(found.utcoffset() is not None)


def parse_with(connector: Connector) -> Callable[[bytes], None]:
    inbound = connector.inbound(account(connector))

    # The vendor's own kind of body: that of most that were recorded.
    kinds = [told.headers["content-type"] for told in recorded(connector.name)]
    kind = max(sorted(set(kinds)), key=kinds.count, default="application/json")

    def parse(data: bytes) -> None:
        told = vendors_request(data, content_type=kind)
        try:
            parsed = inbound.parse(told)
        except PayloadInvalid as error:
            expect(tells_no_secret(connector, error))
            return
        check_parsed(connector, parsed)
        expect(inbound.parse(told) == parsed)
        for event in parsed.events:
            expect(codec.decode(type(event), codec.encode(event)) == event)

    return parse


def verify_with(connector: Connector) -> Callable[[bytes], None]:
    """No bytes can prove anything: they don't hold the secret."""
    inbound = connector.inbound(account(connector))

    def verify(data: bytes) -> None:
        told = request_of(data)
        inbound.handshake(told)
        try:
            inbound.verify(told)
        except SignatureInvalid as error:
            expect(tells_no_secret(connector, error))
            return
        raise Broken("taken for the vendor")

    return verify


def request_of(data: bytes) -> RawRequest:
    """`METHOD URL`, a header per line, an empty line, the body; each byte a letter, as WSGI has
    them."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, url = first.partition(" ")
    named = (line.partition(": ") for line in lines)
    return RawRequest(
        method=method,
        url=url,
        headers={name.lower(): value for name, _, value in named},
        body=body,
        received_at=NOW,
    )


def _signed_seeds() -> list[bytes]:
    milliseconds = str(int(NOW.timestamp() * 1000))
    head = f"POST https://bridge.example/hooks/main/{'k' * 20}?key=none&a=%2F\n"
    headers = (
        f"x-hubspot-signature-v3: {'A' * 43}=\nx-hubspot-request-timestamp: {milliseconds}",
        f"x-hubspot-signature: {'0' * 64}\nx-hubspot-signature-version: v1",
        f"x-hubspot-signature: {'0' * 64}\nx-hubspot-signature-version: v2",
        "authorization: Bearer kept-webhook-key",
        "authorization: Basic a2VwdA==\nx-api-key: none",
    )
    return [f"{head}{given}\n\n[]".encode() for given in headers] + [
        b"POST http://[broken\n\n",
        b"GET /\n\n",
        b'POST /hooks/main\n\n{"test": true}',
    ]


def load_policy(data: bytes) -> None:
    try:
        load_files(Files(folder="config", contents={"config/a.yaml": data}), installed())
    except ConfigError as error:
        expect(str(error).startswith("config/a.yaml:"))


def ask_for_a_route(data: bytes) -> None:
    """`bridge route --new-client key=value …`, a word per line."""
    words = dict(_pair(line) for line in data.decode("utf-8", "replace").split("\n"))
    try:
        given_of(words, _example_policy())
    except ConfigError as error:
        expect(bool(str(error)))


def _pair(line: str) -> tuple[str, str]:
    key, _, value = line.partition("=")
    return key, value


@cache
def _example_policy() -> Policy:
    paths = sorted((ROOT / "config").glob("*.yaml"))
    contents = {path.name: path.read_bytes() for path in paths}
    return load_files(Files(folder="config", contents=contents), installed()).policy


def open_cursor(data: bytes) -> None:
    cursors = Cursors("0123456789abcdef" * 2)
    try:
        cursors.open(tuple, data.decode("utf-8", "surrogateescape"), "a list")
    except Problem as problem:
        expect(problem.status == 400)
        return
    raise Broken("a cursor that nobody made was taken")


_STORED: tuple[type[Any], ...] = (Policy, Message, Contact, *get_args(Event), *get_args(Effect))


def decode_value(data: bytes) -> None:
    for kind in _STORED:
        try:
            value = codec.decode(kind, data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        again = codec.encode(value)
        expect(codec.encode(codec.decode(kind, again)) == again)


def _stored_seeds() -> list[bytes]:
    events = [
        codec.encode(event)
        for connector in CONNECTORS
        for told in recorded(connector.name)
        for event in connector.inbound(account(connector)).parse(told).events
    ]
    found = b'{"error": "2025-13-\xd25T99:99:99Z", "messageId": [[]]}'  # no UTF-8, found by fuzzing
    return [codec.encode(_example_policy()), found, *events, *CORPUS.values()]


_FLASK = Flask("fuzzed")
_SCOPE = {
    "method": "POST",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 1),
    "http_version": "1.1",
    "scheme": "http",
}
_ROUTES = (*CONVERSATIONS, *MESSAGES, *KEYS)


def read_api_request(data: bytes) -> None:
    """The query up to the first line's end, then the body."""
    query, _, body = data.partition(b"\n")
    for route in _ROUTES:
        builder = EnvironBuilder("/", method="POST", data=body, content_type="application/json")
        environ = builder.get_environ() | {"QUERY_STRING": query.decode("latin-1")}
        try:
            with _FLASK.request_context(environ):
                refuse_unreadable_query()
                route.bind(request)
        except Problem as problem:
            expect(400 <= problem.status < 500)
            problem.response()


def tell_environ(data: bytes) -> None:
    """Path and query, a header per line, an empty line, the body: what a page would read of it."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    path, _, query = first.partition(b"?")
    headers = [(name.lower(), value) for name, _, value in (x.partition(b": ") for x in lines)]
    scope = {**_SCOPE, "raw_path": path, "query_string": query, "headers": headers}
    environ = environ_of(scope, body)
    asked = path + (b"?" + query if query else b"")
    expect(environ["REQUEST_URI"].encode("latin-1") == asked)
    expect(environ["CONTENT_LENGTH"] == str(len(body)))
    expect("HTTP_TRANSFER_ENCODING" not in environ)
    plain = {name for name, _ in headers if b"_" not in name}
    told = [name for name in environ if name.startswith("HTTP_")]
    expect(len(told) <= len(plain))
    with _FLASK.request_context(environ):
        _read_as_pages_do(body)


def _read_as_pages_do(body: bytes) -> None:
    try:
        refuse_unreadable_query()
        request.args.to_dict()
    except Problem as problem:
        expect(problem.status == 400)
    request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
    request.cookies.get("bridge_session", "").encode("utf-8", "surrogatepass")
    expect(isinstance(request.path, str) and isinstance(request.mimetype, str))
    expect(request.get_data(cache=True) == body)
    request.form.get("csrf", "").encode("utf-8", "surrogatepass")


def _wire_seeds() -> list[bytes]:
    form = b"content-type: application/x-www-form-urlencoded\n\ncsrf=abc&text=%ff%00"
    parts = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nabc\r\n--b--\r\n'
    return [
        b"/hooks/main/%2e%2e/key?key=a%2Fb\nauthorization: Bearer x\nx_key: forged\n\n[]",
        b"/conversations?q=%ff\ncookie: bridge_session=a; bridge_login=b\ncookie: c=d\n\n",
        b"/login/x\n" + form,
        b"/login/x\ncontent-type: multipart/form-data; boundary=b\n\n" + parts,
        b"//a/../b;c\nhost: evil.example\ncontent-length: 5\ntransfer-encoding: chunked\n\nabc",
    ]


def _api_seeds() -> list[bytes]:
    return [
        b"limit=20&cursor=abc&q=x",
        b'\n{"text": "hello", "media": {"kind": "image", "url": "https://x.example/a.png"}}',
        b'\n{"to": {"phone": "+34600111222", "messenger": "whatsapp"}, "text": "x"}',
        b'\n{"name": "n", "employee": "ana@acme.example", "scopes": ["read"], "days": 5}',
    ]


def _policy_seeds() -> list[bytes]:
    paths = [*(ROOT / "config").glob("*.yaml"), *(ROOT / "config").glob("examples/*/*.yaml")]
    whole = b"\n".join(path.read_bytes() for path in sorted((ROOT / "config").glob("*.yaml")))
    return [whole, *(path.read_bytes() for path in sorted(paths))]


def _bodies_of(connector: Connector) -> Callable[[], list[bytes]]:
    return lambda: [*bodies(connector.name), *CORPUS.values()]


def _every_body() -> list[bytes]:
    return [body for connector in CONNECTORS for body in bodies(connector.name)]


def _made() -> list[Target]:
    found = [
        Target(
            name="payload",
            run=read_payload,
            seeds=lambda: [*_every_body(), *CORPUS.values()],
        ),
        Target(name="policy", run=load_policy, seeds=_policy_seeds, is_json=False),
        Target(
            name="route-question",
            run=ask_for_a_route,
            seeds=lambda: [b"country=MX\nchannel=wa-sales\nowner=ana@acme.example", b"client=new"],
            is_json=False,
        ),
        Target(
            name="cursor",
            run=open_cursor,
            seeds=lambda: [Cursors("another").seal((1, "a"), "a list").encode(), b"a" * 2000],
            is_json=False,
        ),
        Target(
            name="codec",
            run=decode_value,
            seeds=_stored_seeds,
        ),
        Target(name="environ", run=tell_environ, seeds=_wire_seeds, is_json=False),
        Target(name="api-request", run=read_api_request, seeds=_api_seeds, is_json=False),
    ]
    for connector in (one for one in CONNECTORS if one.methods):
        found.append(
            Target(
                name=f"{connector.name}-parse",
                run=parse_with(connector),
                seeds=_bodies_of(connector),
            )
        )
        found.append(
            Target(
                name=f"{connector.name}-verify",
                run=verify_with(connector),
                seeds=_signed_seeds,
                is_json=False,
            )
        )
    return found


TARGETS: Mapping[str, Target] = {target.name: target for target in _made()}


def _planted(data: bytes) -> None:
    """A step per letter, so that coverage leads there and chance does not."""
    if data[:1] != b"h":
        return
    if data[1:2] != b"o":
        return
    if data[2:3] != b"s":
        return
    if data[3:4] != b"t":
        return
    if data[4:5] == b"i":
        raise Broken("planted")


# A fuzzer that does not find this one finds nothing.
CONTROL = Target(name="control", run=_planted, seeds=lambda: [b"-"], is_json=False)
