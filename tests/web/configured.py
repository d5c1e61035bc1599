"""The small company with its configuration in a folder of YAML, as people change it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from bridge.pipeline.changing.saving import folder_now
from bridge.pipeline.following import take_folder
from bridge.pipeline.parts import Active, ConfigFolder
from bridge.policy.proposing import by_name
from bridge.policy.reading import policy_of
from bridge.ports import Connector
from bridge.store import configs
from bridge.store.config_changes import Change, changes
from bridge.store.engine import reading
from bridge.web import api, media, pages
from tests.web.world import Key, World

ACCOUNTS = """\
crm: crm-main
accounts:
  crm-main: {connector: crm}
  wa-main: {connector: wazzup}
channels:
  wa-sales: {account: wa-main, messenger: whatsapp, id: ch-sales, label: Sales}
  wa-north: {account: wa-main, messenger: whatsapp, id: ch-north, label: North}
  tg-main: {account: wa-main, messenger: telegram, id: ch-tg, label: Telegram}
"""
ROLES = """\
# who may what
employees:
  ana@acme.example:
    role: salesperson  # since May
    gets_new_clients: true
    priority_channel: {whatsapp: wa-north}
  bruno@acme.example: {role: salesperson, channels: [wa-sales]}
  luis@acme.example: {role: manager}
  qa@acme.example: {role: quality_control}
"""
ROUTING = """\
new_clients: {stage: new}
ownership: {fallback: luis@acme.example}
default: {employee: luis@acme.example}
rules:
  - {id: mx, when: {country: MX}, to: [{employee: ana@acme.example}]}
  - {id: es, when: {country: ES}, to: [{employee: ana@acme.example}]}
tests:
  - {name: Mexico, given: {country: MX}, expect: {target: ana@acme.example, rule: mx}}
"""


class ConfiguredWorld(World):
    path: Path
    connectors: Mapping[str, Connector]

    def __init__(self, engine: Engine, path: Path) -> None:
        World.__init__(self, engine)
        path.mkdir(exist_ok=True)
        for name, text in (("accounts", ACCOUNTS), ("roles", ROLES), ("routing", ROUTING)):
            (path / f"{name}.yaml").write_text(text)
        self.path = path
        self.connectors = {name: self._connector(name) for name in ("crm", "wazzup")}
        self.takes()
        folder = ConfigFolder(path=path, connectors=self.connectors, environ={})
        self.parts = replace(self.parts, folder=folder)
        self.app = Flask("bridge.web", static_folder=None)
        api.register(self.app, self.parts, Key())
        pages.register(self.app, self.parts, Key())
        media.register(self.app, self.parts, Key())

    def active(self) -> Active:
        with reading(self.engine) as db:
            row = configs.active(db)
            stored = configs.config(db, row.hash) if row is not None else None
        if stored is not None:
            self.policy = policy_of(stored.canonical)
        active = World.active(self)
        return active if stored is None else replace(active, hash=stored.hash)

    def takes(self) -> None:
        take_folder(self.engine, self.path, self.connectors, {}, self.now)

    def text(self, name: str) -> str:
        return by_name(folder_now(self.parts))[name].decode()

    def breaks(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    @property
    def history(self) -> tuple[Change, ...]:
        with reading(self.engine) as db:
            return changes(db)
