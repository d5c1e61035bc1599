"""Reads the environment once, into one frozen value; a wrong variable is named at start-up."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName

DEFAULT_PORT = 8000
MIN_SECRET_CHARACTERS = 32
DEFAULT_LEASE_SECONDS = 15.0
_MAX_LEASE_SECONDS = 300.0
_DEFAULT_PUBLIC_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
_BASE_URL = "BRIDGE_BASE_URL_"
_LOG_LEVELS = {"info": logging.INFO, "warning": logging.WARNING}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says.

    `base_urls` holds `BRIDGE_BASE_URL_<ACCOUNT>` (account in upper case, `_` for all but letters
    and digits): another host for one account than accounts.yaml names, for sandboxes.
    `lease_seconds` (BRIDGE_LEASE_SECONDS, the same on every machine) is how long a lane waits for a
    worker that was killed; it has to outlast every stall of a worker that lives.
    `trusted_proxies` are the reverse proxies whose X-Forwarded-For is believed.
    """

    config: Path
    state: Path
    database_url: str = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)
    public_url: str = _DEFAULT_PUBLIC_URL  # without a slash at the end
    secret_key: str | None = field(default=None, repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    media_url: str = ""  # where copies of files are kept; a folder of the state by default
    base_urls: Mapping[str, str] = field(default_factory=dict)
    lease_seconds: float = DEFAULT_LEASE_SECONDS
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    log_for_people: bool = False  # BRIDGE_LOG=text; else JSON unless stderr is a terminal
    log_level: int = logging.INFO  # BRIDGE_LOG_LEVEL: info or warning

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises ConfigError naming the variable that is wrong."""
        state = Path(environ.get("BRIDGE_STATE") or "var")
        return cls(
            config=Path(environ.get("BRIDGE_CONFIG") or "config"),
            state=state,
            database_url=environ.get("BRIDGE_DATABASE_URL") or f"sqlite:///{state}/bridge.sqlite",
            redis_url=_redis_url(environ.get("BRIDGE_REDIS_URL") or None),
            public_url=_http_url(
                "BRIDGE_PUBLIC_URL", environ.get("BRIDGE_PUBLIC_URL") or _DEFAULT_PUBLIC_URL
            ),
            secret_key=_secret_key(environ.get("BRIDGE_SECRET_KEY") or None),
            smtp_url=environ.get("BRIDGE_SMTP_URL") or None,
            media_url=_media_url(environ.get("BRIDGE_MEDIA_URL") or None, state),
            lease_seconds=_lease_seconds(environ.get("BRIDGE_LEASE_SECONDS") or None),
            trusted_proxies=_networks(environ.get("BRIDGE_TRUSTED_PROXIES", "")),
            log_for_people=environ.get("BRIDGE_LOG") == "text",
            log_level=_log_level(environ.get("BRIDGE_LOG_LEVEL") or "info"),
            base_urls={
                name.removeprefix(_BASE_URL): _http_url(name, value)
                for name, value in environ.items()
                if name.startswith(_BASE_URL) and value
            },
        )

    def base_url(self, account: AccountName) -> str | None:
        """The host that the environment names for this account."""
        return self.base_urls.get(variable_part(account))

    def required_secret_key(self) -> str:
        if self.secret_key is None:
            raise ConfigError(
                "BRIDGE_SECRET_KEY is missing: set it to a random text of at least "
                f"{MIN_SECRET_CHARACTERS} characters, the same on every machine "
                "(`bridge up` makes one by itself)"
            )
        return self.secret_key


def environment() -> Mapping[str, str]:
    """The variables of this process; nobody else reads them."""
    return os.environ


def variable_part(account: str) -> str:
    """The account's name as it stands in the name of a variable: `HUBSPOT_MAIN`."""
    return re.sub("[^A-Z0-9]", "_", account.upper())


def _http_url(variable: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{variable}: not an address such as https://bridge.example.com")
    return value.rstrip("/")


def _media_url(value: str | None, state: Path) -> str:
    """A folder has to be told whole: processes may run in different ones."""
    if value is None:
        return (state / "media").absolute().as_uri()
    try:
        parts = urlsplit(value)
        guarded = parts.username is None and parts.password is None
    except ValueError:
        parts, guarded = None, False
    if parts is None or not parts.scheme or not (parts.netloc or parts.path.strip("/")):
        raise ConfigError(
            "BRIDGE_MEDIA_URL: not an address such as s3://bucket/folder or file:///srv/media"
        )
    if not guarded:
        raise ConfigError(
            "BRIDGE_MEDIA_URL: holds a password; give it to the store's own client in its own "
            "variables, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return value.rstrip("/")


def _secret_key(value: str | None) -> str | None:
    if value is not None and len(value) < MIN_SECRET_CHARACTERS:
        raise ConfigError(
            f"BRIDGE_SECRET_KEY: shorter than {MIN_SECRET_CHARACTERS} characters; "
            "make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'`"
        )
    return value


def _log_level(value: str) -> int:
    if value not in _LOG_LEVELS:
        raise ConfigError(f"BRIDGE_LOG_LEVEL: not one of {', '.join(_LOG_LEVELS)}")
    return _LOG_LEVELS[value]


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Whoever believes everybody lets everybody say who he is."""
    try:
        found = tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError:
        raise ConfigError(
            "BRIDGE_TRUSTED_PROXIES: not addresses or networks with commas between, such as "
            "127.0.0.1,10.0.3.0/24"
        ) from None
    if any(one.prefixlen == 0 for one in found):
        raise ConfigError("BRIDGE_TRUSTED_PROXIES: names everybody; name the proxies alone")
    return found


def _lease_seconds(value: str | None) -> float:
    try:
        seconds = DEFAULT_LEASE_SECONDS if value is None else float(value)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= _MAX_LEASE_SECONDS:
        raise ConfigError(
            f"BRIDGE_LEASE_SECONDS: not a number of seconds from 1 to {_MAX_LEASE_SECONDS:.0f}"
        )
    return seconds


def _redis_url(value: str | None) -> str | None:
    """Refuses a server that anybody on the network could feed with jobs."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigError("BRIDGE_REDIS_URL: not a redis://, rediss:// or unix:// address")
    if parts.scheme == "redis" and not _guarded(parts.hostname, parts.password, parts.query):
        raise ConfigError(
            "BRIDGE_REDIS_URL: a server that is not on this machine needs a password or TLS "
            "(rediss://): whoever writes to it could give the workers jobs"
        )
    return value


def _guarded(host: str | None, password: str | None, query: str) -> bool:
    return (host or "localhost") in _LOOPBACK or bool(password or parse_qs(query).get("password"))
