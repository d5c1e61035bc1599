"""Asks the other side of a generic webhook what it knows; what it does not offer is nothing."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, CrmQueue, IdentityQuery, TemplateReading
from connectors.webhook.channel_questions import ChannelQuestion
from connectors.webhook.client import Endpoint
from connectors.webhook.forms import read, written
from connectors.webhook.orders import (
    ContactsQuestion,
    FindQuestion,
    IdsQuestion,
    NoQuestion,
    Question,
)

PER_QUESTION = 100
_T = TypeVar("_T")
_I = TypeVar("_I")
Asked = Question | ChannelQuestion


class Asking:
    """Every question is optional: answered with 501, or asked of an account without `base_url`, it
    counts as answered with nothing."""

    def __init__(self, account: Account) -> None:
        self._endpoint = Endpoint(account)

    def items(self, word: str, question: Asked, kind: type[_T]) -> list[_T]:
        return self.of(word, question, lambda answer: _list(kind, answer.at("items"))) or []

    def by_id(self, word: str, question: Asked, kind: type[_T]) -> Mapping[CrmId, _T]:
        return self.of(word, question, lambda answer: _mapping(kind, answer)) or {}

    def of(self, word: str, question: Asked, made: Callable[[Payload], _T]) -> _T | None:
        if not self._endpoint.exists:
            return None
        answer = self._endpoint.ask(f"ask_{uuid.uuid4().hex}", word, written(question))
        if answer is None:
            return None
        try:
            return made(answer)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"webhook: {word}: {error}") from error


class WebhookReader:
    def __init__(self, account: Account) -> None:
        self._asking = Asking(account)

    def employees(self) -> Sequence[CrmEmployee]:
        return self._asking.items("employees", NoQuestion(), CrmEmployee)

    def pipelines(self) -> Sequence[Pipeline]:
        return self._asking.items("pipelines", NoQuestion(), Pipeline)

    def queues(self) -> Sequence[CrmQueue]:
        return self._asking.items("queues", NoQuestion(), CrmQueue)

    def channels(self) -> Sequence[ChannelReading]:
        return self._asking.items("channels", NoQuestion(), ChannelReading)

    def templates(self) -> Sequence[TemplateReading]:
        return self._asking.items("templates", NoQuestion(), TemplateReading)

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        found: list[tuple[CrmContact, ...]] = []
        for some in batches(queries):
            found += self._found(FindQuestion(queries=some))
        return found

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        return self._by_id("contacts", ids, CrmContact)

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return self._by_id("deals", ids, CrmDeal)

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return self._by_id("leads", ids, CrmLead)

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        asked = [ContactsQuestion(contacts=some) for some in batches(contacts)]
        found = [deal for one in asked for deal in self._asking.items("deals.of", one, CrmDeal)]
        return list({deal.crm_id: deal for deal in found}.values())

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        asked = [ContactsQuestion(contacts=some) for some in batches(contacts)]
        found = [lead for one in asked for lead in self._asking.items("leads.of", one, CrmLead)]
        return list({lead.crm_id: lead for lead in found}.values())

    def _by_id(self, word: str, ids: Sequence[CrmId], kind: type[_T]) -> Mapping[CrmId, _T]:
        found: dict[CrmId, _T] = {}
        for some in batches(ids):
            found |= self._asking.by_id(word, IdsQuestion(ids=some), kind)
        return {one: found[one] for one in ids if one in found}

    def _found(self, question: FindQuestion) -> list[tuple[CrmContact, ...]]:
        count = len(question.queries)

        def each(answer: Payload) -> list[tuple[CrmContact, ...]]:
            items = list(answer.at("items").items())
            if len(items) != count:
                raise PayloadInvalid(f"$.items has {len(items)} items for {count} queries")
            return [tuple(_list(CrmContact, item)) for item in items]

        return self._asking.of("contacts.find", question, each) or [()] * count


def queues(account: Account) -> Sequence[CrmQueue]:
    return WebhookReader(account).queues()


def templates(account: Account) -> Sequence[TemplateReading]:
    return WebhookReader(account).templates()


def _list(kind: type[_T], given: Payload) -> list[_T]:
    return [read(kind, item, strict=False) for item in given.items()]


def _mapping(kind: type[_T], answer: Payload) -> dict[CrmId, _T]:
    given = answer.at("items")
    return {
        CrmId(name): read(kind, Payload(value, f"{given.path}[{n}]"), strict=False)
        for n, (name, value) in enumerate(given.mapping().items())
    }


def batches(items: Sequence[_I]) -> Iterator[tuple[_I, ...]]:
    for start in range(0, len(items), PER_QUESTION):
        yield tuple(items[start : start + PER_QUESTION])
