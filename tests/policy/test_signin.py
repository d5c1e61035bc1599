"""Signing in, sessions and frames in the YAML: what is read, what is refused (ROL-13)."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.domain.signin_policy import EmbeddingPolicy, OpenIdPolicy, SessionLimits
from bridge.domain.signing_in import SignInFailed, Trouble, address_of, people_of
from bridge.policy.codes import Code
from bridge.policy.secrets import provider_secret, secret_findings, secrets_of
from tests.policy.building import WHOLE, loaded, refused

ISSUER = "issuer: https://login.acme.example, client_id: bridge"
ENVIRON = {"CRM_TOKEN": "t0ken", "CHAT_KEY": "k3y"}


def test_without_a_word_people_sign_in_by_links_and_nobody_frames_anything(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=WHOLE).policy
    assert policy.signin.oidc is None
    assert policy.signin.sessions == SessionLimits()
    assert policy.embedding == EmbeddingPolicy(allowed_origins=())


def test_a_provider_as_it_is_meant(tmp_path: Path) -> None:
    text = (
        f"signin: {{oidc: {{{ISSUER}, client_secret: OIDC_SECRET, allowed_domains: ACME.example, "
        "scopes: [email, profile]}, sessions: {idle: 30m, longest: 8h}}"
    )
    read = loaded(tmp_path, a=WHOLE, b=text)
    assert read.findings == ()
    assert read.policy.signin.oidc == OpenIdPolicy(
        issuer="https://login.acme.example",
        client_id="bridge",
        client_secret=("OIDC_SECRET",),
        label="login.acme.example",
        allowed_domains=frozenset({"acme.example"}),
        scopes=("openid", "email", "profile"),
    )
    assert read.policy.signin.sessions == SessionLimits(
        idle=timedelta(minutes=30), longest=timedelta(hours=8)
    )


def test_an_issuer_keeps_its_slash_as_it_is_compared_letter_by_letter(tmp_path: Path) -> None:
    text = "signin: {oidc: {issuer: https://acme.auth0.com/, client_id: bridge}}"
    oidc = loaded(tmp_path, a=WHOLE, b=text).policy.signin.oidc
    assert oidc is not None
    assert oidc.issuer == "https://acme.auth0.com/"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("{issuer: login.acme.example, client_id: b}", Code.WRONG_VALUE),
        ("{issuer: http://login.acme.example, client_id: b}", Code.WRONG_VALUE),
        ('{issuer: "https://login.acme.example?a=1", client_id: b}', Code.WRONG_VALUE),
        ("{issuer: https://you@login.acme.example, client_id: b}", Code.WRONG_VALUE),
        ("{issuer: https://login.acme.example}", Code.MISSING_KEY),
        (f"{{{ISSUER}, client_secret: hunter2}}", Code.SECRET_IN_YAML),
        (f"{{{ISSUER}, allowed_domains: [ana@acme.example]}}", Code.WRONG_VALUE),
        (f"{{{ISSUER}, email_claim: 'a b'}}", Code.WRONG_VALUE),
        (f"{{{ISSUER}, scopes: []}}", Code.EMPTY_VALUE),
        (f"{{{ISSUER}, roles_claim: groups}}", Code.UNKNOWN_KEY),
        (
            "{issuer: https://login.microsoftonline.com/common/v2.0, client_id: b}",
            Code.SHARED_ISSUER,
        ),
        (
            "{issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', client_id: b}",
            Code.SHARED_ISSUER,
        ),
    ],
)
def test_a_provider_that_could_be_anybody_is_refused(
    tmp_path: Path, given: str, code: Code
) -> None:
    found = refused(tmp_path, a=WHOLE, b=f"signin: {{oidc: {given}}}")
    assert [finding.code for finding in found] == [code]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("{sessions: {idle: 13h}}", Code.SESSION_LIMITS),
        (f"{{oidc: {{{ISSUER}, trust_email: true}}}}", Code.UNVERIFIED_EMAIL),
        (
            "{oidc: {issuer: https://accounts.google.com, client_id: b, trust_email: true, "
            "allowed_domains: acme.example}}",
            Code.UNVERIFIED_EMAIL,
        ),
    ],
)
def test_what_is_hardly_meant_is_told(tmp_path: Path, given: str, code: Code) -> None:
    found = loaded(tmp_path, a=WHOLE, b=f"signin: {given}").findings
    assert [finding.code for finding in found] == [code]


@pytest.mark.parametrize(
    "origin",
    [
        "http://app.hubspot.com",
        "https://app.hubspot.com/",
        "https://app.hubspot.com/contacts",
        "https://*",
        "https://*.com",
        "'*'",
        "https://a.example;script-src",
        "'https://a.example https://b.example'",
        "'https://a..example'",
        "app.hubspot.com",
        "https://a.example:123456",
    ],
)
def test_what_is_no_origin_frames_nothing(tmp_path: Path, origin: str) -> None:
    found = refused(tmp_path, a=WHOLE, b=f"embedding: {{allowed_origins: [{origin}]}}")
    assert [finding.code for finding in found] == [Code.WRONG_VALUE]


def test_origins_are_taken_as_they_stand(tmp_path: Path) -> None:
    text = "embedding: {allowed_origins: [https://app.hubspot.com, https://*.lightning.force.com]}"
    policy = loaded(tmp_path, a=WHOLE, b=text).policy
    assert policy.embedding.allowed_origins == (
        "https://app.hubspot.com",
        "https://*.lightning.force.com",
    )


def test_a_missing_client_secret_closes_the_door(tmp_path: Path) -> None:
    text = f"signin: {{oidc: {{{ISSUER}, client_secret: [OIDC_SECRET, OIDC_OLD]}}}}"
    read = loaded(tmp_path, a=WHOLE, b=text)
    with pytest.raises(ConfigError, match=r"b.yaml.*OIDC_SECRET is not set, or empty"):
        secrets_of(read.policy, ENVIRON, read.places)
    environ = {**ENVIRON, "OIDC_SECRET": " s3cret\n", "OIDC_OLD": "before"}
    assert secret_findings(read.policy, environ) == ()
    assert provider_secret(read.policy, environ) == "s3cret"


OIDC = OpenIdPolicy(issuer="https://login.acme.example", client_id="bridge")
ONLY_ACME = OpenIdPolicy(
    issuer=OIDC.issuer, client_id="bridge", allowed_domains=frozenset({"acme.example"})
)
OWN = OpenIdPolicy(
    issuer=OIDC.issuer, client_id="bridge", email_claim="preferred_username", trust_email=True
)


@pytest.mark.parametrize(
    ("oidc", "claims", "trouble"),
    [
        (OIDC, {}, Trouble.NO_ADDRESS),
        (OIDC, {"email": None, "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": ["ana@acme.example"], "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": "ana", "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": "ana@b@acme.example", "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": "аna@acme.example", "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": "ana@acme.example\x00", "email_verified": True}, Trouble.NO_ADDRESS),
        (OIDC, {"email": "ana@acme.example"}, Trouble.UNVERIFIED),
        (OIDC, {"email": "ana@acme.example", "email_verified": False}, Trouble.UNVERIFIED),
        (OIDC, {"email": "ana@acme.example", "email_verified": 1.5}, Trouble.UNVERIFIED),
        (OIDC, {"email": "ana@acme.example", "email_verified": "false"}, Trouble.UNVERIFIED),
        (ONLY_ACME, {"email": "a@b.example", "email_verified": True}, Trouble.OTHER_DOMAIN),
        (ONLY_ACME, {"email": "a@x.acme.example", "email_verified": True}, Trouble.OTHER_DOMAIN),
        (OWN, {"email": "ana@acme.example", "email_verified": True}, Trouble.NO_ADDRESS),
    ],
)
def test_an_address_that_does_not_count_lets_nobody_in(
    oidc: OpenIdPolicy, claims: dict[str, object], trouble: Trouble
) -> None:
    with pytest.raises(SignInFailed) as caught:
        address_of(claims, oidc)
    assert caught.value.trouble is trouble
    assert "acme" not in str(caught.value)


@pytest.mark.parametrize(
    ("oidc", "claims"),
    [
        (OIDC, {"email": "Ana@ACME.example", "email_verified": True}),
        (OIDC, {"email": " ana@acme.example ", "email_verified": "true"}),
        (OWN, {"preferred_username": "ana@acme.example"}),
    ],
)
def test_an_address_counts_in_lower_case(oidc: OpenIdPolicy, claims: dict[str, object]) -> None:
    assert address_of(claims, oidc) == "ana@acme.example"


def test_an_address_is_who_the_configuration_says_and_nobody_else(tmp_path: Path) -> None:
    text = """
plans:
  resellers:
    south: {users: [ana@acme.example]}
"""
    policy = loaded(tmp_path, a=WHOLE, b=text).policy
    assert [p.principal for p in people_of(policy, "ana@acme.example")] == [
        "employee:ana@acme.example",
        "reseller:ana@acme.example",
    ]
    assert [p.principal for p in people_of(policy, "qa@acme.example")] == [
        "employee:qa@acme.example"
    ]
    assert people_of(policy, "nobody@acme.example") == ()
