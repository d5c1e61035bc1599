"""Whether people can sign in by the provider, and whether frames in the CRM's pages can work."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bridge.domain.signing_in import OpenIdClient, SignInFailed
from bridge.pipeline.doctor.points import Point, fine, skipped, wrong
from bridge.pipeline.parts import Parts

CHECK = "signing in"
FRAMES = "chats in the CRM's pages"
CALLBACK = "/signin/callback"


def check_sign_in(parts: Parts, *, offline: bool) -> Iterator[Point]:
    active = parts.active()
    oidc = active.policy.signin.oidc
    if oidc is not None and parts.provider is not None:
        client = OpenIdClient(
            policy=oidc,
            redirect=f"{parts.public_url}{CALLBACK}",
            secret=active.provider_secret,
        )
        yield skipped(CHECK, "not asked (--offline)") if offline else _asked(parts, client)
    if active.policy.embedding.allowed_origins and urlsplit(parts.public_url).scheme != "https":
        todo = "serve the bridge by https, and set BRIDGE_PUBLIC_URL to that address"
        yield wrong(FRAMES, "browsers keep a frame's cookie only where it came by https", todo)


def _asked(parts: Parts, client: OpenIdClient) -> Point:
    if parts.provider is None:
        return skipped(CHECK, "no provider can be asked here")
    try:
        issuer = parts.provider.examine(client)
    except SignInFailed as failed:
        todo = (
            "look at signin.oidc.issuer: its /.well-known/openid-configuration has to be reached "
            "from here, and name exactly this issuer; links (`bridge login`) work meanwhile"
        )
        return wrong(CHECK, failed.detail or str(failed.trouble), todo)
    said = f"{issuer} answers, and its keys are known; it has to know {client.redirect}"
    return fine(CHECK, said)
