"""The default renewal owner is edited in the YAML itself: a word there, and all else as it was."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bridge.domain.principals import Person, PersonKind
from bridge.domain.renewing import RenewalOwner
from bridge.domain.renewing_policy import RenewalDefault
from bridge.pipeline.changing import saving
from bridge.pipeline.following import FollowedConfig, take_folder
from bridge.pipeline.parts import ConfigFolder, Parts
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals.defaults import Edit, edit_default
from bridge.store.schema import DECISIONS
from tests.pipeline.world import World
from tests.policy.building import CONNECTORS, WHOLE

ANA, LUIS, QA = "ana@acme.example", "luis@acme.example", "qa@acme.example"
ENVIRON = {"CRM_TOKEN": "t", "CHAT_KEY": "k", "MAIL_KEY": "m"}
MAIL = """
notifications: {email: mail-main}
"""
YAML = """# who is told
renewals:
  partner_of: HubSpot   # since 2019
  default: {owner: vendor}  # nobody in copy
"""
MANAGER = Person(kind=PersonKind.EMPLOYEE, id=LUIS)
PARTNER, VENDOR = RenewalOwner.PARTNER, RenewalOwner.VENDOR


@dataclass(frozen=True)
class Office:
    house: World
    parts: Parts
    path: Path

    @property
    def text(self) -> str:
        return (self.path / "renewals.yaml").read_text()

    def sets(
        self,
        owner: RenewalOwner,
        notify: str | None = None,
        *,
        seen: str | None = None,
        by: Person = MANAGER,
        tenant: str = "",
    ) -> Refusal | None:
        edit = Edit(
            tenant=tenant,
            default=RenewalDefault(owner=owner, notify=notify),
            seen=self.parts.active().hash if seen is None else seen,
            by=by,
        )
        return edit_default(self.parts, edit)

    @property
    def default(self) -> RenewalDefault | None:
        renewals = self.parts.active().policy.renewals
        return None if renewals is None else renewals.default


@pytest.fixture
def office(small: World, tmp_path: Path) -> Office:
    path = tmp_path / "config"
    path.mkdir()
    whole = WHOLE.replace(
        "channels:",
        "  mail-main: {connector: mail, secrets: {password: MAIL_KEY}, "
        "options: {host: mail.example}}\nchannels:",
        1,
    )
    (path / "bridge.yaml").write_text(whole + MAIL)
    (path / "renewals.yaml").write_text(YAML)
    take_folder(small.engine, path, CONNECTORS, ENVIRON, small.parts.now())
    active = FollowedConfig(small.engine, ENVIRON, lambda name: None)
    folder = ConfigFolder(path=path, connectors=CONNECTORS, environ=ENVIRON)
    return Office(small, replace(small.parts, active=active, folder=folder), path)


def test_only_the_words_change(office: Office) -> None:
    """REN-03, REN-15: it holds when it is saved, and every comment stays."""
    assert office.sets(PARTNER, ANA) is None
    assert office.text == YAML.replace("{owner: vendor}", f"{{owner: partner, notify: {ANA}}}")
    assert office.default == RenewalDefault(owner=PARTNER, notify=ANA)
    assert office.sets(VENDOR) is None
    assert office.text == YAML
    kinds = [row["kind"] for row in office.house.rows(DECISIONS)]
    assert kinds.count("RenewalDefaultSet") == 2


@pytest.mark.parametrize(
    ("owner", "notify", "said"),
    [
        (PARTNER, None, "names nobody to be notified"),
        (PARTNER, "x@y.example", "is no user of this partner"),
        (VENDOR, "x@y.example", "is no user of this partner"),
        (PARTNER, "not an address", "is not an e-mail address"),
    ],
)
def test_what_the_lint_refuses_is_not_written(
    office: Office, owner: RenewalOwner, notify: str | None, said: str
) -> None:
    """REN-07, REN-08."""
    refused = office.sets(owner, notify)
    assert refused is not None
    assert (refused.status, office.text) == (422, YAML)
    assert said in refused.reason.detail


def test_a_folder_that_moved_is_not_overwritten(office: Office) -> None:
    """409: edited by hand, not yet taken, or taken since it was looked at."""
    moved = YAML.replace("vendor", "partner, notify: ana@acme.example")
    (office.path / "renewals.yaml").write_text(moved)
    refused = office.sets(VENDOR)
    assert refused is not None
    assert (refused.status, refused.reason.code) == (409, "renewal.changed_meanwhile")
    assert office.text == moved
    stale = office.sets(VENDOR, seen="of yesterday")
    assert stale is not None
    assert stale.status == 409


def test_a_folder_that_is_broken_is_left_alone(office: Office) -> None:
    (office.path / "renewals.yaml").write_text("renewals: [")
    refused = office.sets(VENDOR)
    assert refused is not None
    assert (refused.status, office.text) == (409, "renewals: [")


def test_two_at_once(office: Office) -> None:
    seen = office.parts.active().hash
    assert office.sets(PARTNER, ANA, seen=seen) is None
    late = office.sets(PARTNER, LUIS, seen=seen)
    assert late is not None
    assert late.status == 409
    assert office.default == RenewalDefault(owner=PARTNER, notify=ANA)


@pytest.mark.parametrize(
    ("by", "tenant", "status"),
    [
        (Person(kind=PersonKind.EMPLOYEE, id=QA), "", 403),
        (Person(kind=PersonKind.EMPLOYEE, id=ANA), "", 404),
        (Person(kind=PersonKind.PARTNER_USER, id="p@n.example", tenant="partner:north"), "", 404),
        (MANAGER, "partner:west", 403),
    ],
)
def test_who_may_not(office: Office, by: Person, tenant: str, status: int) -> None:
    """REN-01: no settings of whom is no partner."""
    refused = office.sets(VENDOR, by=by, tenant=tenant)
    assert refused is not None
    assert (refused.status, office.text) == (status, YAML)


def test_where_the_folder_is_elsewhere(office: Office) -> None:
    away = replace(office, parts=replace(office.parts, folder=None))
    refused = away.sets(VENDOR)
    assert refused is not None
    assert (refused.status, refused.reason.code) == (409, "request.conflict")


def test_a_disk_that_is_full_leaves_the_old_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    refused = office.sets(PARTNER, ANA)
    assert refused is not None
    assert refused.status == 409
    assert office.text == YAML
    assert office.default == RenewalDefault()


def test_it_waits_no_longer_than_it_says(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not follow answers all the same."""
    monkeypatch.setattr(saving, "FOLLOWED_SECONDS", 0.0)
    assert office.sets(PARTNER, ANA) is None
