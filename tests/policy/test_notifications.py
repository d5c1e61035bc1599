"""The lint of notifications: accounts that tell nobody, digests that nobody gets (NOT-01)."""

from pathlib import Path

import pytest

from bridge.domain.people import MailWish
from bridge.domain.policy import Digest, DigestEvery
from bridge.policy.codes import Code
from tests.policy.building import WHOLE, loaded, refused

MAIL = "mail-main: {connector: mail, secrets: {password: P}, options: {host: a.example}}"
HOOK = "pager: {connector: hook, secrets: {signing_secret: PAGER_SECRET}}"
BOTH = WHOLE.replace("accounts:\n", f"accounts:\n  {MAIL}\n  {HOOK}\n", 1)


def codes(folder: Path, text: str) -> list[Code]:
    return [finding.code for finding in refused(folder, a=BOTH, b=f"notifications: {text}")]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("{webhook: crm-main}", Code.NOT_A_WEBHOOK),
        ("{webhook: mail-main}", Code.NOT_A_WEBHOOK),
        ("{webhook: pagr}", Code.UNKNOWN_ACCOUNT),
        ("{email: pager}", Code.NOT_EMAIL),
        ("{digest: {}}", Code.DIGEST_WITHOUT_EMAIL),
        ("{email: mail-main, digest: {every: 2h}}", Code.WRONG_VALUE),
        ('{email: mail-main, digest: {at: "24:00"}}', Code.WRONG_VALUE),
        ("{email: mail-main, digest: {at: 8h}}", Code.WRONG_VALUE),
        ("{email: mail-main, digest: {when: now}}", Code.UNKNOWN_KEY),
    ],
)
def test_what_could_tell_nobody_is_refused(tmp_path: Path, given: str, code: Code) -> None:
    assert codes(tmp_path, given) == [code]


def test_mails_posts_and_digests_as_they_are_meant(tmp_path: Path) -> None:
    given = '{email: mail-main, webhook: pager, digest: {at: "07:30"}}'
    text = f"time_zone: Europe/Madrid\nnotifications: {given}"
    found = loaded(tmp_path, a=BOTH, b=text)
    assert found.findings == ()
    assert (found.policy.email, found.policy.webhook) == ("mail-main", "pager")
    assert found.policy.digest == Digest(
        every=DigestEvery.DAY, at="07:30", time_zone="Europe/Madrid"
    )


@pytest.mark.parametrize(
    ("digest", "warnings"), [("", [Code.NO_DIGEST]), (", digest: {every: 1h}", [])]
)
def test_who_wants_a_digest_that_nobody_makes_is_warned_of(
    tmp_path: Path, digest: str, warnings: list[Code]
) -> None:
    text = BOTH.replace("role: salesperson", "role: salesperson, notify: {mail: digest}", 1)
    found = loaded(tmp_path, a=text, b=f"notifications: {{email: mail-main{digest}}}")
    assert [finding.code for finding in found.findings] == warnings
    assert MailWish.DIGEST in {one.mail for one in found.policy.employees.values()}
