"""What is known of the provider: its discovery document and its keys, each for a while."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bridge.domain.signing_in import OpenIdClient, SignInFailed, Trouble
from bridge.openid.calling import read_json, session_for
from connectors.fetching import Resolve, addresses_of

KEPT_SECONDS = 3600.0
AWAY_SECONDS = 5.0
"""Who waited while another found that it does not answer, does not find out for himself."""
KEYS_AGAIN_SECONDS = 30.0
"""How long keys are looked at no second time for the sake of one that is unknown."""
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The provider's own description."""

    document: Mapping[str, Any]
    until: float

    def text(self, name: str) -> str:
        found = self.document.get(name, "")
        return found if isinstance(found, str) else ""

    def words(self, name: str) -> tuple[str, ...]:
        found = self.document.get(name)
        return tuple(str(one) for one in found) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    keys: Any
    read_at: float


@dataclass
class Knowledge:
    """Of every issuer that was asked; one thread reads anew, the others wait for it."""

    resolve: Resolve = addresses_of
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, Known] = field(default_factory=dict)
    _keys: dict[str, _Keys] = field(default_factory=dict)
    _away_until: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, client: OpenIdClient, *, anew: bool = False) -> Known:
        """SignInFailed where it does not describe itself, or as another."""
        issuer = client.policy.issuer
        with self._lock:
            known = self._known.get(issuer)
            if anew or known is None or known.until <= self.clock():
                known = self._read_anew(client, anew=anew)
                self._known[issuer] = known
            return known

    def keys(self, client: OpenIdClient, *, missing: bool = False) -> Any:
        """Its keys; read anew where one was `missing`, if that was not done just now."""
        url = self.of(client).text("jwks_uri")
        with self._lock:
            kept, now = self._keys.get(url), self.clock()
            age = None if kept is None else now - kept.read_at
            again = KEYS_AGAIN_SECONDS if missing else KEPT_SECONDS
            if kept is None or age is None or age >= again:
                kept = _Keys(keys=self._read_keys(client, url), read_at=now)
                self._keys[url] = kept
            return kept.keys

    def _read_anew(self, client: OpenIdClient, *, anew: bool) -> Known:
        issuer = client.policy.issuer
        if not anew and self.clock() < self._away_until.get(issuer, 0.0):
            raise SignInFailed(Trouble.AWAY, "was away a moment ago")
        try:
            return self._read(client)
        except SignInFailed:
            self._away_until[issuer] = self.clock() + AWAY_SECONDS
            raise

    def _read(self, client: OpenIdClient) -> Known:
        issuer = client.policy.issuer
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        with session_for(client, self.resolve) as session:
            found = read_json(session, place, "discovery")
        if found.get("issuer") != issuer:
            raise SignInFailed(Trouble.AWAY, "discovery: the document is of another issuer")
        for name in _NEEDED:
            if not isinstance(found.get(name), str):
                raise SignInFailed(Trouble.AWAY, f"discovery: no {name}")
        if not self._may_send_to(client, str(found["authorization_endpoint"])):
            raise SignInFailed(Trouble.AWAY, "discovery: authorization_endpoint is not https")
        return Known(document=found, until=self.clock() + KEPT_SECONDS)

    @staticmethod
    def _may_send_to(client: OpenIdClient, url: str) -> bool:
        """Browsers are sent nowhere unencrypted, but where the issuer itself is so."""
        return url.startswith("https://") or client.policy.issuer.startswith("http://")

    def _read_keys(self, client: OpenIdClient, url: str) -> Any:
        with session_for(client, self.resolve) as session:
            found = read_json(session, url, "keys")
        try:
            return KeySet.import_key_set({"keys": list(_usable(found))})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInFailed(Trouble.AWAY, f"keys: {type(error).__name__}") from error


def _usable(found: Mapping[str, Any]) -> list[Any]:
    """Those for signatures, of the kinds that two parties need no common secret for."""
    keys = found.get("keys")
    listed = [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []
    kinds = ("RSA", "EC", "OKP")
    return [one for one in listed if one.get("kty") in kinds and one.get("use", "sig") == "sig"]
