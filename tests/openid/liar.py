"""A provider that says whatever a test tells it to, over real HTTP."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from tests.openid.running import CLIENT, SECRET

Answer = Callable[[], Any]
_ALLOWED = ["RS256", "HS256", "none"]
KEY = RSAKey.generate_key(2048, parameters={"kid": "own", "use": "sig"}, private=True)
FOREIGN = RSAKey.generate_key(2048, parameters={"kid": "own", "use": "sig"}, private=True)


@dataclass
class Liar:
    """`claims` and `header` are put over what would be right; `instead` answers an address."""

    issuer: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] | None = None
    key: Any = field(default_factory=lambda: KEY)
    instead: dict[str, Answer] = field(default_factory=dict)
    nonce: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("liar")
        app.add_url_rule("/.well-known/openid-configuration", "discovery", self._discovery)
        app.add_url_rule("/keys", "keys", self._keys)
        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        app.add_url_rule("/me", "me", self._me)
        return app

    def _answer(self, name: str, usual: Answer) -> Any:
        self.asked.append((name, dict(request.form)))
        return self.instead.get(name, usual)()

    def _discovery(self) -> Any:
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
        }
        return self._answer("discovery", lambda: {**right, **self.document})

    def _keys(self) -> Any:
        return self._answer("keys", lambda: KeySet([KEY]).as_dict(private=False))

    def _token(self) -> Any:
        said = {"access_token": "at", "token_type": "Bearer", "expires_in": 60}
        return self._answer("token", lambda: {**said, "id_token": self._signed()})

    def _me(self) -> Any:
        right = {"sub": "1", "email": "ana@acme.example", "email_verified": True}
        return self._answer("me", lambda: {**right, **(self.userinfo or {})})

    def _signed(self) -> str:
        now = int(time.time())
        right = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "ana@acme.example",
            "email_verified": True,
        }
        claims = {k: v for k, v in {**right, **self.claims}.items() if k not in self.without}
        return self.sign(claims)

    def sign(self, claims: Mapping[str, Any]) -> str:
        header = {"alg": "RS256", "kid": "own", **self.header}
        return jwt.encode(header, dict(claims), self.key, algorithms=_ALLOWED)


def leads_elsewhere() -> Response:
    return redirect("http://127.0.0.1:1/")  # type: ignore[return-value]


def our_own_secret() -> OctKey:
    """What a confused client would check a token by: the secret that it shares, or a public key."""
    return OctKey.import_key(SECRET)
