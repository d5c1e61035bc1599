"""Gets a file by its link, from the open internet only: never from a machine inside."""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bridge.domain.errors import DeliveryRejected, DeliveryTransient
from bridge.domain.messaging import Media
from bridge.ports import Account, Delivery, MediaCopier, MediaFile, Sink
from connectors.http import HttpAnswer, retry_after

FORBIDDEN = "link_forbidden"
GONE = "file_gone"
REFUSED = "file_refused"
TOO_LARGE = "file_too_large"

CONNECT_SECONDS = 5.0
COPY_SECONDS = 120.0
"""The longest that a file of a client may take to come."""
MAX_HOPS = 4
MAX_URL = 4096
_MAX_ADDRESSES = 3
_CHUNK = 64 * 1024
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\ud800-\udfff]{1,200}\.[A-Za-z0-9]{1,8}")
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"https": 443, "http": 80}
# Public by their looks, and yet ways into a private IPv4 network.
_TUNNELS = tuple(
    IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)

Resolve = Callable[[str, int], Sequence[str]]


def addresses_of(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says; OSError when it knows none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet, whatever its spelling hides."""
    try:
        parsed = ip_address(address)
    except ValueError:  # with a zone: link-local
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified:
        return False
    return isinstance(parsed, IPv4Address) or _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None or address.is_site_local:
        return False
    return not any(address in tunnel for tunnel in _TUNNELS)


def trusted_hosts(account: Account) -> frozenset[str]:
    """Whom an admin vouches for: option `file_hosts`, `host` or `host:port` with commas between,
    and the host of the account's own `base_url`."""
    named = account.options.get("file_hosts", "").split(",")
    return frozenset(name.strip().lower() for name in (*named, _origin(account.base_url)) if name)


def _origin(url: str | None) -> str:
    parts = urlsplit(url or "")
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return f"{parts.hostname}:{port}" if parts.hostname else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where a link leads: `host` in lower case, `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """An answer; its body, if it was a 200, is where it was wanted."""

    status: int
    headers: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """How much may come, and where to."""

    most_bytes: int
    into: Sink
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """Follows a link to a file: https, public addresses, each hop checked, the address that was
    checked is the one that is called.

    `trusted` hosts (`trusted_hosts`) may be inside, and of plain http; a link from elsewhere can't
    redirect to them. `total_seconds` ends a fetch whatever still trickles in.
    """

    vendor: str
    trusted: frozenset[str] = frozenset()
    total_seconds: float = 30.0
    connect_seconds: float = CONNECT_SECONDS
    resolve: Resolve = addresses_of
    tls: ssl.SSLContext | None = None

    def fetch(
        self, url: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> MediaFile:
        """The file, as `copy` gets it."""
        content = BytesIO()
        file = self.copy(url, most_bytes, content, headers)
        return replace(file, content=content.getvalue())

    def copy(
        self, url: str, most_bytes: int, into: Sink, headers: Mapping[str, str] | None = None
    ) -> MediaFile:
        """Writes the file to `into`, piece by piece; what is given back holds no content.
        `headers` go to the link's own origin alone, not where it redirects to.

        Raises DeliveryRejected (code `link_forbidden`, `file_gone`, `file_refused` or
        `file_too_large`, with the HTTP status if there was one), DeliveryTransient for what may
        pass. No error tells more of the link than its host.
        """
        ends = time.monotonic() + self.total_seconds
        first = target = self._target(url)
        inside = self._is_trusted(target)
        for _ in range(MAX_HOPS):
            given = headers if target.origin == first.origin else None
            wanted = _Wanted(most_bytes=most_bytes, into=into, headers=given or {})
            answer = self._answer(target, inside, wanted, ends)
            if answer.status not in _REDIRECTS:
                return self._file(target, answer)
            target = self._next(target, answer)
            inside = inside and self._is_trusted(target)
        raise self._forbidden(target, "redirects too often")

    def _target(self, url: str) -> _Target:
        parts, port = self._split(url)
        host = (parts.hostname or "").rstrip(".")
        with suppress(UnicodeError):
            host = host if host.isascii() else host.encode("idna").decode("ascii")
        if parts.scheme not in _PORTS or not _HOST.fullmatch(host):
            raise self._no_address()
        if parts.username is not None or parts.password is not None:
            raise DeliveryRejected(f"{self.vendor}: the link holds a password", code=FORBIDDEN)
        path = parts.path or "/"
        return _Target(
            scheme=parts.scheme,
            host=host,
            port=port or _PORTS[parts.scheme],
            path=f"{path}?{parts.query}" if parts.query else path,
        )

    def _split(self, url: str) -> tuple[SplitResult, int | None]:
        """The http client refuses what is not printable ASCII with the whole link in its error."""
        try:
            parts = urlsplit(url)
            speaks = (parts.path + parts.query).isascii() and " " not in url and url.isprintable()
            port = parts.port
        except ValueError as error:
            raise self._no_address() from error
        if len(url) > MAX_URL or not speaks or port == 0:
            raise self._no_address()
        return parts, port

    def _no_address(self) -> DeliveryRejected:
        return DeliveryRejected(f"{self.vendor}: the link is no web address", code=FORBIDDEN)

    def _is_trusted(self, target: _Target) -> bool:
        return target.host in self.trusted or f"{target.host}:{target.port}" in self.trusted

    def _answer(
        self,
        target: _Target,
        inside: bool,
        wanted: "_Wanted",
        ends: float,
    ) -> _Answered:
        if target.scheme != "https" and not inside:
            raise self._forbidden(target, "is not https")
        try:
            with self._socket(target, inside) as sock, _watched(sock, ends) as is_over:
                connection = self._connection(target, sock)
                with closing(connection):
                    answer = self._asked(connection, target, wanted)
                if is_over():
                    raise TimeoutError
                return answer
        except (OSError, http.client.HTTPException) as error:
            said = f"{self.vendor}: fetching a file from {target.host}: {type(error).__name__}"
            raise DeliveryTransient(said) from error

    def _socket(self, target: _Target, inside: bool) -> socket.socket:
        """Connected to an address that was checked: a name may lead elsewhere the next time."""
        try:
            addresses = self.resolve(target.host, target.port)
        except UnicodeError as error:
            raise self._forbidden(target, "is no web address") from error
        if not inside and not all(is_public(address) for address in addresses):
            raise self._forbidden(target, "is not in the public internet")
        last: OSError = OSError("no address")
        for address in addresses[:_MAX_ADDRESSES]:
            try:
                return socket.create_connection((address, target.port), self.connect_seconds)
            except OSError as error:
                last = error
        raise last

    def _connection(self, target: _Target, sock: socket.socket) -> http.client.HTTPConnection:
        sock.settimeout(self.total_seconds)
        if target.scheme == "http":
            plain = http.client.HTTPConnection(target.host, target.port)
            plain.sock = sock
            return plain
        context = self.tls or ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        safe = http.client.HTTPSConnection(target.host, target.port, context=context)
        safe.sock = context.wrap_socket(sock, server_hostname=target.host)
        return safe

    def _asked(
        self,
        connection: http.client.HTTPConnection,
        target: _Target,
        wanted: "_Wanted",
    ) -> _Answered:
        asked = {"accept-encoding": "identity", **wanted.headers}
        connection.request("GET", target.path, headers=asked)
        with closing(connection.getresponse()) as answer:
            if answer.status != 200:
                return _Answered(status=answer.status, headers=answer.headers)
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise self._error(target, "comes compressed, unasked", REFUSED, 200)
            self._take(target, answer, wanted)
            return _Answered(status=200, headers=answer.headers)

    def _take(self, target: _Target, answer: http.client.HTTPResponse, wanted: "_Wanted") -> None:
        announced, most = answer.length, wanted.most_bytes
        if announced is not None and announced > most:
            raise self._too_large(target, most)
        came = 0
        while chunk := answer.read(_CHUNK):
            came += len(chunk)
            if came > most:
                raise self._too_large(target, most)
            wanted.into.write(chunk)
        if announced is not None and came < announced:
            raise http.client.IncompleteRead(b"")

    def _next(self, target: _Target, answer: _Answered) -> _Target:
        here = f"{target.scheme}://{_bracketed(target.host)}:{target.port}{target.path}"
        location = answer.headers.get("location", "")
        try:
            return self._target(urljoin(here, location) if location else "")
        except ValueError as error:
            raise self._no_address() from error

    def _file(self, target: _Target, answer: _Answered) -> MediaFile:
        if answer.status == 200:
            return MediaFile(
                content=b"",
                content_type=_content_type(answer.headers),
                name=_file_name(target, answer.headers),
            )
        if answer.status in (404, 410):
            raise self._error(target, "is gone", GONE, answer.status)
        if answer.status in (408, 425, 429) or answer.status >= 500:
            said = f"{self.vendor}: fetching a file from {target.host}: HTTP {answer.status}"
            raise DeliveryTransient(said, retry_at=_retry_at(answer))
        raise self._error(target, "is refused to us", REFUSED, answer.status)

    def _too_large(self, target: _Target, most_bytes: int) -> DeliveryRejected:
        return self._error(target, f"is larger than {most_bytes} bytes", TOO_LARGE, 200)

    def _forbidden(self, target: _Target, why: str) -> DeliveryRejected:
        said = f"{self.vendor}: the link to {target.host} {why}"
        return DeliveryRejected(said, code=FORBIDDEN)

    def _error(self, target: _Target, why: str, code: str, status: int) -> DeliveryRejected:
        said = f"{self.vendor}: a file at {target.host} {why} (HTTP {status})"
        return DeliveryRejected(said, code=code, status=status)


class Links:
    """The MediaSource of vendors whose links need no key."""

    def __init__(self, account: Account) -> None:
        self._fetching = Fetching(
            vendor=account.connector, trusted=trusted_hosts(account), total_seconds=COPY_SECONDS
        )

    def fetch(self, media: Media, most_bytes: int) -> MediaFile:
        return self._fetching.fetch(media.url, most_bytes)

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        return self._fetching.copy(media.url, most_bytes, into)


def file_of(delivery: Delivery, fetching: Fetching, url: str, most_bytes: int) -> MediaFile:
    """The file that a delivery sends: our own, or fetched by its link."""
    if delivery.file is not None:
        return delivery.file(most_bytes)
    return fetching.fetch(url, most_bytes)


def whole(copier: MediaCopier, media: Media, most_bytes: int) -> MediaFile:
    """The file with its content, for who wants it in memory."""
    content = BytesIO()
    file = copier.copy(media, most_bytes, content)
    return replace(file, content=content.getvalue())


@contextmanager
def _watched(sock: socket.socket, ends: float) -> Iterator[Callable[[], bool]]:
    """Cuts the connection when the time is over, even in the middle of a slow line; gives whether
    it did. It has a socket of its own, as one under TLS can't be touched by two threads."""
    other = sock.dup()
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(max(0.0, ends - time.monotonic()), cut)
    watch.daemon = True
    watch.start()
    try:
        yield over.is_set
    finally:
        watch.cancel()
        watch.join()
        other.close()


def _content_type(headers: Message) -> str:
    given = headers.get("content-type", "").split(";")[0].strip().lower()
    return given if _CONTENT_TYPE.fullmatch(given) else "application/octet-stream"


def _file_name(target: _Target, headers: Message) -> str:
    """As the server says, else as the link ends, if that looks like a file's name."""
    said = headers.get_filename("").replace("\\", "/").rpartition("/")[2]
    last = unquote(target.path.partition("?")[0]).rpartition("/")[2]
    return next((name for name in (said, last) if _FILE_NAME.fullmatch(name)), "")


def _retry_at(answer: _Answered) -> datetime | None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    told = HttpAnswer(status=answer.status, headers=headers, body=b"")
    return retry_after(told, datetime.now(UTC))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
