"""The front door on the wire: nothing half-read is passed on, slow clients hold nobody up."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.forked import process_of
from tests.ports import free_port
from tests.web.front_process import (
    BODY_SECONDS,
    HELD_SECONDS,
    LIMIT,
    PIECE,
    PIECES,
    UPLOAD_LIMIT,
)
from tests.wire import HOST, Answer, Wire, chunked, read

LONG_SECONDS = 50.0  # what the slow ones last: longer than a busy machine needs for others
GET = b"GET /fine HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Served(Wire):
    process: "subprocess.Popen[bytes]"

    def post(self, path: str, body: bytes, *headers: str) -> Answer:
        lines = [f"POST {path} HTTP/1.1", "Host: b", "Connection: close", *headers]
        lines.append(f"Content-Length: {len(body)}")
        return self.ask("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def count(self, path: str) -> int:
        told = self.ask(b"GET /counts HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n").told()
        return int(told.get(path, 0))


@contextmanager
def running(body_seconds: float = BODY_SECONDS) -> Iterator[Served]:
    port = free_port()
    command = (sys.executable, "-m", "tests.web.front_process", str(port), str(body_seconds))
    heard = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = process_of(command, os.environ, **heard)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        wait_until_open(port)
        yield Served(port, process)
    finally:
        process.kill()
        process.communicate()


def wait_until_open(port: int) -> None:
    wait_until(lambda: is_open(port), "the front does not listen")


def is_open(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=60).close()
    except OSError:
        return False
    return True


def wait_until(holds: Callable[[], object], otherwise: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with running() as opened:
        yield opened


def test_a_body_arrives_whole_with_its_raw_path_and_headers(served: Served) -> None:
    answer = served.post("/a%2Fb/%c3%A4;x?q=%20&z", b"h\xffllo", "X-Two: a", "x-two: b")
    told = answer.told()
    assert answer.status == 200
    assert told["body"] == "h\xffllo"
    environ = told["environ"]
    assert environ["REQUEST_URI"] == "/a%2Fb/%c3%A4;x?q=%20&z"
    assert (environ["QUERY_STRING"], environ["HTTP_X_TWO"]) == ("q=%20&z", "a, b")
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["REMOTE_ADDR"] == HOST


def test_cookies_are_joined_as_cookies(served: Served) -> None:
    told = served.post("/c", b"", "Cookie: a=1", "Cookie: b=2").told()
    assert told["environ"]["HTTP_COOKIE"] == "a=1; b=2"


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(served: Served) -> None:
    told = served.post("/u", b"", "X_Key: forged").told()
    assert "HTTP_X_KEY" not in told["environ"]


def test_a_header_outside_ascii_comes_through(served: Served) -> None:
    told = served.post("/n", b"", "X-Name: \xe4").told()
    assert told["environ"]["HTTP_X_NAME"] == "\xe4"


def test_a_chunked_body_arrives_whole(served: Served) -> None:
    head = b"POST /chunks HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    told = served.ask(head + chunked(b"abc", b"de") + b"0\r\n\r\n").told()
    assert told["body"] == "abcde"
    assert told["environ"]["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in told["environ"]


@pytest.mark.parametrize(
    "wire",
    [
        b"POST /cut HTTP/1.1\r\nHost: b\r\nContent-Length: 1000\r\n\r\nabc",
        b"POST /cut HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"POST /cut HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    ],
)
def test_a_body_cut_short_is_never_passed_on(served: Served, wire: bytes) -> None:
    """S7."""
    assert served.ask(wire, end=True).status in (0, 400, 500)
    assert served.count("cut") == 0


def test_a_body_at_the_limit_passes(served: Served) -> None:
    assert served.post("/limit", b"x" * LIMIT).status == 200


def test_a_body_over_the_limit_is_refused_by_its_length(served: Served) -> None:
    """S7: without reading it."""
    head = b"POST /large HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1)
    answer = served.ask(head)
    assert (answer.status, served.count("large")) == (413, 0)
    assert "connection: close" in answer.headers


def test_a_chunked_body_over_the_limit_is_refused_not_cut(served: Served) -> None:
    """S7."""
    head = b"POST /large HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = served.ask(head + chunked(*[b"x" * 1000] * 50))
    assert (answer.status, served.count("large")) == (413, 0)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
def test_a_packed_body_is_refused(served: Served, coding: str) -> None:
    """S8."""
    answer = served.post("/packed", b"x", f"Content-Encoding: {coding}")
    assert (answer.status, served.count("packed")) == (415, 0)
    assert b"Content-Encoding" in answer.body


def test_an_unpacked_body_may_say_so(served: Served) -> None:
    assert served.post("/plain", b"x", "Content-Encoding: identity").status == 200


@pytest.mark.parametrize(
    "lengths",
    ["Content-Length: 3\r\nContent-Length: 5", "Content-Length: -5", "Content-Length: 5x"],
)
def test_a_contradictory_length_is_refused(served: Served, lengths: str) -> None:
    """S12."""
    wire = f"POST /length HTTP/1.1\r\nHost: b\r\n{lengths}\r\n\r\nabcde"
    assert served.ask(wire.encode()).status == 400
    assert served.count("length") == 0


def test_with_length_and_chunks_the_chunks_count_and_the_connection_ends(served: Served) -> None:
    """S12: nothing of it can be taken for a second request."""
    wire = (
        b"POST /both HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nabcde\r\n0\r\n\r\nPOST /smuggled HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n"
    )
    answer = served.ask(wire)
    assert answer.told()["body"] == "abcde"
    assert answer.told()["environ"]["CONTENT_LENGTH"] == "5"
    assert "connection: close" in answer.headers
    assert served.count("smuggled") == 0


def test_a_header_without_end_is_refused(served: Served) -> None:
    wire = b"GET /long HTTP/1.1\r\nHost: b\r\nX-Long: " + b"a" * 2_000_000
    assert served.ask(wire).status in (0, 400, 431)
    assert served.count("long") == 0


def test_a_body_that_comes_too_slowly_is_408(served: Served) -> None:
    answer = served.ask(b"POST /late HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\nabc")
    assert (answer.status, served.count("late")) == (408, 0)
    assert answer.seconds >= BODY_SECONDS


def test_slow_clients_hold_nobody_up() -> None:
    """S11: 200 slow with headers and 200 slow with bodies, and four threads."""
    with running(LONG_SECONDS) as served, ExitStack() as slow:
        for _ in range(200):
            slow.enter_context(served.open(b"POST /slow-head HTTP/1.1\r\nHost: b\r\nX-"))
            slow.enter_context(
                served.open(b"POST /s HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\na")
            )
        answers = [served.ask(GET) for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 5
    assert max(answer.seconds for answer in answers) < LONG_SECONDS


def test_an_answer_is_held_until_its_row_is_durable(served: Served) -> None:
    """R1: and no thread waits for it: there are four."""
    began = time.monotonic()
    with ExitStack() as stack:
        wire = b"POST /hooks/soon HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nab"
        waiting = [stack.enter_context(served.open(wire)) for _ in range(40)]
        answers = [read(connection, began) for connection in waiting]
    assert {(answer.status, answer.body) for answer in answers} == {(202, b"MainThread")}
    assert min(answer.seconds for answer in answers) >= HELD_SECONDS
    assert "retry-after: 7" in answers[0].headers


@pytest.mark.parametrize(
    ("fate", "why"), [("refused", b"locked"), ("never", b"the store does not answer")]
)
def test_what_does_not_become_durable_is_not_answered_for(
    served: Served, fate: str, why: bytes
) -> None:
    """R5."""
    answer = served.post(f"/hooks/{fate}", b"ab")
    assert (answer.status, answer.body) == (503, why)


def test_an_answer_of_unknown_length_is_sent_in_pieces(served: Served) -> None:
    answer = served.ask(b"GET /stream HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert "transfer-encoding: chunked" in answer.headers
    assert answer.body == chunked(b"one ", b"two ", b"three") + b"0\r\n\r\n"


def test_a_file_is_sent_in_pieces_under_its_length(served: Served) -> None:
    answer = served.ask(b"GET /file HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert f"content-length: {PIECES * len(PIECE)}" in answer.headers
    assert "transfer-encoding" not in answer.headers
    assert answer.body == PIECE * PIECES


def test_who_asks_for_the_head_of_a_file_gets_its_length(served: Served) -> None:
    """Vendors do, before they fetch it."""
    answer = served.ask(b"HEAD /file HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert f"content-length: {PIECES * len(PIECE)}" in answer.headers
    assert answer.body == b""


def test_only_what_brings_a_file_may_be_larger(served: Served) -> None:
    """S7."""
    large = b"x" * (LIMIT + 1)
    assert served.post("/api/v1/uploads", large).status == 200
    assert served.post("/conversations/cv_1/reply", large).status == 200
    assert served.post("/conversations/cv_1/dismiss", large).status == 413
    assert served.post("/api/v1/uploads", b"x" * (UPLOAD_LIMIT + 1)).status == 413


def test_an_answer_without_a_body_ends(served: Served) -> None:
    answer = served.ask(b"GET /nothing HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert answer.status == 200


def test_a_bug_in_the_application_is_500_and_the_next_is_served(served: Served) -> None:
    assert served.ask(b"GET /broken HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n").status == 500
    assert served.ask(GET).status == 200


def test_an_absolute_address_does_not_move_the_request(served: Served) -> None:
    """S12."""
    wire = b"POST http://evil.example/abs?x=1 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n"
    assert served.ask(wire).told()["environ"]["REQUEST_URI"] == "/abs?x=1"


def test_one_connection_serves_many_requests(served: Served) -> None:
    wire = b"POST /many HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nab"
    with served.open() as connection:
        for _ in range(3):
            connection.sendall(wire)
            assert read(connection, time.monotonic()).status == 200
    assert served.count("many") == 3


def test_sigterm_finishes_what_is_in_flight_and_takes_no_more() -> None:
    """R12."""
    with running() as served:
        with served.open(b"GET /slow HTTP/1.1\r\nHost: b\r\n\r\n") as connection:
            wait_until(lambda: served.count("slow") == 1, "the slow one is not in hand")
            began = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not is_open(served.port), "it takes more")
            assert read(connection, began).status == 200
        assert served.process.wait(60) == 0


def test_a_killed_front_leaves_the_port_free() -> None:
    with running() as served:
        served.process.kill()
        served.process.wait(60)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, served.port))
            assert probe.getsockname()[1] == served.port
