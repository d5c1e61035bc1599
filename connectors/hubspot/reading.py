"""Batch reads of HubSpot: records by id or unique key, and who is linked with whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.domain.errors import OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.payload import Payload
from connectors.hubspot.answers import checked
from connectors.hubspot.client import MAX_INPUTS, HubSpotClient

_GONE = "OBJECT_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Linked:
    id: str
    labels: frozenset[str]


def read_records(
    client: HubSpotClient,
    kind: str,
    ids: Iterable[str],
    properties: Sequence[str],
    id_property: str | None = None,
) -> list[Payload]:
    """Those of the records that exist, a hundred a call.

    Raises the errors of `checked`, and OutcomeUnknown when HubSpot could not look all of them up.
    """
    operation = f"hubspot: read {kind}"
    found: list[Payload] = []
    for batch in batched(dict.fromkeys(ids)):
        answer = client.read(kind, batch, properties, id_property)
        payload = checked(operation, answer, datetime.now(UTC))
        _refuse_half_answers(operation, payload)
        found.extend(payload.at("results").items())
    return found


def read_associations(
    client: HubSpotClient, from_kind: str, to_kind: str, ids: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """The ids linked with each record, all pages; records without any are left out."""
    found: dict[str, dict[str, None]] = {}
    for result in _association_results(client, from_kind, to_kind, ids):
        _collect(result, found)
    return {one: tuple(linked) for one, linked in found.items()}


def read_labels(
    client: HubSpotClient, from_kind: str, to_kind: str, ids: Iterable[str]
) -> Mapping[str, list[Linked]]:
    """The ids linked with each record, with the labels of their links."""
    found: dict[str, dict[str, Linked]] = {}
    for result in _association_results(client, from_kind, to_kind, ids):
        links = found.setdefault(result.at("from").at("id").identifier(), {})
        for end in result.at("to").items():
            one = Linked(end.at("toObjectId").identifier(), frozenset(_labels(end)))
            links[one.id] = one
    return {one: list(linked.values()) for one, linked in found.items()}


def batched(ids: Iterable[str]) -> Iterator[list[str]]:
    every = list(ids)
    return (every[start : start + MAX_INPUTS] for start in range(0, len(every), MAX_INPUTS))


def numbers(ids: Iterable[str]) -> list[CrmId]:
    """Those that can be ids at all: one that can't costs the others their call."""
    return [CrmId(one) for one in ids if one.isascii() and one.isdigit()]


def value(record: Payload, name: str) -> str:
    """A property as text; empty when it is not set."""
    return record.at("properties").text_or(name)


def _association_results(
    client: HubSpotClient, from_kind: str, to_kind: str, ids: Iterable[str]
) -> Iterator[Payload]:
    operation = f"hubspot: read associations of {from_kind}"
    for batch in batched(dict.fromkeys(ids)):
        inputs = [{"id": one} for one in batch]
        while inputs:
            answer = client.associations(from_kind, to_kind, inputs)
            payload = checked(operation, answer, datetime.now(UTC))
            _refuse_half_answers(operation, payload)
            results = list(payload.at("results").items())
            yield from results
            inputs = [again for result in results if (again := _next_page(result))]


def _labels(end: Payload) -> Iterator[str]:
    """In lower case; HubSpot's own plain link has none."""
    types = end.get("associationTypes")
    for one in () if types is None else types.items():
        if label := one.text_or("label"):
            yield label.lower()


def _collect(result: Payload, found: dict[str, dict[str, None]]) -> None:
    links = found.setdefault(result.at("from").at("id").identifier(), {})
    for end in result.at("to").items():
        links[end.at("toObjectId").identifier()] = None


def _next_page(result: Payload) -> dict[str, str] | None:
    paging = result.get("paging")
    after = None if paging is None else paging.get("next")
    if after is None:
        return None
    return {"id": result.at("from").at("id").identifier(), "after": after.at("after").text()}


def _refuse_half_answers(operation: str, payload: Payload) -> None:
    """A partial answer names what is not there, or what could not be looked up."""
    errors = payload.get("errors")
    for error in () if errors is None else errors.items():
        gone = _GONE in (error.text_or("category"), _sub_category(error))
        if not gone and "NO_ASSOCIATIONS_FOUND" not in _sub_category(error):
            raise OutcomeUnknown(f"{operation}: HubSpot could not read all of them")


def _sub_category(error: Payload) -> str:
    found = error.get("subCategory")
    return found.value if found is not None and isinstance(found.value, str) else ""
