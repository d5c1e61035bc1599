"""Where an account of Salesforce answers, and which addresses may be given our secrets at all."""

from urllib.parse import urlsplit

from bridge.domain.errors import ConfigError
from bridge.ports import Account

LOGIN_URL = "https://login.salesforce.com"
_TEST_URL = "https://test.salesforce.com"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def login_url(account: Account) -> str:
    """Where tokens are asked for: `base_url`, else option `login_url` (the org's My Domain).

    Raises ConfigError for an address that is not https, but for sandboxes on this machine.
    """
    given = account.base_url or account.options.get("login_url") or LOGIN_URL
    if not is_safe(given):
        raise ConfigError(
            f"account {account.name}: login_url or base_url is not an address such as "
            "https://acme.my.salesforce.com"
        )
    return given.rstrip("/")


def audience(account: Account) -> str:
    """Whom a signed assertion is for: option `audience`, else Salesforce's login for this org.

    Source: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm (the
    login server, that for test orgs, or an Experience Cloud site).
    """
    given = account.options.get("audience")
    if given:
        return given
    host = urlsplit(account.options.get("login_url", "")).hostname or ""
    is_test = host == "test.salesforce.com" or ".sandbox." in host
    return _TEST_URL if is_test else LOGIN_URL


def is_safe(url: str) -> bool:
    """An address that is nothing but scheme and host, https or on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
