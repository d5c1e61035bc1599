"""Deals: an opportunity and the role of its contact, made in one call or not at all.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
resources_composite_composite_post.htm
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bridge.domain.effects import CreateDeal
from bridge.domain.errors import BridgeError, DeliveryRejected, DeliveryTransient, OutcomeUnknown
from bridge.ports import Done, Rejected
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import MAX_SUBREQUESTS, SalesforceClient
from connectors.salesforce.ids import LEAD, is_of, long_id
from connectors.salesforce.lookup import KEY, Lookup, record_key
from connectors.salesforce.results import SubAnswer
from connectors.salesforce.settings import Settings
from connectors.salesforce.soql import seen
from connectors.salesforce.work import Work

_RECORD_TYPE = "012"
_MAX_NAME = 120
_MOST = MAX_SUBREQUESTS // 2
_NO_DEAL = Rejected(
    reason="lead_not_converted",
    detail="salesforce: a deal belongs to a contact there, and this client is a lead: convert him "
    "in Salesforce and replay this, or set new_clients.create to lead",
)
_HALTED = "PROCESSING_HALTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deal:
    place: int
    key: str
    contact: str
    fields: Mapping[str, Any]

    def parts(self) -> Sequence[Mapping[str, Any]]:
        deal = f"deal{self.place}"
        role = {"OpportunityId": f"@{{{deal}.id}}", "ContactId": self.contact, "IsPrimary": True}
        return (
            {
                "method": "POST",
                "url": "sobjects/Opportunity/",
                "referenceId": deal,
                "body": dict(self.fields),
            },
            {
                "method": "POST",
                "url": "sobjects/OpportunityContactRole/",
                "referenceId": f"role{self.place}",
                "body": role,
            },
        )


@dataclass(frozen=True, slots=True)
class Deals:
    client: SalesforceClient
    settings: Settings

    def create(self, work: Work) -> None:
        deals = self._with_companies(work, self._deals(work))
        for start in range(0, len(deals), _MOST):
            if work.is_down():
                return
            self._make(work, deals[start : start + _MOST])

    def _deals(self, work: Work) -> list[_Deal]:
        deals = []
        for place, delivery, effect in work.of(CreateDeal):
            contact = work.id_of(delivery, effect.contact)
            if contact is None:
                work.settle({place: work.lacking(delivery, effect.contact)})
            elif is_of(LEAD, contact):
                work.settle({place: _NO_DEAL})
            else:
                key = record_key(delivery.idempotency_key)
                fields = self._fields(work, effect, key)
                deals.append(_Deal(place=place, key=key, contact=contact, fields=fields))
        return deals

    def _fields(self, work: Work, effect: CreateDeal, key: str) -> Mapping[str, Any]:
        """A pipeline that is a record type's id is one, all others are the org's only one."""
        closes = (work.now + timedelta(days=self.settings.close_after_days)).date()
        is_type = is_of(_RECORD_TYPE, effect.pipeline)
        fields = {
            "Name": (" ".join(seen(effect.name).split()) or "-")[:_MAX_NAME],
            "StageName": effect.stage,
            "CloseDate": closes.isoformat(),
            "OwnerId": effect.owner or "",
            "RecordTypeId": long_id(effect.pipeline) if is_type else "",
            KEY: key,
        }
        return {name: value for name, value in fields.items() if value}

    def _with_companies(self, work: Work, deals: Sequence[_Deal]) -> list[_Deal]:
        """A deal is of its contact's company, where he has one."""
        if not deals:
            return []
        try:
            companies = Lookup(self.client).accounts_of(deal.contact for deal in deals)
        except DeliveryRejected:
            companies = {}  # who may not see companies makes deals without
        except BridgeError as error:
            for deal in deals:
                work.fail(deal.place, error)
            return []
        return [_of_company(deal, companies.get(deal.contact)) for deal in deals]

    def _make(self, work: Work, deals: Sequence[_Deal]) -> None:
        """One that is refused takes all others of its call back with it: these go again."""
        left = list(deals)
        while left and not work.is_down():
            parts = [part for deal in left for part in deal.parts()]
            try:
                answers = self.client.composite(parts, all_or_none=True)
                culprit = _culprit(answers)
            except BridgeError as error:
                for deal in left:
                    work.fail(deal.place, error)
                return
            if culprit is None:
                self._settle(work, left, answers)
                return
            place, refusal = culprit
            self._refused(work, left[place], refusal)
            del left[place]

    @staticmethod
    def _settle(work: Work, deals: Sequence[_Deal], answers: Sequence[SubAnswer]) -> None:
        for deal, answer in zip(deals, answers[::2], strict=True):
            try:
                made = long_id(answer.body.at("id").text())
                work.settle({deal.place: Done(vendor_ids={"id": made})})
            except BridgeError:
                work.fail(deal.place, OutcomeUnknown("salesforce: a deal was made without an id"))

    def _refused(self, work: Work, deal: _Deal, error: BridgeError) -> None:
        """What bears our key already is what this would have made."""
        if isinstance(error, SalesforceRefused) and error.code == "DUPLICATE_VALUE":
            try:
                known = Lookup(self.client).deals([deal.key])
            except BridgeError as failure:
                work.fail(deal.place, failure)
                return
            if deal.key in known:
                work.settle({deal.place: Done(vendor_ids={"id": known[deal.key]})})
                return
        work.fail(deal.place, error)


def _of_company(deal: _Deal, company: str | None) -> _Deal:
    return deal if company is None else replace(deal, fields={**deal.fields, "AccountId": company})


def _culprit(answers: Sequence[SubAnswer]) -> tuple[int, BridgeError] | None:
    """Which deal was refused, and why. Raises OutcomeUnknown where none is named."""
    errors = [(place // 2, one.error) for place, one in enumerate(answers) if one.error]
    if not errors:
        return None
    for place, error in errors:
        if not (isinstance(error, DeliveryTransient) and _HALTED in str(error)):
            return place, error
    raise OutcomeUnknown("salesforce: composite: taken back, and no part of it was refused")
