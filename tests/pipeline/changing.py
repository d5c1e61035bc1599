"""A house whose configuration is a folder of two files, for changing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.pipeline.changing.saving import (
    Change,
    Moved,
    Refused,
    Saved,
    folder_now,
    propose,
    save,
)
from bridge.pipeline.following import FollowedConfig, take_folder
from bridge.pipeline.parts import ConfigFolder, Parts
from bridge.policy.editing import Edit
from bridge.policy.proposing import Proposal
from bridge.policy.reading import Loaded
from bridge.store.audit import Way, Who
from bridge.store.config_changes import Change as Kept
from bridge.store.config_changes import changes
from bridge.store.engine import reading
from tests.pipeline.world import World
from tests.policy.building import CLIENTS, CONNECTORS, MINIMAL, PEOPLE

ENVIRON = {"CRM_TOKEN": "t", "CHAT_KEY": "k"}
ROUTING = (
    "# who gets whom\n"
    + CLIENTS
    + """
rules:
  - {id: mx, when: {country: MX}, to: [{employee: ana@acme.example}]}  # Mexico
tests:
  - {name: Mexico, given: {country: MX}, expect: {target: ana@acme.example, rule: mx}}
"""
)
LUIS = Who(actor="employee:luis@acme.example", way=Way.PAGE)


@dataclass(frozen=True)
class Desk:
    house: World
    parts: Parts
    path: Path

    def text(self, name: str) -> str:
        return (self.path / name).read_text()

    def proposes(self, *edits: Edit) -> Proposal:
        return propose(self.parts, folder_now(self.parts), edits)

    def saves(self, *edits: Edit, message: str = "") -> Saved | Moved | Refused:
        return save(self.parts, self.proposes(*edits), Change(who=LUIS, message=message))

    def takes(self) -> Loaded:
        now = self.parts.now()
        return take_folder(self.parts.engine, self.path, CONNECTORS, ENVIRON, now)

    @property
    def history(self) -> Sequence[Kept]:
        with reading(self.parts.engine) as db:
            return changes(db)


def desk(house: World, path: Path) -> Desk:
    path.mkdir()
    (path / "accounts.yaml").write_text(MINIMAL)
    (path / "roles.yaml").write_text("# who may what" + PEOPLE)
    (path / "routing.yaml").write_text(ROUTING)
    followed = FollowedConfig(house.engine, ENVIRON, lambda name: None)
    folder = ConfigFolder(path=path, connectors=CONNECTORS, environ=ENVIRON)
    made = Desk(house, replace(house.parts, active=followed, folder=folder), path)
    made.takes()
    return made
