"""A file by its link: public addresses only, each hop checked, bounded in bytes and in time."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, Response, redirect, request

from bridge.domain.errors import DeliveryRejected, DeliveryTransient
from bridge.ports import Account
from connectors.fetching import Fetching, addresses_of, is_public, trusted_hosts
from tests.certificates import self_signed, served_safely
from tests.serving import served

MOST = 1000
CONTENT = b"\x89PNG and so on"


def shop() -> Flask:
    """A server of files, some of them odd."""
    app = Flask(__name__)

    @app.get("/files/logo.png")
    def logo() -> Response:
        return Response(CONTENT, content_type="image/png; charset=binary")

    @app.get("/named")
    def named() -> Response:
        answer = Response(CONTENT, content_type="application/pdf")
        answer.headers["Content-Disposition"] = 'attachment; filename="../../etc/offer.pdf"'
        return answer

    @app.get("/size/<int:size>")
    def sized(size: int) -> Response:
        return Response(b"x" * size)

    @app.get("/streamed/<int:size>")
    def streamed(size: int) -> Response:
        return Response(b"x" for _ in range(size))

    @app.get("/status/<int:status>")
    def status(status: int) -> Response:
        return Response("no", status, headers={"Retry-After": "60"})

    _add_odd(app)
    return app


def _add_odd(app: Flask) -> None:
    @app.get("/packed")
    def packed() -> Response:
        return Response(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    @app.get("/header")
    def header() -> Response:
        return Response(request.headers.get("Authorization", "none"))

    @app.get("/to")
    def to() -> Response:
        return Response(status=302, headers={"Location": request.args["url"]})

    @app.get("/circle")
    def circle() -> Response:
        return redirect("/circle")  # type: ignore[return-value]


@pytest.fixture(scope="module")
def inside() -> Iterator[str]:
    """Its address, which is none of the open internet."""
    with served(shop()) as url:
        yield url


@pytest.fixture
def fetching(inside: str) -> Fetching:
    return Fetching(vendor="acme", trusted=frozenset({inside.removeprefix("http://")}))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "not an address",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    """S13."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "157.240.1.53", "2a03:2880:f10d:83:face:b00c::1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_a_file_comes_with_its_kind_and_name(fetching: Fetching, inside: str) -> None:
    file = fetching.fetch(f"{inside}/files/logo.png?token=1", MOST)
    assert (file.content, file.content_type, file.name) == (CONTENT, "image/png", "logo.png")


def test_a_file_that_is_named_loses_its_folder(fetching: Fetching, inside: str) -> None:
    assert fetching.fetch(f"{inside}/named", MOST).name == "offer.pdf"


def test_a_link_without_a_files_name_names_nothing(fetching: Fetching, inside: str) -> None:
    assert fetching.fetch(f"{inside}/size/1", MOST).name == ""


@pytest.mark.parametrize("way", ["size", "streamed"])
def test_as_many_bytes_as_allowed_come(fetching: Fetching, inside: str, way: str) -> None:
    assert len(fetching.fetch(f"{inside}/{way}/{MOST}", MOST).content) == MOST


@pytest.mark.parametrize("way", ["size", "streamed"])
def test_one_byte_more_is_refused(fetching: Fetching, inside: str, way: str) -> None:
    with pytest.raises(DeliveryRejected, match="larger than 1000 bytes") as refused:
        fetching.fetch(f"{inside}/{way}/{MOST + 1}", MOST)
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "file_gone"),
        (410, "file_gone"),
        (401, "file_refused"),
        (403, "file_refused"),
        (204, "file_refused"),
        (206, "file_refused"),
    ],
)
def test_what_is_not_given_out_is_refused_with_its_status(
    fetching: Fetching, inside: str, status: int, code: str
) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        fetching.fetch(f"{inside}/status/{status}", MOST)
    assert (refused.value.code, refused.value.status) == (code, status)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again_when_asked_to(
    fetching: Fetching, inside: str, status: int
) -> None:
    before = datetime.now(UTC)
    with pytest.raises(DeliveryTransient) as refused:
        fetching.fetch(f"{inside}/status/{status}", MOST)
    assert refused.value.retry_at is not None
    assert refused.value.retry_at >= before + timedelta(seconds=60)


