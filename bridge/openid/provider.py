"""The walk to the provider and back: where to send a browser, and what its answer proves."""

import hmac
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from bridge.domain.signing_in import (
    Begun,
    OpenIdClient,
    Proven,
    ProviderLogout,
    SignInFailed,
    Trouble,
)
from bridge.openid.calling import read_json, session_for
from bridge.openid.knowing import Knowledge, Known
from bridge.openid.logout import MOST_CHARACTERS, logout_of

MOST_AT_ONCE = 6
WAIT_SECONDS = 1.5
AWAY_SECONDS = 5.0
SKEW_SECONDS = 120
ALGORITHMS = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
_AUTHENTICATION = ("client_secret_basic", "client_secret_post")
_MOST_CODE = 4096
# What is wrong with this one code: anybody can bring such, so nobody else is kept waiting for it.
_HIS_OWN = ("invalid_grant", "invalid_request")


@dataclass
class OpenIdProvider:
    """Asks the provider with few threads at most: when it hangs, pages do not."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    clock: Callable[[], float] = time.monotonic
    _room: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_AT_ONCE)
    )
    _away_until: float = 0.0

    def address(self, client: OpenIdClient, begun: Begun) -> str:
        """Where the browser is sent to."""
        with self._asking():
            known = self.knowledge.of(client)
        with session_for(client) as session:
            url, _ = session.create_authorization_url(
                known.text("authorization_endpoint"),
                state=begun.state,
                nonce=begun.nonce,
                code_verifier=begun.verifier,
            )
        return str(url)

    def proven(
        self, client: OpenIdClient, begun: Begun, answer: Mapping[str, str], now: datetime
    ) -> Proven:
        """What it says of who came back, as far as it is proven to be said to us, now."""
        with self._asking():
            known = self.knowledge.of(client)
            code = _code_in(answer, begun, known, client.policy.issuer)
            token = self._token(client, known, begun, code)
            claims = self._claims(client, token, begun, now)
            return Proven(claims={**claims, **self._more(client, known, token, claims)})

    def goodbye(self, client: OpenIdClient, back: str) -> str:
        """Where somebody signs out of the provider too; without a token of his, which is not kept:
        so it may ask him whether he means it."""
        with self._asking():
            place = self.knowledge.of(client).text("end_session_endpoint")
        if not place:
            return ""
        asked = {"client_id": client.policy.client_id, "post_logout_redirect_uri": back}
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def logged_out(self, client: OpenIdClient, token: str, now: datetime) -> ProviderLogout:
        """What its `logout_token` says, once all of it is checked."""
        if not 0 < len(token) <= MOST_CHARACTERS:
            raise SignInFailed(Trouble.UNTRUSTED, "logout_token: none")
        with self._asking():
            try:
                decoded = self._decoded(client, token)
            except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
                said = f"logout_token: {type(error).__name__}"
                raise SignInFailed(Trouble.UNTRUSTED, said) from error
        return logout_of(decoded.claims, decoded.header, client, now)

    def examine(self, client: OpenIdClient) -> str:
        """Asks anew, past what is kept."""
        known = self.knowledge.of(client, anew=True)
        self.knowledge.keys(client)
        offered = known.words("id_token_signing_alg_values_supported")
        if offered and not set(offered) & set(ALGORITHMS):
            raise SignInFailed(Trouble.AWAY, "it signs with none of our algorithms")
        challenges = known.words("code_challenge_methods_supported")
        if challenges and "S256" not in challenges:
            raise SignInFailed(Trouble.AWAY, "it does not know PKCE with S256")
        return client.policy.issuer

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """BUSY where too many ask already; AWAY at once where it was away only just now."""
        if self.clock() < self._away_until:
            raise SignInFailed(Trouble.AWAY, "was away a moment ago")
        if not self._room.acquire(timeout=WAIT_SECONDS):
            raise SignInFailed(Trouble.BUSY, "too many sign-ins at once")
        try:
            yield
        except SignInFailed as failed:
            if failed.trouble is Trouble.AWAY:
                self._away_until = self.clock() + AWAY_SECONDS
            raise
        finally:
            self._room.release()

    def _token(
        self, client: OpenIdClient, known: Known, begun: Begun, code: str
    ) -> Mapping[str, Any]:
        offered = known.words("token_endpoint_auth_methods_supported") or _AUTHENTICATION[:1]
        fitting = [name for name in _AUTHENTICATION if name in offered] or _AUTHENTICATION[:1]
        method = fitting[0] if client.secret else "none"
        resolve = self.knowledge.resolve
        with session_for(client, resolve, token_endpoint_auth_method=method) as session:
            try:
                token = session.fetch_token(
                    known.text("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                    redirect_uri=client.redirect,
                )
            except OAuthError as error:
                said = error.error if str(error.error).isidentifier() else "an error"
                if said in _HIS_OWN:
                    raise SignInFailed(Trouble.STALE, f"token: {said}") from error
                raise SignInFailed(Trouble.AWAY, f"token: {said}") from error
            except (requests.RequestException, OSError) as error:
                raise SignInFailed(Trouble.AWAY, f"token: {type(error).__name__}") from error
            except (ValueError, RecursionError, KeyError, TypeError) as error:
                raise SignInFailed(Trouble.AWAY, "token: is no answer") from error
        return dict(token)

    def _claims(
        self, client: OpenIdClient, token: Mapping[str, Any], begun: Begun, now: datetime
    ) -> dict[str, Any]:
        """Of the signed token alone, whose every part is checked."""
        text = token.get("id_token")
        if not isinstance(text, str):
            raise SignInFailed(Trouble.UNTRUSTED, "no id_token")
        try:
            decoded = self._decoded(client, text)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": client.policy.issuer},
                    "aud": {"essential": True, "value": client.policy.client_id},
                    "sub": {"essential": True},
                    "nonce": {"essential": True},
                },
                params={
                    "nonce": begun.nonce,
                    "client_id": client.policy.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            said = getattr(error, "claim", None) or type(error).__name__
            raise SignInFailed(Trouble.UNTRUSTED, f"id_token: {said}") from error
        return dict(claims)

    def _decoded(self, client: OpenIdClient, text: str) -> jwt.Token:
        """With keys read anew where it is signed with one that is not known yet."""
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(text, self.knowledge.keys(client), registry=registry)
        except (InvalidKeyIdError, ValueError):
            keys = self.knowledge.keys(client, missing=True)
            return jwt.decode(text, keys, registry=registry)

    def _more(
        self,
        client: OpenIdClient,
        known: Known,
        token: Mapping[str, Any],
        claims: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """What only the provider's own page of the person says: many name the address there."""
        place = known.text("userinfo_endpoint")
        bearer = token.get("access_token")
        if client.policy.email_claim in claims or not place or not isinstance(bearer, str):
            return {}
        # Not by Authlib's own way, which takes a token of a minute's life for one that is over.
        proof = {"Authorization": f"Bearer {bearer}"}
        with session_for(client, self.knowledge.resolve) as session:
            found = read_json(session, place, "userinfo", headers=proof)
        if not hmac.compare_digest(str(found.get("sub")).encode(), str(claims["sub"]).encode()):
            raise SignInFailed(Trouble.UNTRUSTED, "userinfo: of somebody else")
        wanted = (client.policy.email_claim, "email_verified")
        return {name: found[name] for name in wanted if name in found}


def _code_in(answer: Mapping[str, str], begun: Begun, known: Known, issuer: str) -> str:
    """The code that a browser brought, if it was this one that was sent, to this issuer."""
    if not hmac.compare_digest(
        answer.get("state", "").encode("utf-8", "surrogatepass"), begun.state.encode()
    ):
        raise SignInFailed(Trouble.STALE, "state does not match")
    named = answer.get("iss")
    must = known.document.get("authorization_response_iss_parameter_supported") is True
    if (named is None and must) or (named is not None and named != issuer):
        raise SignInFailed(Trouble.UNTRUSTED, "the answer is of another issuer")
    if "error" in answer:
        raise SignInFailed(Trouble.DENIED, "the provider refused")
    code = answer.get("code", "")
    if not 0 < len(code) <= _MOST_CODE:
        raise SignInFailed(Trouble.STALE, "no code")
    return code
