"""Stand-ins for the vendors of the small company, and for what is not looked at here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from flask import Flask

from bridge.domain.errors import StorageFailed
from bridge.domain.events import Event
from bridge.domain.names import (
    AccountName,
    CrmId,
)
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.ports import (
    Absent,
    Answer,
    CannotTell,
    ChannelReading,
    Delivery,
    Done,
    Found,
    IdentityQuery,
    Outcome,
    Parsed,
    RawRequest,
)


class ScriptedInbound:
    """The body of a request is the number of the event it stands for."""

    def __init__(self, script: Sequence[Event]) -> None:
        self._script = script

    def handshake(self, request: RawRequest) -> Answer | None:
        return None

    def verify(self, request: RawRequest) -> None:
        return None

    def parse(self, request: RawRequest) -> Parsed:
        return Parsed.one(self._script[int(request.body)])

    def accepted(self, request: RawRequest) -> Answer:
        return Answer()


@dataclass
class KeptFiles:
    """A storage in memory; `is_down` of True refuses all."""

    files: dict[str, bytes] = field(default_factory=dict)
    is_down: bool = False

    @contextmanager
    def stage(self) -> Iterator[BinaryIO]:
        self._asked()
        with BytesIO() as file:
            yield file

    def put(self, sha256: str, file: BinaryIO) -> None:
        self._asked()
        file.seek(0)
        self.files[sha256] = file.read()

    def open(self, sha256: str) -> BinaryIO:
        self._asked()
        if sha256 not in self.files:
            raise FileNotFoundError(sha256)
        return BytesIO(self.files[sha256])

    def delete(self, sha256: str) -> None:
        self._asked()
        self.files.pop(sha256, None)

    def check(self) -> None:
        self._asked()

    def tidy(self, older_than: float) -> None:
        self._asked()

    def _asked(self) -> None:
        if self.is_down:
            raise StorageFailed("storage: it is down")


class TakingOutbound:
    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        return [Done(vendor_ids={"id": f"v-{d.idempotency_key}"}) for d in run]

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return [Absent() for _ in run]


@dataclass
class CrmReader:
    """The CRM as this world knows it; nothing but identities and deals is ever asked for."""

    contacts_known: list[CrmContact] = field(default_factory=list)
    deals_known: list[CrmDeal] = field(default_factory=list)

    def employees(self) -> Sequence[CrmEmployee]:
        return ()

    def pipelines(self) -> Sequence[Pipeline]:
        return ()

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        return [
            tuple(c for c in self.contacts_known if set(c.phones) & set(query.phones))
            for query in queries
        ]

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        return {c.crm_id: c for c in self.contacts_known if c.crm_id in ids}

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return {d.crm_id: d for d in self.deals_known if d.crm_id in ids}

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return {}

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        return [d for d in self.deals_known if set(d.contacts) & set(contacts)]

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        return ()

    def channels(self) -> Sequence[ChannelReading]:
        return ()


class SilentBell:
    def ring(self, lane: str) -> None:
        return None


class OpenBudgets:
    def take(self, account: AccountName, calls: int) -> float:
        return 0.0


def no_sandbox(secrets: Mapping[str, str]) -> Flask:
    raise AssertionError("there is no sandbox of this vendor")