def test_what_comes_compressed_unasked_is_refused(fetching: Fetching, inside: str) -> None:
    with pytest.raises(DeliveryRejected, match="compressed"):
        fetching.fetch(f"{inside}/packed", MOST)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "//host/x",
        "file:///etc/passwd",
        "ftp://host/x",
        "geo:1,2",
        "https://",
        "https:///x",
        "https://[broken",
        "https://user:pw@host/x",
        "https://user@host/x",
        "https://host:0/x",
        "https://host:99999/x",
        "https://ho st/x",
        "https://host/x y",
        "https://host/x\r\nX: y",
        "https://host/é",
        "https://ho\x00st/",
        "https://a..b/",
        "https://" + "a" * 70 + ".example/",
        "https://host/" + "a" * 5000,
        "https://[fe80::1%25eth0]/",
    ],
)
def test_what_is_no_web_address_is_refused_without_a_look_up(url: str) -> None:
    def never(host: str, port: int) -> Sequence[str]:
        host.encode("idna")
        raise AssertionError(host)

    with pytest.raises(DeliveryRejected) as refused:
        Fetching(vendor="acme", resolve=never).fetch(url, MOST)
    assert refused.value.code == "link_forbidden"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/secret",
        "https://2130706433/secret",
        "https://0x7f.1/secret",
        "https://0177.0.0.1/secret",
        "https://[::1]/secret",
        "https://[::ffff:127.0.0.1]/secret",
        "https://localhost/secret",
        "https://LOCALHOST./secret",
    ],
)
def test_a_link_to_a_machine_inside_is_refused_however_spelled(url: str) -> None:
    with pytest.raises(DeliveryRejected, match="public internet") as refused:
        Fetching(vendor="acme").fetch(url, MOST)
    assert refused.value.code == "link_forbidden"
    assert "secret" not in str(refused.value)


def test_one_address_inside_among_public_ones_is_enough() -> None:
    fetching = Fetching(vendor="acme", resolve=lambda host, port: ("8.8.8.8", "10.0.0.1"))
    with pytest.raises(DeliveryRejected, match="public internet"):
        fetching.fetch("https://rebinding.example/x", MOST)


def test_a_name_is_looked_up_once_and_what_it_said_is_called(inside: str) -> None:
    """S13: a name that leads elsewhere the next time, as in DNS rebinding, is not asked again."""
    answers = iter([("127.0.0.1",), ("10.0.0.1",)])
    port = inside.rpartition(":")[2]
    fetching = Fetching(
        vendor="acme",
        trusted=frozenset({"rebinding.example"}),
        resolve=lambda host, port: next(answers),
    )
    assert fetching.fetch(f"http://rebinding.example:{port}/size/3", MOST).content == b"xxx"
    assert next(answers) == ("10.0.0.1",)


def test_plain_http_is_refused_where_nobody_vouches() -> None:
    fetching = Fetching(vendor="acme", resolve=lambda host, port: ("8.8.8.8",))
    with pytest.raises(DeliveryRejected, match="not https"):
        fetching.fetch("http://files.example/x", MOST)


def test_a_redirect_is_followed_with_its_headers_while_the_origin_stays(
    fetching: Fetching, inside: str
) -> None:
    file = fetching.fetch(f"{inside}/to?url=/header", MOST, {"Authorization": "Bearer t"})
    assert file.content == b"Bearer t"


