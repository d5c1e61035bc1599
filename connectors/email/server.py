"""The mail server of an account: where it is, how it is reached, who we are there."""

import base64
import re
import smtplib
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient
from bridge.ports import Account
from connectors.http import call_timeout

TIMEOUT_SECONDS = 20.0  # for each answer of the server
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-f:]+")


class Security(StrEnum):
    STARTTLS = "starttls"  # begins in the clear, and nothing is said before it is secret
    TLS = "tls"
    NONE = "none"  # only to this very machine


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    host: str
    port: int
    security: Security
    sender: str
    username: str
    password: str = field(repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS
    ca_file: str | None = None  # who vouches for the server, if not those whom the system trusts

    @classmethod
    def of(cls, account: Account) -> "Server":
        """`base_url`, for a sandbox on this machine, stands for host and port, without TLS.

        Raises ConfigError when the password is missing or an option is none.
        """
        password = account.required("password")[0]
        given = account.options
        sender = given.get("from", "")
        if not is_address(sender):
            raise _wrong(account, "from", "an e-mail address of ASCII letters")
        host, port, security = _place(account)
        return cls(
            host=host,
            port=port,
            security=security,
            sender=sender,
            username=given.get("username", sender),
            password=password,
            timeout_seconds=call_timeout(account.name, given, TIMEOUT_SECONDS),
            ca_file=given.get("ca_file"),
        )

    @property
    def domain(self) -> str:
        """Of the sender: who we say we are, and where our Message-IDs live."""
        return self.sender.rpartition("@")[2]

    def open(self) -> smtplib.SMTP:
        """Connected, secret and signed in. Raises DeliveryTransient or CredentialsInvalid."""
        try:
            return self._opened()
        except smtplib.SMTPAuthenticationError as error:
            raise self._not_let_in(error.smtp_code) from error
        except smtplib.SMTPResponseException as error:
            raise self._down(f"answers {error.smtp_code} to a greeting") from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._down("offers no STARTTLS, or no way to sign in") from error
        except ssl.SSLError as error:
            raise self._down("can't prove who it is (TLS)") from error
        except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
            raise self._down(type(error).__name__) from error

    def _opened(self) -> smtplib.SMTP:
        with ExitStack() as on_failure:
            smtp = self._connected()
            on_failure.callback(smtp.close)
            if self.security is Security.STARTTLS:
                smtp.starttls(context=self._context())
            smtp.ehlo_or_helo_if_needed()
            # A server on this machine may trust whoever reaches it.
            if smtp.has_extn("auth") or not is_loopback(self.host):
                self._sign_in(smtp)
            on_failure.pop_all()
            return smtp

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        """Ours, as the standard library knows no passwords beyond ASCII (RFC 4616 does)."""
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            proof = _coded(f"\0{self.username}\0{self.password}")
            code, said = smtp.docmd("AUTH", f"PLAIN {proof}")
        elif "LOGIN" in offered:
            code, said = smtp.docmd("AUTH", f"LOGIN {_coded(self.username)}")
            if code == 334:
                code, said = smtp.docmd(_coded(self.password))
        else:
            raise smtplib.SMTPNotSupportedError
        if code not in (235, 503):  # 503: signed in already
            raise smtplib.SMTPAuthenticationError(code, said)

    def _connected(self) -> smtplib.SMTP:
        host, port, name, seconds = self.host, self.port, self.domain, self.timeout_seconds
        if self.security is Security.TLS:
            context = self._context()
            return smtplib.SMTP_SSL(host, port, name, timeout=seconds, context=context)
        return smtplib.SMTP(host, port, name, timeout=seconds)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)

    def _not_let_in(self, code: int) -> CredentialsInvalid | DeliveryTransient:
        if 400 <= code < 500:
            return self._down(f"answers {code} to signing in")
        return CredentialsInvalid(f"email: {self.host} refuses username or password ({code})")

    def _down(self, why: str) -> DeliveryTransient:
        return DeliveryTransient(f"email: {self.host}:{self.port} {why}", account_wide=True)


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def is_address(text: str) -> bool:
    """Plain ASCII as every server takes it; nothing that could end a line or a command."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _place(account: Account) -> tuple[str, int, Security]:
    if account.base_url is not None:
        parts = urlsplit(account.base_url)
        host, port, security = parts.hostname or "", parts.port or 25, Security.NONE
    else:
        security = _security(account)
        host = account.options.get("host", "")
        port = _port(account, _PORTS[security])
    if not _HOST.fullmatch(host):
        raise _wrong(account, "host", "a host's name")
    if security is Security.NONE and not is_loopback(host):
        raise _wrong(account, "security", "starttls or tls: none is for this very machine")
    return host, port, security


def _security(account: Account) -> Security:
    given = account.options.get("security", Security.STARTTLS.value)
    try:
        return Security(given)
    except ValueError:
        raise _wrong(account, "security", "starttls, tls or none") from None


def _port(account: Account, default: int) -> int:
    given = account.options.get("port", str(default))
    if not (given.isascii() and given.isdigit() and 0 < int(given[:6]) < 65_536):
        raise _wrong(account, "port", "a number from 1 to 65535")
    return int(given)


def _wrong(account: Account, option: str, wanted: str) -> ConfigError:
    return ConfigError(f"account {account.name}: option {option} has to be {wanted}")
