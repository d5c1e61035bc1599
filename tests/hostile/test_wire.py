"""What a hostile client does to the connection: a real process refuses, stores nothing half, and
goes on answering (S7, S8, S11, S12)."""

import gzip
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.hostile.town import (
    CHANGED,
    MAX_BODY_BYTES,
    SECRETS,
    WRITTEN,
    Town,
    bearer,
    signed,
)
from tests.wire import chunked, head, post

PATH = "/hooks/wazzup-a"
KEY = f"Authorization: Bearer {SECRETS['HOOK_A_NEW']}"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
TEN_MEGABYTES = 10 * 1024 * 1024
SLOW = 200
QUICK_SECONDS = 5.0  # half of what the slow ones last


def stored(door: Town, wire: bytes, *, end: bool = False) -> tuple[int, list[bytes]]:
    """The answer's status, and the bodies that came to stand in the inbox."""
    before = door.count()
    answer = door.wire.ask(wire, end=end)
    return answer.status, [row[3] for row in door.rows()[before:]]


def large(bytes_in_all: int) -> Iterator[bytes]:
    yield b'{"messages": [], "padding": "'
    yield from [b"x" * 65_536] * (bytes_in_all // 65_536)
    yield b'"}'


def test_s7_a_body_of_ten_megabytes_is_413(door: Town) -> None:
    body = b"".join(large(TEN_MEGABYTES))
    assert stored(door, post(PATH, body, [KEY, JSON])) == (413, [])


def test_s7_a_chunked_body_of_ten_megabytes_is_413_and_not_cut(door: Town) -> None:
    """Where servers cut it at their limit, the app sees a body that seems whole."""
    wire = head("POST", PATH, KEY, JSON, CHUNKED) + chunked(*large(TEN_MEGABYTES)) + b"0\r\n\r\n"
    assert stored(door, wire) == (413, [])


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_s7_an_accounts_limit_holds_to_the_byte(door: Town, over: int, is_chunked: bool) -> None:
    """Also where the whole process would take more."""
    body = b" " * (MAX_BODY_BYTES + over - 2) + b"{}"
    whole = post(PATH, body, [KEY, JSON])
    pieces = head("POST", PATH, KEY, JSON, CHUNKED) + chunked(body) + b"0\r\n\r\n"
    expected = (413, []) if over else (200, [body])
    assert stored(door, pieces if is_chunked else whole) == expected


@pytest.mark.parametrize("kept", [0, 1, len(WRITTEN) - 1])
def test_s7_a_body_shorter_than_its_length_is_never_stored(door: Town, kept: int) -> None:
    wire = post(PATH, WRITTEN, [KEY, JSON])
    cut = wire[: len(wire) - len(WRITTEN) + kept]
    status, rows = stored(door, cut, end=True)
    assert (status in (0, 400), rows) == (True, [])


@pytest.mark.parametrize(
    "end",
    [b"", b"0\r\n", b"5\r\nabc", b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"ffffffffffffffff1\r\n"],
)
def test_s7_chunks_without_a_good_end_are_never_stored(door: Town, end: bytes) -> None:
    wire = head("POST", PATH, KEY, JSON, CHUNKED) + chunked(WRITTEN) + end
    status, rows = stored(door, wire, end=True)
    assert (status in (0, 400), rows) == (True, [])


def test_s7_many_tiny_chunks_are_one_body(door: Town) -> None:
    body = b" " * 20_000 + WRITTEN
    pieces = chunked(*(bytes([byte]) for byte in body))
    wire = head("POST", PATH, KEY, JSON, CHUNKED) + pieces + b"0\r\n\r\n"
    assert stored(door, wire) == (200, [body])


@pytest.mark.parametrize(
    "coding",
    [
        ("gzip",),
        ("GZip",),
        ("x-gzip",),
        ("deflate",),
        ("br",),
        ("zstd",),
        ("identity, gzip",),
        ("gzip, identity",),
        ("gzip", "identity"),
        ("identity", "gzip"),
    ],
)
def test_s8_a_packed_body_is_415_and_never_unpacked(door: Town, coding: Sequence[str]) -> None:
    """Two hundred megabytes of nothing in two hundred kilobytes, had it been unpacked."""
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    headers = [KEY, JSON, *(f"Content-Encoding: {word}" for word in coding)]
    assert stored(door, post(PATH, bomb, headers)) == (415, [])


def test_s8_packed_chunks_are_refused(door: Town) -> None:
    wire = head("POST", PATH, KEY, JSON, "Transfer-Encoding: gzip, chunked")
    status, rows = stored(door, wire + chunked(gzip.compress(WRITTEN)) + b"0\r\n\r\n")
    assert (status in (0, 400, 415, 501), rows) == (True, [])


def slow_heads(door: Town) -> bytes:
    return head("POST", PATH, KEY)[:-4]


def slow_bodies(door: Town) -> bytes:
    return head("POST", PATH, KEY, JSON, f"Content-Length: {len(WRITTEN)}") + WRITTEN[:9]


def slow_chunks(door: Town) -> bytes:
    return head("POST", PATH, KEY, JSON, CHUNKED) + chunked(WRITTEN[:9])


@pytest.mark.parametrize("slow", [slow_heads, slow_bodies, slow_chunks])
def test_s11_two_hundred_slow_ones_hold_nobody_up(
    door: Town, slow: Callable[[Town], bytes]
) -> None:
    """Every normal webhook is answered; how soon is asked of the best of several, because a busy
    machine is nobody's failure. The slow ones would last ten seconds."""
    before = door.count()
    with door.wire.many_open(SLOW, slow(door)):
        answers = [door.ask(PATH, WRITTEN, bearer()) for _ in range(10)]
    assert [answer.status for answer in answers] == [200] * 10
    assert min(answer.seconds for answer in answers) < QUICK_SECONDS
    assert door.count() == before + 10


TRICKS = (
    "/hooks//wazzup-a",
    "/hooks/../hooks/wazzup-a",
    "/hooks/./wazzup-a",
    "/x/../hooks/wazzup-a",
    "/hooks/wazzup-b/../wazzup-a",
    "/hooks/wazzup-b/%2e%2e/wazzup-a",
    "/hooks/%2e%2e/hooks/wazzup-a",
    "/hooks/wazzup-a%00",
    "/hooks/wazzup-a%20",
    "/hooks/wazzup-a%0d%0aX: y",
    "/hooks/WAZZUP-A",
    "/hooks/wazzup-a;x=1",
    "/hooks/wazzup-a\\x",
    "/HOOKS/wazzup-a",
    "/hooks/",
    "/hooks",
)


@pytest.mark.parametrize("path", TRICKS)
def test_s12_a_path_is_what_it_says(door: Town, path: str) -> None:
    """Nothing is folded, decoded twice, redirected or taken for another account's."""
    status, rows = stored(door, post(path, WRITTEN, [KEY, JSON]))
    assert (status in (0, 400, 401, 404, 405), rows) == (True, [])


def test_s12_another_tenants_name_in_the_path_is_only_a_wrong_key(door: Town) -> None:
    status, rows = stored(door, post("/hooks/wazzup-b/wazzup-a", WRITTEN, [KEY, JSON]))
    assert (status, rows) == (401, [])


def test_s12_an_escaped_slash_in_a_key_is_a_part_of_it(door: Town) -> None:
    path = f"/hooks/wazzup-b%2f..%2fwazzup-a/{SECRETS['HOOK_A_NEW']}"
    assert stored(door, post(path, WRITTEN, [JSON])) == (401, [])


def test_s12_a_doubled_slash_leads_nowhere(door: Town) -> None:
    assert stored(door, post("//hooks/wazzup-a", WRITTEN, [KEY, JSON])) == (404, [])


@pytest.mark.parametrize("path", ["/hooks%2fwazzup-a", "/hooks/wazzup%2da"])
def test_s12_another_spelling_of_an_address_needs_the_same_key(door: Town, path: str) -> None:
    assert stored(door, post(path, WRITTEN, [JSON])) == (401, [])
    assert stored(door, post(path, WRITTEN, [JSON, f"Authorization: {SECRETS['HOOK_B_NEW']}"])) == (
        401,
        [],
    )
    assert stored(door, post(path, WRITTEN, [KEY, JSON])) == (200, [WRITTEN])
    assert door.rows()[-1][0] == "wazzup-a"


@pytest.mark.parametrize(
    "address", ["http://evil.example/hooks/wazzup-a", "https://bridge.example/b/hooks/wazzup-a"]
)
def test_s12_an_absolute_address_moves_nothing(door: Town, address: str) -> None:
    """The host that it names is never believed; its path is a path here."""
    before = door.count()
    answer = door.wire.ask(post(address, WRITTEN, [KEY, JSON]))
    urls = [row[1] for row in door.rows()[before:]]
    assert (answer.status, urls) in [
        (200, ["https://bridge.example/b/hooks/wazzup-a"]),
        (404, []),
        (400, []),
    ]


SPOOFED = (
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-For: 127.0.0.1",
    "Forwarded: host=evil.example;proto=http;for=127.0.0.1",
    "X-Original-URL: /hooks/wazzup-b",
    "X-Rewrite-URL: /hooks/wazzup-b",
    "X-Host: evil.example",
)


def test_s12_who_is_asked_for_is_not_up_to_the_client(door: Town) -> None:
    """HubSpot signs the whole address: only the configured one is ever compared."""
    spoofed = [line.split(": ", 1) for line in SPOOFED]
    assert door.takes("/hooks/hubspot-a", CHANGED, {**signed(), **dict(spoofed)})
    assert door.rows()[-1][1] == "https://bridge.example/b/hooks/hubspot-a"
    evil = post(PATH, WRITTEN, [KEY, JSON, *SPOOFED])
    evil = evil.replace(b"Host: bridge.example", b"Host: evil.example:1")
    assert door.wire.ask(evil).status == 200
    assert door.rows()[-1][1] == "https://bridge.example/b/hooks/wazzup-a"


def test_s12_a_redirect_of_a_page_leads_nowhere_else(door: Town) -> None:
    wire = head("GET", "/conversations", *SPOOFED).replace(b"bridge.example", b"evil.example")
    answer = door.wire.ask(wire)
    assert answer.status == 303
    assert "location: /login" in answer.head.lower()
    assert "evil" not in answer.head


@pytest.mark.parametrize(
    "lengths",
    [
        ["Content-Length: 3", "Content-Length: 5"],
        ["Content-Length: 3, 5"],
        ["Content-Length: -3"],
        ["Content-Length: +3"],
        ["Content-Length: 3x"],
        ["Content-Length: 0x3"],
        ["Content-Length: 99999999999999999999999"],
        ["Content-Length: ٣"],
    ],
)
def test_s12_an_unclear_length_is_refused(door: Town, lengths: Sequence[str]) -> None:
    raw = [line.encode().decode("latin-1") for line in lengths]
    status, rows = stored(door, head("POST", PATH, KEY, JSON, *raw) + b"abcde", end=True)
    assert (status in (0, 400, 413), rows) == (True, [])


SMUGGLED = post(PATH, b'{"smuggled": 1}', [KEY, JSON])


@pytest.mark.parametrize(
    "coding",
    [
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: Chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ],
)
@pytest.mark.parametrize("length", [4, len(SMUGGLED) + 8])
def test_s12_length_and_chunks_smuggle_nothing(door: Town, coding: str, length: int) -> None:
    """Whichever of the two counts, what comes after is no second request."""
    top = head("POST", PATH, KEY, JSON, f"Content-Length: {length}", coding)
    wire = top.replace(b"Connection: close", b"Connection: keep-alive") + b"0\r\n\r\n" + SMUGGLED
    _, rows = stored(door, wire, end=True)
    assert b'{"smuggled": 1}' not in rows


@pytest.mark.parametrize(
    "trick",
    [
        "X-HTTP-Method-Override: GET",
        "X-HTTP-Method: DELETE",
        "X-Method-Override: PUT",
    ],
)
def test_s12_a_method_is_what_it_says(door: Town, trick: str) -> None:
    assert stored(door, post(PATH, WRITTEN, [KEY, JSON, trick])) == (200, [WRITTEN])
    assert stored(door, post(f"{PATH}?_method=GET", WRITTEN, [KEY, JSON])) == (200, [WRITTEN])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "FOO"])
def test_s12_another_method_opens_nothing(door: Town, method: str) -> None:
    wire = head(method, PATH, KEY, JSON, "Content-Length: 2") + b"{}"
    status, rows = stored(door, wire)
    assert (status in (0, 400, 401, 404, 405, 501), rows) == (True, [])


def test_the_process_lives_on(door: Town) -> None:
    """After all of the above, and never once with a failure of its own."""
    assert door.takes(PATH, WRITTEN, bearer())
    assert "request failed" not in door.log()
    assert "crashed" not in door.log()
    assert "exception" not in door.log()