def test_a_redirect_elsewhere_takes_no_headers_along(inside: str) -> None:
    with served(shop()) as other:
        trusted = frozenset(url.removeprefix("http://") for url in (inside, other))
        link = f"{inside}/to?url={other}/header"
        fetching = Fetching(vendor="acme", trusted=trusted)
        assert fetching.fetch(link, MOST, {"Authorization": "Bearer t"}).content == b"none"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "http://10.0.0.1/x", "file:///etc/passwd", "//"]
)
def test_a_redirect_inside_is_refused(fetching: Fetching, inside: str, url: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        fetching.fetch(f"{inside}/to?url={url}", MOST)
    assert refused.value.code == "link_forbidden"


@pytest.mark.parametrize("location", ["Location: https://[x\r\n", "Location: \xe9\r\n", ""])
def test_a_redirect_to_no_web_address_is_refused(location: str) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        head = f"HTTP/1.1 302 Found\r\n{location}Content-Length: 0\r\n\r\n"
        connection.sendall(head.encode("latin-1"))

    with talking(say) as where:
        fetching = Fetching(vendor="acme", trusted=frozenset({where}))
        with pytest.raises(DeliveryRejected, match="no web address"):
            fetching.fetch(f"http://{where}/x", MOST)


def test_redirects_end(fetching: Fetching, inside: str) -> None:
    with pytest.raises(DeliveryRejected, match="redirects too often"):
        fetching.fetch(f"{inside}/circle", MOST)


def test_nobody_there_may_pass() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(DeliveryTransient, match="ConnectionRefusedError"):
            Fetching(vendor="acme", trusted=frozenset({where})).fetch(f"http://{where}/x", MOST)


def test_a_name_that_nobody_knows_may_pass() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    with pytest.raises(DeliveryTransient, match="gaierror"):
        Fetching(vendor="acme", resolve=unknown).fetch("https://files.example/x", MOST)


def test_no_address_at_all_may_pass() -> None:
    fetching = Fetching(vendor="acme", resolve=lambda host, port: ())
    with pytest.raises(DeliveryTransient):
        fetching.fetch("https://files.example/x", MOST)


@contextmanager
def talking(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it likes; yields `host:port`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    say(connection)
                except OSError:
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def _wait_for_the_end(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _drip(connection: socket.socket, head: bytes) -> None:
    """Something every moment, so that no time-out of a single read ends it."""
    connection.recv(4096)
    connection.sendall(head)
    connection.settimeout(0.01)
    while True:
        connection.sendall(b"x")
        try:
            if not connection.recv(4096):
                return
        except TimeoutError:
            continue


@pytest.mark.parametrize(
    "say",
    [
        _wait_for_the_end,
        lambda connection: _drip(connection, b"HTTP/1.1 200 OK\r\nX-Long: "),
        lambda connection: _drip(connection, b"HTTP/1.1 200 OK\r\n\r\n"),
        lambda connection: _drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
    ],
    ids=["silence", "a slow header", "a slow body without end", "a slow body"],
)
def test_a_fetch_ends_however_slowly_it_trickles(say: Callable[[socket.socket], None]) -> None:
    with talking(say) as where:
        fetching = Fetching(vendor="acme", trusted=frozenset({where}), total_seconds=0.3)
        with pytest.raises(DeliveryTransient):
            fetching.fetch(f"http://{where}/x", 10**9)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "no HTTP", "cut short", "a chunk cut short", "a giant header"],
)
def test_a_broken_answer_is_no_file(answer: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with talking(say) as where:
        fetching = Fetching(vendor="acme", trusted=frozenset({where}))
        with pytest.raises(DeliveryTransient):
            fetching.fetch(f"http://{where}/x", MOST)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("attachment; filename=offer.pdf", "offer.pdf"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.pdf", "été.pdf"),
        ("attachment; filename=..\\..\\offer.pdf", "offer.pdf"),
        ("attachment; filename*=nonsense''%FF.pdf", "ÿ.pdf"),
        ('attachment; filename="a\x01b.pdf"', ""),
        ("attachment; filename*0*=x; filename*9999=y.pdf", "xy.pdf"),
        ("attachment; filename=.", ""),
    ],
)
def test_a_name_is_taken_only_if_it_is_one(given: str, name: str) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Disposition: {given}\r\n\r\nx"
        connection.sendall(head.encode("latin-1"))

    with talking(say) as where:
        fetching = Fetching(vendor="acme", trusted=frozenset({where}))
        assert fetching.fetch(f"http://{where}/x", MOST).name == name


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of files.example, signed by itself."""
    return self_signed(tmp_path_factory.mktemp("tls"), "files.example")


@pytest.fixture
def tls_port(certificate: tuple[Path, Path]) -> Iterator[int]:
    with served_safely(shop(), certificate) as port:
        yield port


def _to_loopback(host: str, port: int) -> Sequence[str]:
    return ("127.0.0.1",)


def test_over_tls_the_name_of_the_link_is_what_the_certificate_must_bear(
    certificate: tuple[Path, Path], tls_port: int
) -> None:
    """The address is pinned, and yet it is the host of the link that is asked for and proven."""
    fetching = Fetching(
        vendor="acme",
        trusted=frozenset({"files.example", "other.example"}),
        resolve=_to_loopback,
        tls=ssl.create_default_context(cafile=str(certificate[0])),
    )
    assert fetching.fetch(f"https://files.example:{tls_port}/files/logo.png", MOST).content
    with pytest.raises(DeliveryTransient, match="SSLCertVerificationError"):
        fetching.fetch(f"https://other.example:{tls_port}/files/logo.png", MOST)


def test_a_link_from_outside_is_not_redirected_to_a_host_that_is_vouched_for(
    certificate: tuple[Path, Path], tls_port: int, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S13: an admin vouches for his links to that host, not for what a stranger's link leads to."""
    monkeypatch.setattr("connectors.fetching.is_public", lambda address: True)
    port = inside.rpartition(":")[2]
    fetching = Fetching(
        vendor="acme",
        trusted=frozenset({f"inside.example:{port}"}),
        resolve=_to_loopback,
        tls=ssl.create_default_context(cafile=str(certificate[0])),
    )
    within = f"http://inside.example:{port}/files/logo.png"
    assert fetching.fetch(within, MOST).content == CONTENT
    with pytest.raises(DeliveryRejected, match="is not https"):
        fetching.fetch(f"https://files.example:{tls_port}/to?url={within}", MOST)


def test_over_tls_nobody_is_believed_without_a_known_authority(tls_port: int) -> None:
    trusted = frozenset({"files.example"})
    fetching = Fetching(vendor="acme", trusted=trusted, resolve=_to_loopback)
    with pytest.raises(DeliveryTransient, match="SSLCertVerificationError"):
        fetching.fetch(f"https://files.example:{tls_port}/files/logo.png", MOST)


def test_over_tls_too_a_fetch_ends_when_its_time_is_over(
    certificate: tuple[Path, Path],
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def say(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            _drip_tls(safe)

    with talking(say) as where:
        port = int(where.rpartition(":")[2])
        fetching = Fetching(
            vendor="acme",
            trusted=frozenset({"files.example"}),
            resolve=_to_loopback,
            tls=ssl.create_default_context(cafile=str(certificate[0])),
            total_seconds=1.0,
        )
        with pytest.raises(DeliveryTransient):
            fetching.fetch(f"https://files.example:{port}/x", 10**9)


def _drip_tls(connection: ssl.SSLSocket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.01):
        connection.sendall(b"x")


def test_the_systems_resolver_gives_each_address_once() -> None:
    found = addresses_of("localhost", 80)
    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("options", "base_url", "hosts"),
    [
        ({}, None, set()),
        ({}, "http://127.0.0.1:4020", {"127.0.0.1:4020"}),
        ({}, "https://graph.facebook.com", {"graph.facebook.com:443"}),
        (
            {"file_hosts": "Files.Acme.example, 10.0.0.7:8000,"},
            None,
            {"files.acme.example", "10.0.0.7:8000"},
        ),
        ({"file_hosts": ""}, None, set()),
    ],
)
def test_an_admin_vouches_for_hosts(
    options: dict[str, str], base_url: str | None, hosts: set[str]
) -> None:
    account = Account(name="main", connector="acme", base_url=base_url, options=options)
    assert trusted_hosts(account) == hosts
