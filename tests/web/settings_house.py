"""The small company run by a folder of YAML, whose settings are changed on pages."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.pipeline.changing.drafts import Draft, draft_of
from bridge.pipeline.changing.saving import folder_now, propose
from bridge.store import mirror
from bridge.store.audit import Way, Who
from bridge.store.engine import writing
from tests.web.browsing import Fields, fields_of
from tests.web.configured import ConfiguredWorld
from tests.web.world import CRM, LUIS, NOW

ROLES = """\
# Who may what.
employees:
  ana@acme.example:
    role: salesperson
    gets_new_clients: true
    priority_channel: {whatsapp: wa-north}
  bruno@acme.example: {role: salesperson, channels: [wa-sales]}
  luis@acme.example: {role: manager}   # the boss
  qa@acme.example: {role: quality_control}
"""
ROUTING = """\
new_clients: {create: deal, pipeline: default, stage: new}
ownership: {fallback: luis@acme.example}
default: {employee: luis@acme.example}
rules:
  - id: mx
    label: Mexico
    when: {client: new, country: MX}
    to: [{pool: north}, {employee: ana@acme.example}]
  # Telegram is Ana's.
  - {id: tg, when: {messenger: telegram}, to: {employee: ana@acme.example}}
pools:
  north: [ana@acme.example, {employee: bruno@acme.example, weight: 2}]
"""
PIPELINES = (
    Pipeline(
        id="default",
        kind=RecordKind.DEAL,
        label="Sales",
        stages=(
            Stage(id="new", label="New", is_open=True),
            Stage(id="won", label="Won", is_open=False),
        ),
    ),
    Pipeline(
        id="support",
        kind=RecordKind.DEAL,
        label="Support",
        stages=(Stage(id="first", label="First contact", is_open=True),),
    ),
)


@dataclass
class Configured:
    world: ConfiguredWorld
    path: Path

    def takes(self) -> None:
        """As the clock does when a file has changed; what is wrong is kept beside the last good."""
        with suppress(ConfigError):
            self.world.takes()

    def page(self, address: str, who: EmployeeId = LUIS) -> str:
        return self.world.signed_in(who).get(address).text

    def sends(
        self, address: str, given: Fields, browser: FlaskClient | None = None
    ) -> TestResponse:
        """The form of this page as it is shown, with other values in these fields."""
        browser = browser or self.world.signed_in(LUIS)
        fields = {**fields_of(browser.get(address).text, address), **given}
        return browser.post(address, data=fields)

    def draft(self, answer: TestResponse) -> Draft:
        """What the answer leads to the review of."""
        assert answer.status_code == 303, answer.text
        start, _, name = answer.headers["Location"].rpartition("/")
        assert start == "/settings/review"
        found = draft_of(self.world.parts, Who(actor=f"employee:{LUIS}", way=Way.PAGE), name)
        assert found is not None
        return found

    def difference(self, answer: TestResponse) -> str:
        """The lines that would change."""
        parts = self.world.parts
        proposal = propose(parts, folder_now(parts), self.draft(answer).content.edits)
        assert not proposal.errors
        lines = proposal.diff.splitlines()
        return "\n".join(x for x in lines if x[:1] in "+-" and x[:3] not in ("+++", "---"))


def configured(engine: Engine, path: Path) -> Configured:
    world = ConfiguredWorld(engine, path)
    (path / "roles.yaml").write_text(ROLES)
    (path / "routing.yaml").write_text(ROUTING)
    world.takes()
    with writing(engine) as db:
        mirror.put_pipelines(db, CRM, PIPELINES, NOW)
    return Configured(world, path)
