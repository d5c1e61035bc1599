"""What the other side is asked, what it answers, and what counts where it offers nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import responses
from jsonschema import Draft7Validator

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.ports import Account, IdentityQuery
from connectors.webhook import schema
from connectors.webhook.client import Endpoint
from connectors.webhook.orders import QUESTIONS
from connectors.webhook.reader import WebhookReader, queues, templates
from tests.connectors.webhook.building import OTHER, account
from tests.connectors.webhook.conftest import System

SOURCE = {"kind": "company", "people": [{"role": "billing", "place": "role:billing"}]}
URL = "https://erp.example/bridge"
SCHEMA = json.loads((Path(schema.__file__).parent / "outbound.schema.json").read_text())


def test_people_with_those_who_left(at_system: Account) -> None:
    people = WebhookReader(at_system).employees()
    assert [(p.crm_id, p.email, p.active) for p in people] == [
        ("7", "ana@acme.example", True),
        ("8", "luis@acme.example", False),
    ]


def test_pipelines_and_channels(at_system: Account) -> None:
    reader = WebhookReader(at_system)
    assert [stage.id for stage in reader.pipelines()[0].stages] == ["s"]
    (channel,) = reader.channels()
    assert (channel.messenger, channel.state) == (Messenger.WHATSAPP, ChannelState.ACTIVE)


def test_each_query_has_its_own_finds(at_system: Account) -> None:
    queries = [
        IdentityQuery(phones=("+34600", "+5215512345678")),
        IdentityQuery(phones=("+1",)),
        IdentityQuery(username="eva"),
    ]
    found = WebhookReader(at_system).contacts_by_identity(queries)
    assert [[contact.crm_id for contact in one] for one in found] == [["c1"], [], ["c2"]]


def test_records_by_id_and_by_contact(at_system: Account) -> None:
    reader = WebhookReader(at_system)
    assert set(reader.contacts([CrmId("c1"), CrmId("gone")])) == {"c1"}
    assert set(reader.deals([CrmId("d1")])) == {"d1"}
    assert set(reader.leads([CrmId("l1")])) == {"l1"}
    assert [deal.crm_id for deal in reader.deals_of([CrmId("c1")])] == ["d1"]
    assert [lead.crm_id for lead in reader.leads_of([CrmId("c1")])] == ["l1"]


def test_many_are_asked_for_in_hundreds(at_system: Account) -> None:
    ids = [CrmId(f"x{n}") for n in range(250)] + [CrmId("c1")]
    assert set(WebhookReader(at_system).contacts(ids)) == {"c1"}
    queries = [IdentityQuery(phones=(f"+{n}",)) for n in range(10**7, 10**7 + 201)]
    assert len(WebhookReader(at_system).contacts_by_identity(queries)) == 201


def test_what_is_not_offered_is_nothing(at_system: Account) -> None:
    assert list(queues(at_system)) == []
    assert list(templates(at_system)) == []


def test_without_an_address_nothing_is_known() -> None:
    reader = WebhookReader(account())
    assert list(reader.employees()) == []
    assert reader.contacts([CrmId("1")]) == {}
    assert list(reader.contacts_by_identity([IdentityQuery(), IdentityQuery()])) == [(), ()]


def test_another_secret_is_told_as_such(system: System) -> None:
    with pytest.raises(CredentialsInvalid):
        WebhookReader(account(system.url, (OTHER,))).employees()


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (200, "<html>", OutcomeUnknown),
        (200, "[]", OutcomeUnknown),
        (200, "{}", OutcomeUnknown),
        (200, '{"items": [{"email": "x"}]}', OutcomeUnknown),
        (500, "{}", OutcomeUnknown),
        (404, "{}", OutcomeUnknown),
        (302, "", OutcomeUnknown),
        (429, "{}", DeliveryTransient),
        (401, "{}", CredentialsInvalid),
    ],
)
@responses.activate
def test_an_answer_that_is_none_is_told(status: int, body: str, raised: type[Exception]) -> None:
    responses.post(URL, body=body, status=status)
    with pytest.raises(raised):
        WebhookReader(account(URL)).employees()


@responses.activate
def test_an_answer_with_too_few_finds_is_not_trusted() -> None:
    responses.post(URL, json={"items": [[]]})
    with pytest.raises(OutcomeUnknown, match="1 items for 2 queries"):
        WebhookReader(account(URL)).contacts_by_identity([IdentityQuery(), IdentityQuery()])


@responses.activate
def test_fields_that_we_do_not_know_are_passed_over_in_answers() -> None:
    person = {"crm_id": "7", "email": "ana@acme.example", "name": "A", "active": True, "desk": 4}
    responses.post(URL, json={"items": [person], "took_ms": 3})
    assert len(WebhookReader(account(URL)).employees()) == 1


@responses.activate
def test_a_slash_at_the_end_is_kept_and_a_secret_path_is_not_told() -> None:
    responses.post(f"{URL}/s3cret/", status=500)
    with pytest.raises(OutcomeUnknown) as raised:
        WebhookReader(account(f"{URL}/s3cret/")).employees()
    assert "s3cret" not in str(raised.value)
    assert len(responses.calls) == 1


@responses.activate
def test_while_rotating_every_secret_signs() -> None:
    responses.post(URL, status=501)
    WebhookReader(account(URL, (OTHER, account().secrets["signing_secret"][0]))).employees()
    assert responses.calls[0].request.headers["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize("word", QUESTIONS)
def test_the_answers_of_the_reference_system_fit_the_schema(word: str, system: System) -> None:
    asked: dict[str, Any] = {
        "contacts.find": {"queries": [{"phones": ["+5215512345678"]}]},
        "contacts": {"ids": ["c1"]},
        "deals": {"ids": ["d1"]},
        "leads": {"ids": ["l1"]},
        "deals.of": {"contacts": ["c1"]},
        "leads.of": {"contacts": ["c1"]},
        "partner.accounts": {"ids": ["co1"]},
        "partner.users": {"accounts": ["co1"], "emails": []},
        "partner.leads": {"ids": ["l1"]},
        "renewals.due": {"source": SOURCE, "first": "2026-12-01", "last": "2026-12-31"},
        "renewals.changed": {"source": SOURCE, "since": "2026-05-17T09:30:00Z"},
        "renewals": {"source": SOURCE, "ids": ["co1"]},
    }
    data = asked.get(word, {})
    Draft7Validator(SCHEMA).validate({"type": word, "data": data})
    answer = Endpoint(account(system.url)).ask("q", word, data)
    definition = {"$ref": f"#/definitions/answer:{word}", "definitions": SCHEMA["definitions"]}
    offered = word not in ("queues", "templates")
    assert (answer is not None) is offered
    assert not offered or list(Draft7Validator(definition).iter_errors(_value(answer))) == []


def _value(answer: Any) -> Any:
    return answer.value
